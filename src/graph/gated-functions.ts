/** Functions that kro has behind feature gates which are off by default. */
export const GATED_FUNCTIONS: readonly string[] = ['omit', 'now'];
