import { equalValues } from '../lib/equal.ts';
import type { Meter, Value } from '../values.ts';
import { EvalFailure, OpaqueValue } from '../values.ts';

/**
 * `a == b` on self-describing values.
 *
 * @throws EvalFailure when the type of `a` refuses the comparison
 */
export function equal(a: Value, b: Value, meter?: Meter): boolean {
  if (a === b && !(a instanceof OpaqueValue)) return true;
  if (a === null || b === null) return false;
  return equalValues(a, b, meter);
}

/** `a != b`. A comparison that a type refuses counts as different. */
export function notEqual(a: Value, b: Value, meter?: Meter): boolean {
  try {
    return !equal(a, b, meter);
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) return true;
    throw thrown;
  }
}
