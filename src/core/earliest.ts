/**
 * The smallest of several times or waits. Undefined entries are ignored; the result is undefined when all entries are.
 */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
