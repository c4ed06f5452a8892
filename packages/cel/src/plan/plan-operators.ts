import { compareText } from '@typekro/kit/golang';
import { compareValues } from '../lib/compare-values.ts';
import type { Operator } from '../eval/arithmetic.ts';
import { concatenateBytes, dynamicArithmetic, dynamicNegate, intOperation, negateInt } from '../eval/arithmetic.ts';
import { equal, notEqual } from '../lib/equal.ts';
import type { Frame } from '../eval/frame.ts';
import { ShapedList, raise } from '../eval/shaped.ts';
import { type CelType, BOOL, BYTES, DOUBLE, DYN, INT, STRING, listType, sameType } from '../types.ts';
import type { Int, Value } from '../values.ts';
import { CelDuration, CelTimestamp, CelUint, doubleOf, fail, isInt, isNaNValue } from '../values.ts';
import { describing } from './coerce.ts';
import { planIn } from './plan-in.ts';
import type { PlannedNode } from './planned-node.ts';

type Run = (frame: Frame) => Value;

/** `a + b` and the other arithmetic operators, specialised for the known types of the operands. */
export function planArithmetic(operator: Operator, left: PlannedNode, right: PlannedNode): PlannedNode {
  const { run: a } = left;
  const { run: b } = right;
  const kind =
    left.shape === undefined && right.shape === undefined && left.type.kind === right.type.kind
      ? left.type.kind
      : 'dyn';
  if (kind === 'int') return planInts(operator, a as (frame: Frame) => Int, b as (frame: Frame) => Int);
  if (kind === 'double' && operator !== '%') {
    return planDoubles(operator, a as (frame: Frame) => number, b as (frame: Frame) => number);
  }
  if (operator === '+') {
    if (kind === 'string') return planConcatenation([...(left.texts ?? [a]), ...(right.texts ?? [b])]);
    if (kind === 'bytes') {
      return {
        type: BYTES,
        run: (frame) => {
          const joined = concatenateBytes(a(frame) as Uint8Array, b(frame) as Uint8Array);
          chargeJoined(frame, joined);
          return joined;
        },
      };
    }
    if (left.shape?.kind === 'list' && left.shape.declared !== true) return planShapedPlus(left, right);
  }
  const { run: x } = describing(left);
  const { run: y } = describing(right);
  const operation = intOperation(operator);
  const type = operator === '+' && left.type.kind === 'list' && sameType(left.type, right.type) ? left.type : DYN;
  return {
    type,
    run: (frame) => {
      const l = raise(x(frame));
      if (typeof l === 'number') {
        const r = y(frame);
        if (typeof r === 'number' && Number.isSafeInteger(l) && Number.isSafeInteger(r)) return operation(l, r);
        return dynamicArithmetic(operator, l, raise(r));
      }
      const result =
        l instanceof ShapedList && l.shape.declared !== true && operator === '+'
          ? l.plus(raise(y(frame)))
          : dynamicArithmetic(operator, l, raise(y(frame)));
      chargeFor(frame, result);
      return result;
    },
  };
}

/** A joined string or bytes value up to this length is not charged to the evaluation budget. */
const MAX_FREE_LENGTH = 64;

/** Plans strings joined by `+`, with one loop for the whole chain. */
function planConcatenation(texts: readonly Run[]): PlannedNode {
  return {
    type: STRING,
    texts,
    run: (frame) => {
      let text = '';
      for (let index = 0; index < texts.length; index++) text += (texts[index] as Run)(frame) as string;
      chargeJoined(frame, text);
      return text;
    },
  };
}

/** Charges the length of a joined string, or of joined bytes. */
export function chargeJoined(frame: Frame, { length }: Uint8Array | string): void {
  if (length > MAX_FREE_LENGTH) frame.charge(length);
}

