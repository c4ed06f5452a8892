import { equalValues } from '../lib/equal.ts';
import type { Meter, Value } from '../values.ts';
import { EvalFailure, OpaqueValue } from '../values.ts';

/**
 * `a == b` of values whose types are known only at run time (self-describing, see `values.ts`).
 *
 * @throws EvalFailure when the type of `a` refuses the comparison
 */
export function equal(a: Value, b: Value, meter?: Meter): boolean {
  if (a === b && !(a instanceof OpaqueValue)) return true;
  if (a === null || b === null) return false;
  return equalValues(a, b, meter);
}

/** `a != b`. If the type of `a` refuses the comparison, the values count as different. */
export function notEqual(a: Value, b: Value, meter?: Meter): boolean {
  try {
    return !equal(a, b, meter);
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) return true;
    throw thrown;
  }
}
