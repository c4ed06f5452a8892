import { Refusal } from '../refusal/refusal.ts';
import * as ir from './build.ts';
import { bindOnce, doubleLiteral, isDouble } from './numeric.ts';
import { type Node, makeNode } from './node.ts';
import { BOOL, FLOAT, INTEGER, listOf, STRING } from './types.ts';

/** The smallest number above 1 that JavaScript prints with an exponent. */
const EXPONENTS_FROM = 1e21;
/** Every double of at least this size is whole. */
const WHOLE_FROM = 2 ** 53;

const toWhole = (node: Node): Node => makeNode({ kind: 'call', args: [node], name: 'int', type: INTEGER });
const backToDouble = (node: Node): Node => makeNode({ kind: 'call', args: [node], name: 'double', type: FLOAT });
const within = (node: Node, limit: number): Node =>
  ir.and(ir.compare('gt', node, doubleLiteral(-limit)), ir.compare('lt', node, doubleLiteral(limit)));

/**
 * Translates `Math.floor` and similar functions. The result is exact. An integer as the result fails for a double beyond
 * the range of `int`.
 */
export function rounding(op: 'floor' | 'ceil' | 'round' | 'trunc', value: Node, asDouble: boolean): Node {
  if (value.type.kind === 'number' && !isDouble(value)) return value;
  return bindOnce(value, 'n', FLOAT, (n) =>
    asDouble ? ir.cond(within(n, WHOLE_FROM), backToDouble(rounded(op, n)), n) : rounded(op, n),
  );
}

function rounded(op: 'floor' | 'ceil' | 'round' | 'trunc', n: Node): Node {
  const whole = toWhole(n);
  if (op === 'trunc') return whole;
  const back = backToDouble(whole);
  const up = ir.add(whole, ir.literal(1));
  const down = ir.subtract(whole, ir.literal(1));
  if (op === 'floor') return ir.cond(ir.compare('gt', back, n), down, whole);
  if (op === 'ceil') return ir.cond(ir.compare('lt', back, n), up, whole);
  // Halves are rounded up, also below zero. The difference between the number and its whole part is exact, whereas n +
  // 0.5 may be rounded.
  const rest = ir.subtract(n, back);
  const below = ir.cond(ir.compare('lt', rest, doubleLiteral(-0.5)), down, whole);
  return ir.cond(ir.compare('ge', rest, doubleLiteral(0.5)), up, below);
}

/**
 * Translates `value | 0`: the whole part modulo 2^32, between -2^31 and 2^31 - 1; 0 for a number that is not finite.
 */
export function toInt32(value: Node): Node {
  const range = ir.literal(2 ** 32);
  const whole = isDouble(value)
    ? bindOnce(value, 'n', FLOAT, (n) => {
        const quotient = backToDouble(toWhole(ir.divide(n, doubleLiteral(2 ** 32))));
        // From 2^85 on a double is a multiple of 2^32.
        return ir.cond(
          within(n, 2 ** 85),
          toWhole(ir.subtract(n, ir.multiply(quotient, doubleLiteral(2 ** 32)))),
          ir.literal(0),
        );
      })
    : ir.modulo(value, range);
  return bindOnce(whole, 'i', INTEGER, (i) =>
    ir.cond(
      ir.compare('ge', i, ir.literal(2 ** 31)),
      ir.subtract(i, range),
      ir.cond(ir.compare('lt', i, ir.literal(-(2 ** 31))), ir.add(i, range), i),
    ),
  );
}