/** Charges the length of the result of an operator whose operands have unknown types. */
function chargeFor(frame: Frame, result: Value): void {
  if (typeof result === 'string' || Array.isArray(result)) frame.charge((result as { length: number }).length);
  else if (result instanceof Uint8Array) chargeJoined(frame, result);
  else if (result instanceof ShapedList) frame.charge(result.data.length);
}

/**
 * Plans `+` with a list of foreign data (data from outside CEL) as the left operand. The result is also a list of
 * foreign data.
 */
function planShapedPlus(left: PlannedNode, right: PlannedNode): PlannedNode {
  const { run: x } = describing(left);
  const { run: y } = describing(right);
  return {
    type: listType(DYN),
    shape: left.shape as NonNullable<PlannedNode['shape']>,
    run: (frame) => {
      const joined = (x(frame) as ShapedList).plus(raise(y(frame)));
      frame.charge(joined.data.length);
      return joined.data as Value;
    },
  };
}

function planInts(operator: Operator, a: (frame: Frame) => Int, b: (frame: Frame) => Int): PlannedNode {
  const operation = intOperation(operator);
  if (operator === '+') {
    return {
      type: INT,
      run: (frame) => {
        const x = a(frame);
        const y = b(frame);
        if (typeof x === 'number' && typeof y === 'number') {
          const sum = x + y;
          if (sum <= 9007199254740991 && sum >= -9007199254740991) return sum;
        }
        return operation(x, y);
      },
    };
  }
  return { type: INT, run: (frame) => operation(a(frame), b(frame)) };
}

function planDoubles(operator: Operator, a: (frame: Frame) => number, b: (frame: Frame) => number): PlannedNode {
  const run: Record<Exclude<Operator, '%'>, (frame: Frame) => number> = {
    '+': (frame) => a(frame) + b(frame),
    '-': (frame) => a(frame) - b(frame),
    '*': (frame) => a(frame) * b(frame),
    '/': (frame) => a(frame) / b(frame),
  };
  return { type: DOUBLE, run: run[operator as Exclude<Operator, '%'>] };
}

/** `-a`. */
export function planNegate(operand: PlannedNode): PlannedNode {
  const { run, type } = operand;
  if (type.kind === 'int') return { type, run: (frame) => negateInt(run(frame) as Int) };
  if (type.kind === 'double') return { type, run: (frame) => -(run(frame) as number) };
  const { run: described } = describing(operand);
  return { type: DYN, run: (frame) => dynamicNegate(raise(described(frame))) };
}

/** `!a`. */
export function planNot({ run }: PlannedNode): PlannedNode {
  return {
    type: BOOL,
    run: (frame) => {
      const value = run(frame);
      return typeof value === 'boolean' ? !value : fail('no such overload');
    },
  };
}

/** The operators of comparisons. */
export type OrderOperator = '<' | '<=' | '>' | '>=';

const TESTS: Readonly<Record<OrderOperator, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** `a < b` and the other comparisons. */
export function planComparison(comparison: OrderOperator, left: PlannedNode, right: PlannedNode): PlannedNode {
  const kind = left.shape === undefined && left.type.kind === right.type.kind ? left.type.kind : 'dyn';
  const { run: a } = left;
  const { run: b } = right;
  if (kind === 'int')
    return { type: BOOL, run: compareInts(comparison, a as (frame: Frame) => Int, b as (frame: Frame) => Int) };
  const test = TESTS[comparison];
  if (kind === 'string') {
    return {
      type: BOOL,
      run: (frame) => {
        const l = a(frame) as string;
        const r = b(frame) as string;
        chargeTexts(frame, Math.min(l.length, r.length));
        return test(compareText(l, r));
      },
    };
  }
  if (kind === 'double')
    return { type: BOOL, run: compareInts(comparison, a as (frame: Frame) => number, b as (frame: Frame) => number) };
  const { run: x } = describing(left);
  const { run: y } = describing(right);
  return {
    type: BOOL,
    run: (frame) => {
      const l = raise(x(frame));
      const r = raise(y(frame));
      if (typeof l === 'number' && typeof r === 'number') return compareNumbers(comparison, l, r);
      if (!isOrdered(l)) return fail(`no such overload: _${comparison}_`);
      // No number is less or greater than NaN.
      if (isNaNValue(l) || isNaNValue(r)) return false;
      if (typeof l === 'string' && typeof r === 'string') chargeTexts(frame, Math.min(l.length, r.length));
      return test(compareValues(l, r));
    },
  };
}

