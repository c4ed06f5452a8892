/**
 * The smallest of several times or waits. Undefined entries are ignored. If all entries are undefined, the result is
 * undefined.
 */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
