import { CelDouble, CelDuration, CelTimestamp, CelUint, fail, type Value } from '../values.ts';
import { compareText } from '@typekro/kit/golang';

/** −1, 0 or 1; undefined where the values have no order. */
type Order = -1 | 0 | 1 | undefined;

/**
 * The order of two values, equal to the result of cel-go's `Compare` methods. Numbers of all types can be compared with
 * each other. A value of any other type can be compared only with values of the same type. The result is undefined for
 * all other pairs, and for NaN.
 */
export function tryCompare(a: Value, b: Value): Order {
  if (typeof a === 'number' && typeof b === 'number') return order(a, b);
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : undefined;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? order(Number(a), Number(b)) : undefined;
  if (a instanceof CelDuration) return b instanceof CelDuration ? order(a.nanos, b.nanos) : undefined;
  if (a instanceof CelTimestamp) {
    return b instanceof CelTimestamp ? order(a.seconds, b.seconds) || order(a.nanos, b.nanos) : undefined;
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? order(Buffer.compare(a, b), 0) : undefined;
  const left = numeric(a);
  const right = left === undefined ? undefined : numeric(b);
  return left === undefined || right === undefined ? undefined : compareNumbers(left, right);
}

/** Compares as {@link tryCompare} does, but throws cel-go's error when the values have no order. */
export function compareValues(a: Value, b: Value): -1 | 0 | 1 {
  const result = tryCompare(a, b);
  if (result !== undefined) return result;
  const bothNumbers = numeric(a) !== undefined && numeric(b) !== undefined;
  return fail(bothNumbers ? 'NaN values cannot be ordered' : 'no such overload');
}

/** Does the type of the value have an order? */
export function isComparable(value: Value): boolean {
  if (typeof value !== 'object') return true;
  return (
    value instanceof CelDouble ||
    value instanceof CelUint ||
    value instanceof CelDuration ||
    value instanceof CelTimestamp ||
    value instanceof Uint8Array
  );
}

function order<T extends bigint | number>(a: T, b: T): Order {
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : undefined;
}

/** Returns an int or uint as an exact integer, and a double as a number; undefined for any other value. */
function numeric(value: Value): { readonly integer: bigint } | { readonly double: number } | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { integer: BigInt(value) } : { double: value };
  if (typeof value === 'bigint') return { integer: value };
  if (value instanceof CelUint) return { integer: value.value };
  return value instanceof CelDouble ? { double: value.value } : undefined;
}

type Numeric = NonNullable<ReturnType<typeof numeric>>;

/** Compares numbers. When one of them is a double, both are compared as doubles, and the integer is rounded. */
function compareNumbers(a: Numeric, b: Numeric): Order {
  if ('integer' in a && 'integer' in b) return order(a.integer, b.integer);
  const asDouble = (value: Numeric) => ('double' in value ? value.double : Number(value.integer));
  return order(asDouble(a), asDouble(b));
}
