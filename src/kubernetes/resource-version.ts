/**
 * Is version `a` of an object later than `b`? Versions are increasing decimal numbers of any length (KEP-5504). Any
 * object counts as later than an object without a version.
 */
export function isLaterVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return b === undefined;
  return a.length === b.length ? a > b : a.length > b.length;
}

const DECIMAL = /^[1-9]\d*$/;

/**
 * Do these versions of a collection show that the server went back to an earlier state, as after a restore of etcd?
 * False for versions that are no numbers, such as those of some aggregated APIs.
 */
export function wentBack(known: string | undefined, present: string): boolean {
  if (known === undefined || !DECIMAL.test(known) || !DECIMAL.test(present)) return false;
  return isLaterVersion(known, present);
}
