const DECIMAL = /^[1-9]\d*$/;

const isDecimal = (version: string): boolean => DECIMAL.test(version);

/** Is the decimal number `a` greater than `b`? The numbers may have any length. */
function isGreater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

/**
 * Is version `a` of an object certainly later than `b`? Versions are decimal numbers of any length (KEP-5504). An
 * object with a version counts as later than an object without one. Versions that are not numbers have no order: the
 * result is false.
 */
export function isLaterVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return isDecimal(a) && isDecimal(b) && isGreater(a, b);
}

/**
 * Can version `a` of an object be later than `b`? Some aggregated APIs serve objects without versions, or with versions
 * that are not decimal numbers. If one of two versions is not a number, their order is unknown, and the result is true
 * if they differ. If one version or both are absent, the result is true only if `b` is absent.
 */
export function mayBeLaterVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return b === undefined;
  return isDecimal(a) && isDecimal(b) ? isGreater(a, b) : a !== b;
}

/**
 * Do these versions of a collection show that the server went back to an earlier state, for example after a restore of
 * etcd? False for versions that are not numbers, such as those of some aggregated APIs.
 */
export function wentBack(known: string | undefined, present: string): boolean {
  return known !== undefined && isDecimal(known) && isDecimal(present) && isGreater(known, present);
}
