import {
  boxDouble,
  CelDuration,
  CelTimestamp,
  CelUint,
  doubleOf,
  fail,
  isInt,
  checkedInt,
  toUint,
  type Int,
  type Value,
} from '../values.ts';
import { addDurationToTimestamp, addDurations } from './time-arithmetic.ts';

/**
 * The sum of values whose types are known only at run time (self-describing, see `values.ts`). The sum starts with the
 * zero of the first value's type; a first value of a type without a zero, such as a timestamp, is an error. Each
 * addition needs an overload of `+` for exactly the types of its two operands. The sum of an empty list is 0.
 */
export function addValues(elements: readonly Value[]): Value {
  const [first] = elements;
  if (first === undefined) return 0;
  if (isInt(first)) return sumInts(elements);
  if (first instanceof CelUint) return sumUints(elements);
  if (doubleOf(first) !== undefined) return sumDoubles(elements);
  return first instanceof CelDuration ? sumDurations(elements) : fail('no such overload: sum(list)');
}

function noOverload(): never {
  return fail('no such overload');
}

function sumInts(elements: readonly Value[]): Value {
  let total: Int = 0;
  for (const element of elements) {
    if (!isInt(element)) return noOverload();
    const next: number = typeof total === 'number' && typeof element === 'number' ? total + element : Number.NaN;
    total = Number.isSafeInteger(next) ? next : checkedInt(BigInt(total) + BigInt(element));
  }
  return total;
}

function sumUints(elements: readonly Value[]): Value {
  let total = 0n;
  for (const element of elements) {
    if (!(element instanceof CelUint)) return noOverload();
    total = toUint(total + element.value).value;
  }
  return new CelUint(total);
}

function sumDoubles(elements: readonly Value[]): Value {
  let total = 0;
  for (const element of elements) total += doubleOf(element) ?? noOverload();
  return boxDouble(total);
}

/** The sum of durations. One element after the first may be a timestamp, and the sum is then a timestamp. */
function sumDurations(elements: readonly Value[]): Value {
  let total: Value = new CelDuration(0n);
  for (const element of elements) {
    if (total instanceof CelDuration && element instanceof CelDuration) total = addDurations(total, element);
    else if (total instanceof CelDuration && element instanceof CelTimestamp) {
      total = addDurationToTimestamp(element, total);
    } else if (total instanceof CelTimestamp && element instanceof CelDuration) {
      total = addDurationToTimestamp(total, element);
    } else return noOverload();
  }
  return total;
}
