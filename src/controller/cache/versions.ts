/** Is version `a` of an object later than `b`? Versions are decimal numbers of any length that only grow. */
export function isLater(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return b === undefined;
  return a.length === b.length ? a > b : a.length > b.length;
}
