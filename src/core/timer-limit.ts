/** The longest delay of a timer of Node, in milliseconds: 24.8 days. A timer with a longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
