import { equalValues } from '../lib/equal.ts';
import type { Value } from '../values.ts';
import { EvalFailure, OpaqueValue } from '../values.ts';

/** `a == b` on self-describing values. @throws EvalFailure where a type refuses to be compared. */
export function equal(a: Value, b: Value): boolean {
  if (a === b && !(a instanceof OpaqueValue)) return true;
  if (a === null || b === null) return false;
  return equalValues(a, b);
}

/** `a != b`: a refusal counts as different. */
export function notEqual(a: Value, b: Value): boolean {
  try {
    return !equal(a, b);
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) return true;
    throw thrown;
  }
}
