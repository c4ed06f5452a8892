import { and, compare, cond, literal, not, or, toText, TRUE } from '../ir/build.ts';
import { type Node, makeNode } from '../ir/node.ts';
import { asDoubles, numberTest, parseDecimal, parseInteger, parseNumber } from '../ir/parse-numbers.ts';
import { BOOL, describeType, FLOAT, INTEGER, isScalar } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { bool, needPresent } from '../value/ops.ts';
import { labelOf, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { scalar } from './builtin-table.ts';

/** Defines `Number`, the functions that parse numbers, and the tests of numbers such as `Number.isInteger`. */
export function defineNumbers(): void {
  scalar(Number, (value) => wrap(new Sym(converted(value), { waits: value.waits })));
  for (const fn of new Set([parseInt, Number.parseInt])) {
    scalar(fn, (value, args) => {
      const base = resolveMerged(args[1]);
      if (base !== undefined && base !== 10)
        return refuse(
          'no-cel',
          'parseInt() with a base other than 10 has no CEL form',
          'leave the base out, or pass 10',
        );
      const { node, type } = needPresent(value, 'parsed as a number (the result would be NaN)');
      const number = type.kind === 'number' ? node : scalarText(value, 'parseInt');
      return wrap(
        new Sym(parseInteger(number, base === 10 ? 'ten' : 'any', activeTrace().isCheck ? FLOAT : INTEGER), {
          waits: value.waits,
        }),
      );
    });
  }
  for (const fn of new Set([parseFloat, Number.parseFloat])) {
    scalar(fn, (value) => {
      const sure = needPresent(value, 'parsed as a number (the result would be NaN)');
      return sure.type.kind === 'number'
        ? wrap(sure)
        : wrap(new Sym(parseDecimal(scalarText(sure, 'parseFloat')), { waits: value.waits }));
    });
  }
  for (const fn of [Number.isInteger, Number.isSafeInteger, Number.isFinite, Number.isNaN]) {
    scalar(fn, (value) => {
      if (value.type.kind === 'dyn') return refuse('types', `the type of ${labelOf(value)} is not known`, 'declare it');
      return value.type.kind === 'number' ? bool(and(isThere(value), answer(fn, value.node))) : false;
    });
  }
  for (const fn of [isNaN, isFinite]) scalar(fn, (value) => convertedAnswer(fn, value));
}

/** The string form of a value that a function such as `parseInt` parses. */
function scalarText(value: Sym, name: string): Node {
  const { node, type } = value;
  if (isScalar(type) || type.kind === 'dyn') return toText(node);
  const given = `${labelOf(value)} (${describeType(type)})`;
  return refuse('types', `${name}() of ${given} has no CEL form`, 'pass a string or a number');
}

/** The value as a number. */
function converted(value: Sym): Node {
  const { node, type } = needPresent(value, 'converted to a number (the result would be NaN)');
  if (type.kind === 'number') return node;
  if (type.kind === 'bool') return cond(node, literal(1), literal(0));
  if (type.kind === 'string' || type.kind === 'dyn') return parseNumber(node);
  return refuse(
    'types',
    `Number() of ${labelOf(value)} (${describeType(type)}) has no CEL form`,
    type.kind === 'list' ? 'write x.length, or convert one of its elements' : 'convert one of its fields',
  );
}

/**
 * The condition under which a value is present in JavaScript; always true for a field of a resource, for which the
 * graph waits.
 */
function isThere({ absence }: Sym): Node {
  return absence === undefined || absence.waits ? TRUE() : absence.has;
}

/** `isNaN(value)` and `isFinite(value)`, which convert their argument. */
function convertedAnswer(fn: typeof isNaN | typeof isFinite, value: Sym): unknown {
  if (value.absence?.missing !== undefined)
    return refuse(
      'absent',
      `${labelOf(value)} may be null, and ${fn.name}() converts null to 0`,
      'give it a default with ??',
    );
  if (value.type.kind === 'dyn') return refuse('types', `the type of ${labelOf(value)} is not known`, 'declare it');
  const isPresent = isThere(value);
  const test = answer(fn === isNaN ? Number.isNaN : Number.isFinite, converted(value.present()));
  return bool(fn === isNaN ? or(not(isPresent), test) : and(isPresent, test));
}

/** The result of a test such as `Number.isInteger` for a number. */
function answer(fn: (value: unknown) => boolean, node: Node): Node {
  const number = numberTest(node) ?? TRUE();
  const exact = asDoubles(node);
  const test = (op: 'isinteger' | 'isfinite') => makeNode({ kind: op, args: [exact], type: BOOL });
  if (fn === Number.isNaN) return not(number);
  if (fn === Number.isFinite) return and(number, test('isfinite'));
  if (fn === Number.isInteger) return and(number, test('isinteger'));
  const safe = literal(Number.MAX_SAFE_INTEGER);
  const within = and(compare('le', exact, safe), compare('ge', exact, literal(Number.MIN_SAFE_INTEGER)));
  return and(number, and(within, test('isinteger')));
}
