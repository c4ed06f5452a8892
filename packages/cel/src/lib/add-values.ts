import * as cel from '../values.ts';
import { addDurationToTimestamp, addDurations } from './time-arithmetic.ts';

/**
 * The sum of values whose types are known only at run time (self-describing, see `values.ts`). The sum starts with the
 * zero of the first value's type; a first value of a type without a zero, such as a timestamp, is an error. Each
 * addition needs an overload of `+` for exactly the types of its two operands. The sum of an empty list is 0.
 */
export function addValues(elements: readonly cel.Value[]): cel.Value {
  const [first] = elements;
  if (first === undefined) return 0;
  if (cel.isInt(first)) return sumInts(elements);
  if (first instanceof cel.CelUint) return sumUints(elements);
  if (cel.doubleOf(first) !== undefined) return sumDoubles(elements);
  return first instanceof cel.CelDuration ? sumDurations(elements) : cel.fail('no such overload: sum(list)');
}

function noOverload(): never {
  return cel.fail('no such overload');
}

function sumInts(elements: readonly cel.Value[]): cel.Value {
  let total: cel.Int = 0;
  for (const element of elements) {
    if (!cel.isInt(element)) return noOverload();
    const next: number = typeof total === 'number' && typeof element === 'number' ? total + element : Number.NaN;
    total = Number.isSafeInteger(next) ? next : cel.checkedInt(BigInt(total) + BigInt(element));
  }
  return total;
}

function sumUints(elements: readonly cel.Value[]): cel.Value {
  let total = 0n;
  for (const element of elements) {
    if (!(element instanceof cel.CelUint)) return noOverload();
    total = cel.toUint(total + element.value).value;
  }
  return new cel.CelUint(total);
}

function sumDoubles(elements: readonly cel.Value[]): cel.Value {
  let total = 0;
  for (const element of elements) total += cel.doubleOf(element) ?? noOverload();
  return cel.boxDouble(total);
}

/** The sum of durations. One element after the first may be a timestamp, and the sum is then a timestamp. */
function sumDurations(elements: readonly cel.Value[]): cel.Value {
  let total: cel.Value = new cel.CelDuration(0n);
  for (const element of elements) {
    if (total instanceof cel.CelDuration && element instanceof cel.CelDuration) total = addDurations(total, element);
    else if (total instanceof cel.CelDuration && element instanceof cel.CelTimestamp) {
      total = addDurationToTimestamp(element, total);
    } else if (total instanceof cel.CelTimestamp && element instanceof cel.CelDuration) {
      total = addDurationToTimestamp(total, element);
    } else return noOverload();
  }
  return total;
}