function compareNumbers(comparison: OrderOperator, a: number, b: number): boolean {
  switch (comparison) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

/**
 * Compares two ints or two doubles. Ints can be numbers or bigints, because JavaScript compares a number with a bigint
 * by value.
 */
function compareInts(comparison: OrderOperator, a: (frame: Frame) => Int, b: (frame: Frame) => Int): Run {
  switch (comparison) {
    case '<':
      return (frame) => a(frame) < b(frame);
    case '<=':
      return (frame) => a(frame) <= b(frame);
    case '>':
      return (frame) => a(frame) > b(frame);
    case '>=':
      return (frame) => a(frame) >= b(frame);
  }
}

/** Is the type of this value ordered? */
function isOrdered(value: Value): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    isInt(value) ||
    doubleOf(value) !== undefined ||
    value instanceof CelUint ||
    value instanceof CelTimestamp ||
    value instanceof CelDuration ||
    value instanceof Uint8Array
  );
}

/** Charges the comparison of strings; short strings are free. */
function chargeTexts(frame: Frame, length: number): void {
  if (length > 256) frame.charge(length >> 4);
}

/** The types whose values JavaScript's `===` compares as CEL's `==` does. */
const IDENTICAL: ReadonlySet<CelType['kind']> = new Set(['bool', 'int', 'double']);

/** `a == b` and `a != b`. */
export function planEquality(left: PlannedNode, right: PlannedNode, negated: boolean): PlannedNode {
  const { run: a } = left;
  const { run: b } = right;
  if (left.type.kind === 'string' && right.type.kind === 'string') {
    return {
      type: BOOL,
      run: (frame) => {
        const l = a(frame) as string;
        const r = b(frame) as string;
        if (l.length === r.length) chargeTexts(frame, l.length);
        return (l === r) !== negated;
      },
    };
  }
  if (left.type.kind === right.type.kind && IDENTICAL.has(left.type.kind)) {
    const run: Run = negated ? (frame) => a(frame) !== b(frame) : (frame) => a(frame) === b(frame);
    return { type: BOOL, run };
  }
  const { run: x } = describing(left);
  const { run: y } = describing(right);
  const compare = negated ? notEqual : equal;
  return {
    type: BOOL,
    run: (frame) => {
      const l = x(frame);
      const r = y(frame);
      const kind = typeof l;
      // For two values of the same primitive type, JavaScript's `===` is sufficient.
      if (kind === typeof r && kind !== 'object') {
        if (kind === 'string' && (l as string).length === (r as string).length)
          chargeTexts(frame, (l as string).length);
        return (l === r) !== negated;
      }
      return compare(raise(l), raise(r), frame);
    },
  };
}

/** Plans an operator by cel-go's name; undefined for an ordinary function. */
export function planOperator(name: string, args: readonly PlannedNode[]): PlannedNode | undefined {
  const [a, b] = args;
  if (a === undefined) return undefined;
  if (b === undefined) return name === '!_' ? planNot(a) : name === '-_' ? planNegate(a) : undefined;
  switch (name) {
    case '_+_':
    case '_-_':
    case '_*_':
    case '_/_':
    case '_%_':
      return planArithmetic(name[1] as Operator, a, b);
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return planComparison(name.slice(1, -1) as OrderOperator, a, b);
    case '_==_':
      return planEquality(a, b, false);
    case '_!=_':
      return planEquality(a, b, true);
    case '@in':
      return planIn(a, b);
    default:
      return undefined;
  }
}
