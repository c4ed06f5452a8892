import {
  addDurationToTimestamp,
  addDurations,
  subtractDurationFromTimestamp,
  subtractDurations,
  subtractTimestamps,
} from '../lib/time-arithmetic.ts';
import type { Int, Value } from '../values.ts';
import {
  CelDuration,
  CelTimestamp,
  CelUint,
  boxDouble,
  doubleOf,
  elementsOf,
  fail,
  isInt,
  checkedInt,
  toUint,
} from '../values.ts';

/**
 * Adds two ints. Ints have no negative zero: where a result can be a negative zero, the functions below add 0, which
 * makes it zero.
 */
export function addInts(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checkedInt(BigInt(a) + BigInt(b));
}

export function subtractInts(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checkedInt(BigInt(a) - BigInt(b));
}

export function multiplyInts(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return checkedInt(BigInt(a) * BigInt(b));
}

export function divideInts(a: Int, b: Int): Int {
  if (b === 0) return fail('division by zero');
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0;
  return checkedInt(BigInt(a) / BigInt(b));
}

export function moduloInts(a: Int, b: Int): Int {
  if (b === 0) return fail('modulus by zero');
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  // The quotient of the least int and -1 is not in the range of an int. cel-go reports the same overflow for the
  // remainder of these two numbers.
  if (b === -1 && BigInt(a) === -(2n ** 63n)) return fail('integer overflow');
  return checkedInt(BigInt(a) % BigInt(b));
}

export function negateInt(a: Int): Int {
  return typeof a === 'number' ? 0 - a : checkedInt(-a);
}

/** An arithmetic operator with two operands. */
export type Operator = '+' | '-' | '*' | '/' | '%';

const INTS: Readonly<Record<Operator, (a: Int, b: Int) => Int>> = {
  '+': addInts,
  '-': subtractInts,
  '*': multiplyInts,
  '/': divideInts,
  '%': moduloInts,
};

/** Returns the function that applies the operator to two ints. */
export function intOperation(operator: Operator): (a: Int, b: Int) => Int {
  return INTS[operator];
}

function doubles(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return fail('no such overload: _%_');
  }
}

function uints(operator: Operator, a: bigint, b: bigint): Value {
  switch (operator) {
    case '+':
      return toUint(a + b);
    case '-':
      return toUint(a - b);
    case '*':
      return toUint(a * b);
    case '/':
      return b === 0n ? fail('division by zero') : toUint(a / b);
    case '%':
      return b === 0n ? fail('modulus by zero') : toUint(a % b);
  }
}

/**
 * Arithmetic on values whose types are known only at run time (self-describing, see `values.ts`). The left operand
 * chooses the overload, as in cel-go.
 */
export function dynamicArithmetic(operator: Operator, a: Value, b: Value): Value {
  if (isInt(a)) return isInt(b) ? INTS[operator](a, b) : fail('no such overload');
  const double = doubleOf(a);
  if (double !== undefined) {
    if (operator === '%') return fail('no such overload: _%_');
    const other = doubleOf(b);
    return other === undefined ? fail('no such overload') : boxDouble(doubles(operator, double, other));
  }
  if (a instanceof CelUint) return b instanceof CelUint ? uints(operator, a.value, b.value) : fail('no such overload');
  if (a instanceof CelDuration || a instanceof CelTimestamp) return timeArithmetic(operator, a, b);
  if (operator === '+') return concatenate(a, b);
  return fail(typeof a === 'string' ? 'no such overload' : `no such overload: _${operator}_`);
}

function timeArithmetic(operator: Operator, a: CelDuration | CelTimestamp, b: Value): Value {
  if (operator === '+') {
    if (a instanceof CelTimestamp)
      return b instanceof CelDuration ? addDurationToTimestamp(a, b) : fail('no such overload');
    if (b instanceof CelDuration) return addDurations(a, b);
    if (b instanceof CelTimestamp) return addDurationToTimestamp(b, a);
  }
  if (operator === '-') {
    if (a instanceof CelDuration) return b instanceof CelDuration ? subtractDurations(a, b) : fail('no such overload');
    if (b instanceof CelDuration) return subtractDurationFromTimestamp(a, b);
    if (b instanceof CelTimestamp) return subtractTimestamps(a, b);
  }
  return fail('no such overload');
}

function concatenate(a: Value, b: Value): Value {
  if (typeof a === 'string') return typeof b === 'string' ? a + b : fail('no such overload');
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? concatenateBytes(a, b) : fail('no such overload');
  const left = elementsOf(a);
  if (left === undefined) return fail('no such overload: _+_');
  const right = elementsOf(b);
  return right === undefined ? fail('no such overload') : [...left, ...right];
}

export function concatenateBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

const NO_TIME = new CelDuration(0n);

/** Unary minus on a self-describing value. */
export function dynamicNegate(a: Value): Value {
  if (isInt(a)) return negateInt(a);
  const double = doubleOf(a);
  if (double !== undefined) return boxDouble(-double);
  if (a instanceof CelDuration) return subtractDurations(NO_TIME, a);
  const receives = typeof a === 'boolean' || typeof a === 'string' || a instanceof CelTimestamp;
  return fail(receives ? 'no such overload' : 'no such overload: -_');
}