/** Translates `value.toFixed(digits)`. JavaScript rounds halves away from zero, CEL's `format` to the even digit. */
export function toFixed(value: Node, digits: number, text: (node: Node) => Node): Node {
  if (!isDouble(value)) {
    const whole = makeNode({ kind: 'call', args: [value], name: 'string', type: STRING });
    return digits === 0 ? whole : ir.concat([whole, ir.literal(`.${'0'.repeat(digits)}`)]);
  }
  // JavaScript prints -0 as 0; -0 + 0 is 0.
  const format = (n: Node, places: number) =>
    ir.method(
      'format',
      ir.literal(`%.${places}f`),
      [makeNode({ kind: 'list', args: [n], type: listOf(FLOAT) })],
      STRING,
    );
  return bindOnce(ir.add(value, doubleLiteral(0)), 'n', FLOAT, (n) => {
    // Only the odd multiples of 2^-(digits + 1) are halfway between two results.
    const halfway = bindOnce(ir.multiply(n, doubleLiteral(2 ** (digits + 1))), 'k', FLOAT, (k) => {
      const whole = toWhole(k);
      const isOdd = ir.not(ir.eq(ir.modulo(whole, ir.literal(2)), ir.literal(0)));
      return ir.and(ir.and(within(k, WHOLE_FROM), ir.eq(backToDouble(whole), k)), isOdd);
    });
    const away = bindOnce(format(n, digits + 1), 't', STRING, (t) => {
      const at = ir.subtract(ir.size(t, INTEGER), ir.literal(digits === 0 ? 3 : 2));
      const last = toWhole(ir.method('charAt', t, [at], STRING));
      // CEL rounds a half after an even digit down, so this digit is raised by one. The sum never carries: the digit is
      // at most 8.
      const up = ir.concat([
        ir.method('substring', t, [ir.literal(0), at], STRING),
        makeNode({ kind: 'call', args: [ir.add(last, ir.literal(1))], name: 'string', type: STRING }),
      ]);
      return ir.cond(ir.eq(ir.modulo(last, ir.literal(2)), ir.literal(0)), up, format(n, digits));
    });
    const large = ir.or(
      ir.compare('ge', n, doubleLiteral(EXPONENTS_FROM)),
      ir.compare('le', n, doubleLiteral(-EXPONENTS_FROM)),
    );
    return ir.cond(large, text(n), ir.cond(halfway, away, format(n, digits)));
  });
}

/** `value ** exponent` for a whole exponent of at least 1. */
export function power(value: Node, exponent: number): Node {
  // JavaScript engines compute a square as x * x, and other powers by logarithms. The translation multiplies, so other
  // powers of doubles may differ.
  if (exponent > 2 && isDouble(value)) {
    const message = '** of numbers that may have a fraction is rounded differently in CEL';
    throw new Refusal('no-cel', message, 'multiply instead: x * x * x for x ** 3');
  }
  return Array.from({ length: exponent - 1 }).reduce<Node>((product) => ir.multiply(product, value), value);
}

/**
 * The test that a value equals itself, which is true for every integer. A constant `true` is not possible, because a
 * status field must read a resource or `schema`.
 */
const itself = (value: Node): Node => makeNode({ kind: 'eq', args: [value, value], type: BOOL });

/** `Number.isInteger(value)` of a number that is not NaN. */
export function isInteger(value: Node): Node {
  if (!isDouble(value)) return itself(value);
  return bindOnce(value, 'n', FLOAT, (n) =>
    ir.cond(within(n, WHOLE_FROM), ir.eq(backToDouble(toWhole(n)), n), isFinite(n)),
  );
}

/** `Number.isFinite(value)` of a number: the difference of an infinity and itself is not 0. */
export function isFinite(value: Node): Node {
  return isDouble(value)
    ? bindOnce(value, 'n', FLOAT, (n) => ir.eq(ir.subtract(n, n), doubleLiteral(0)))
    : itself(value);
}

/** The test that a number is not NaN. Only NaN differs from itself. */
export function isNumber(value: Node): Node {
  return isDouble(value) ? bindOnce(value, 'n', FLOAT, itself) : itself(value);
}

/**
 * The string that JavaScript prints for a double that may be NaN or infinite, such as the result of a division by zero.
 */
export function textOfQuotient(value: Node, text: (node: Node) => Node): Node {
  return bindOnce(ir.add(value, doubleLiteral(0)), 'n', FLOAT, (n) =>
    ir.cond(
      isFinite(n),
      text(n),
      ir.cond(
        ir.compare('gt', n, doubleLiteral(0)),
        ir.literal('Infinity'),
        ir.cond(ir.compare('lt', n, doubleLiteral(0)), ir.literal('-Infinity'), ir.literal('NaN')),
      ),
    ),
  );
}
