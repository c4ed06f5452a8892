/** The noun for a number of things: `noun` for 1, `plural` for every other number. */
export function nounFor(number: number | bigint, noun: string, plural = `${noun}s`): string {
  return Number(number) === 1 ? noun : plural;
}

/** Formats a number with its noun: `1 error`, `2 errors`. */
export function count(number: number | bigint, noun: string, plural?: string): string {
  return `${number} ${nounFor(number, noun, plural)}`;
}
