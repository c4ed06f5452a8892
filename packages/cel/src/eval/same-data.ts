import { type Meter, CelValue } from '../values.ts';

/** The maximum depth of a comparison of data from outside CEL. Data that is nested more deeply counts as different. */
const MAX_DEPTH = 1_000;

/**
 * Are two pieces of plain data equal? The order of members is ignored. Values of CEL classes equal only themselves. The
 * members and elements that are compared are charged to `meter`.
 */
export function sameData(a: unknown, b: unknown, meter: Meter, depth = 0): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || depth > MAX_DEPTH) return false;
  if (a instanceof CelValue || b instanceof CelValue) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      charged(meter, a.length) &&
      a.every((element, index) => sameData(element, b[index], meter, depth + 1))
    );
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    charged(meter, keys.length) &&
    keys.every((key) => Object.hasOwn(right, key) && sameData(left[key], right[key], meter, depth + 1))
  );
}

function charged(meter: Meter, units: number): true {
  meter.charge(units);
  return true;
}
