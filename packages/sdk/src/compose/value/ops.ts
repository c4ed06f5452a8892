import * as ir from '../ir/build.ts';
import { type Node, makeNode } from '../ir/node.ts';
import { asDoubles, numberTest, numberText } from '../ir/parse-numbers.ts';
import { describeType, FLOAT, INTEGER, isScalar } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { asSym, distribute, resolveMerged } from './merge.ts';
import { printedText, primitiveOf } from './printed.ts';
import { hasTokens, labelOf, splitTokens, symbolic, wrap } from './proxy.ts';
import { Phi, Sym, testedPresence } from './symbolic.ts';

/** The value of a boolean expression: a boolean if the result is known, and a symbolic value if not. */
export function bool(node: Node): unknown {
  const known = decide(node);
  return typeof known === 'boolean' ? known : wrap(new Sym(known));
}

/** The truth of a value in JavaScript: a boolean if the truth is known, and a condition if not. */
export function truthy(raw: unknown): boolean | Node {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner === undefined) {
    return typeof value === 'string' && hasTokens(value)
      ? decide(truthOfPresent(new Sym(textNode(value))))
      : Boolean(value);
  }
  if (inner instanceof Phi) {
    const side = (test: boolean | Node) => (typeof test === 'boolean' ? ir.literal(test) : test);
    const trace = activeTrace();
    const then = trace.under(inner.test, () => side(truthy(inner.then)));
    const otherwise = trace.under(ir.not(inner.test), () => side(truthy(inner.otherwise)));
    return decide(ir.cond(inner.test, then, otherwise));
  }
  const own = truthOfPresent(inner);
  return decide(inner.absence === undefined ? own : ir.and(testedPresence(inner.absence), own));
}

function truthOfPresent(value: Sym): Node {
  const { node, type } = value;
  if (node.kind === 'cond') {
    const [test, a, b] = node.args;
    return ir.cond(test, truthOfPresent(new Sym(a)), truthOfPresent(new Sym(b)));
  }
  switch (type.kind) {
    case 'bool':
      return node;
    case 'string':
      if (node.kind === 'lit') return ir.literal(node.value !== '');
      if (node.kind === 'concat' && node.args.some((part) => part.kind === 'lit')) return ir.literal(true);
      return type.values !== undefined && !type.values.includes('')
        ? ir.literal(true)
        : ir.not(ir.eq(node, ir.literal('')));
    case 'number':
      return node.kind === 'lit' ? ir.literal(Number(node.value) !== 0) : truthOfNumber(node);
    case 'null':
      return ir.literal(false);
    case 'dyn':
      return ir.not(ir.isIn(node, ir.list([ir.literal(null), ir.literal(false), ir.literal(0), ir.literal('')])));
    default:
      return ir.literal(true);
  }
}

/** The truth of a number: NaN is false, as is 0. */
function truthOfNumber(node: Node): Node {
  const number = numberTest(node);
  return number === undefined
    ? ir.not(ir.eq(node, ir.literal(0)))
    : ir.and(number, ir.not(ir.eq(asDoubles(node), ir.literal(0))));
}

/**
 * Refuses a value that may be `undefined` where JavaScript would print it or compute with it. Accepts a value for which
 * the graph waits.
 */
export function needPresent(value: Sym, use: string): Sym {
  if (value.absence === undefined || value.absence.waits) return value;
  return refuse(
    'absent',
    `${labelOf(value)} may be absent and is ${use}`,
    'give it a default with ??, or test it first',
  );
}

/** `String(value)` as an expression, also for a known string. */
export function textNode(raw: unknown): Node {
  const text = textOrNode(raw);
  return typeof text === 'string' ? ir.literal(text) : text;
}

/** `String(value)`: a string where the value is known, and an expression where it is symbolic. */
export function textOrNode(raw: unknown): string | Node {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner === undefined) {
    if (typeof value === 'string' && hasTokens(value)) {
      return ir.concat(splitTokens(value).map((part) => (typeof part === 'string' ? ir.literal(part) : part.node)));
    }
    const text = printedText(value);
    return hasTokens(text) ? textOrNode(text) : text;
  }
  if (inner instanceof Phi) {
    return ir.cond(
      inner.test,
      activeTrace().under(inner.test, () => textNode(inner.then)),
      activeTrace().under(ir.not(inner.test), () => textNode(inner.otherwise)),
    );
  }
  const sure = needPresent(inner, 'printed into a string (it would print "undefined")');
  if (sure.type.kind === 'list') {
    refuse('types', `${labelOf(sure)} is a list and is printed into a string`, 'use .join(",")');
  }
  if (!isScalar(sure.type) && sure.type.kind !== 'dyn') {
    refuse(
      'types',
      `${labelOf(sure)} is an object and is printed into a string`,
      'print one of its fields, or JSON.stringify it',
    );
  }
  return sure.type.kind === 'number' ? numberText(sure.node) : ir.toText(sure.node);
}

/** A string value from an expression. */
export function textValue(node: Node, waits = false): unknown {
  return node.kind === 'lit' ? node.value : wrap(new Sym(activeTrace().originate(node), { waits }));
}

const known = (value: unknown): boolean =>
  symbolic(value) === undefined && !(typeof value === 'string' && hasTokens(value));

/**
 * Applies an operator: calls `plain` when both operands are known, and `onSymbolic` when one is symbolic. A `Phi`
 * operand is a choice between two values; the operator is applied to each of them.
 */
function operate(
  a: unknown,
  b: unknown,
  plain: (a: never, b: never) => unknown,
  onSymbolic: (a: unknown, b: unknown) => unknown,
): unknown {
  const left = resolveMerged(a);
  const right = resolveMerged(b);
  if (known(left) && known(right)) return plain(left as never, right as never);
  const l = symbolic(left);
  if (l instanceof Phi) return distribute(l, (side) => operate(side, right, plain, onSymbolic));
  const r = symbolic(right);
  if (r instanceof Phi) return distribute(r, (side) => operate(left, side, plain, onSymbolic));
  if ((typeof left === 'bigint' || typeof right === 'bigint') && plain !== (plusKnown as unknown))
    return refuse(
      'types',
      'a BigInt is combined with a value of the graph',
      'write a number: integers of the graph are exact',
    );
  return onSymbolic(left, right);
}

/** `a === b`; with `loose`, `a == b`. */
export function equals(a: unknown, b: unknown, loose: boolean): unknown {
  return operate(
    a,
    b,
    // eslint-disable-next-line eqeqeq
    (x, y) => (loose ? looseEquals(x, y) : x === y),
    (x, y) => equalSyms(x, y, loose),
  );
}

function looseEquals(a: unknown, b: unknown): boolean {
  if (a === undefined || a === null) return b === undefined || b === null;
  if (typeof a === typeof b || b === undefined || b === null) return a === b;
  if (typeof a === 'object' || typeof b === 'object') {
    return refuse('types', '== between an object and a scalar', 'compare with ===');
  }
  return Number(a) === Number(b);
}

function equalSyms(a: unknown, b: unknown, loose: boolean): unknown {
  const left = symbolic(a);
  const right = symbolic(b);
  if (left instanceof Sym && right === undefined && (b === undefined || b === null))
    return equalNothing(left, b, loose);
  if (right instanceof Sym && left === undefined && (a === undefined || a === null))
    return equalNothing(right, a, loose);
  const x = tokenSym(a);
  const y = tokenSym(b);
  if (x === undefined || y === undefined || x.resource !== undefined || y.resource !== undefined) {
    if ((left as Sym | undefined)?.resource !== undefined && left === right) return true;
    if (bothObjects(a, b))
      return refuse('identity', '=== compares the identity of two objects', 'compare their fields');
    return false;
  }
  return compareSyms(x, y, loose);
}

const bothObjects = (a: unknown, b: unknown): boolean => typeof a === 'object' && typeof b === 'object';

/**
 * Returns the `Sym` of a symbolic value, of a constant, or of a string with placeholders. Returns `undefined` for any
 * other value.
 */
function tokenSym(value: unknown): Sym | undefined {
  if (typeof value === 'string' && hasTokens(value)) return new Sym(textNode(value));
  const inner = symbolic(value);
  return inner instanceof Sym ? inner : asSym(value);
}

/** Compares a value with `undefined` or `null`: tests whether the value is missing. */
function equalNothing(value: Sym, other: unknown, loose: boolean): unknown {
  const missing = value.absence === undefined ? ir.literal(false) : ir.not(testedPresence(value.absence));
  if (value.type.kind === 'dyn') {
    const isNull = ir.eq(value.node, ir.literal(null));
    if (loose) return bool(ir.or(missing, isNull));
    if (other === null)
      return bool(value.absence === undefined ? isNull : ir.and(testedPresence(value.absence), isNull));
  }
  if (loose || value.absence?.missing === undefined) return loose || other === undefined ? bool(missing) : false;
  if (value.absence.missing === 'null') return other === null && bool(missing);
  return refuse(
    'absent',
    `${labelOf(value)} may be null or left out, but a graph does not distinguish the two; === ${String(other)} does`,
    'use == null, or declare the field as nullable or as optional, not both',
  );
}

function compareSyms(a: Sym, b: Sym, loose: boolean): unknown {
  const kinds = [a.type.kind, b.type.kind];
  if (!kinds.includes('dyn') && kinds[0] !== kinds[1]) {
    if (loose) return mixedTypes('==', a, b);
    const [left, right] = [doubt(a), doubt(b)];
    // Two absent values are equal, also when their types differ.
    if (left !== undefined && right !== undefined) return bool(ir.and(ir.not(left), ir.not(right)));
    activeTrace().warn('never-equal', `=== between ${typed(a)} and ${typed(b)} is never true`);
    return false;
  }
  if (loose && kinds.includes('dyn') && !isWord(a) && !isWord(b))
    refuse(
      'types',
      `== between ${typed(a)} and ${typed(b)} has no CEL form: JavaScript converts the value of unknown type`,
      'compare with ===, or convert both sides with String() or Number()',
    );
  if (kinds.some((kind) => kind === 'list' || kind === 'map' || kind === 'object')) {
    return refuse(
      'identity',
      `=== compares the identity of two objects (${labelOf(a)} and ${labelOf(b)})`,
      'compare their fields',
    );
  }
  warnNever(a, b);
  warnNever(b, a);
  // NaN is not equal to any value.
  const numbers = numberTests(a, b);
  const same = [
    ...numbers,
    numbers.length === 0 ? ir.eq(a.node, b.node) : ir.eq(asDoubles(a.node), asDoubles(b.node)),
  ].reduce(ir.and);
  const left = doubt(a);
  const right = doubt(b);
  if (left !== undefined && right !== undefined)
    return bool(ir.cond(ir.and(left, right), same, ir.and(ir.not(left), ir.not(right))));
  const one = left ?? right;
  return bool(one === undefined ? same : ir.and(one, same));
}

/** Is the value a constant string that no number and no boolean equals? */
const isWord = ({ node }: Sym): boolean =>
  node.kind === 'lit' && typeof node.value === 'string' && Number.isNaN(Number(node.value));

/**
 * The condition under which a value is present. Returns `undefined` when it is always present, and when the graph waits
 * for it.
 */
function doubt(value: Sym): Node | undefined {
  return value.absence === undefined || value.absence.waits ? undefined : value.absence.has;
}

function warnNever(value: Sym, constant: Sym): void {
  if (value.type.kind !== 'string' || value.type.values === undefined || constant.node.kind !== 'lit') return;
  const text = String(constant.node.value);
  if (value.type.values.includes(text)) return;
  activeTrace().warn('never', `${labelOf(value)} is never "${text}"; it is one of ${value.type.values.join(', ')}`);
}

const typed = (value: Sym): string => `${describeType(value.type)} (${labelOf(value)})`;

function mixedTypes(operator: string, a: Sym, b: Sym): never {
  return refuse('types', `${operator} between ${typed(a)} and ${typed(b)} has no CEL form`, 'convert one side');
}

/**
 * The conditions under which operands parsed from strings are numbers. Quotients need no condition, because CEL
 * compares NaN as JavaScript does.
 */
function numberTests(...sides: readonly Sym[]): Node[] {
  return sides.map(({ node }) => numberTest(node, false)).filter((test) => test !== undefined);
}

const RELATIONS = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' } as const;
type Relation = keyof typeof RELATIONS;

/** `a < b` and the other comparisons. A comparison with `undefined` is false. */
export function relate(operator: Relation, a: unknown, b: unknown): unknown {
  return operate(
    a,
    b,
    (x: number, y: number) =>
      ofPrimitives(x, y, (p, q) => relate(operator, p, q)) ??
      (operator === '<' ? x < y : operator === '<=' ? x <= y : operator === '>' ? x > y : x >= y),
    (x, y) => relateSyms(operator, x, y),
  );
}

/** The result of an operator for the primitive values of its operands; `undefined` when no operand is converted. */
function ofPrimitives(x: unknown, y: unknown, apply: (p: unknown, q: unknown) => unknown): unknown {
  const [p, q] = [primitiveOf(x, 'number'), primitiveOf(y, 'number')];
  return Object.is(p, x) && Object.is(q, y) ? undefined : apply(p, q);
}

function relateSyms(operator: Relation, a: unknown, b: unknown): unknown {
  if (a === undefined || b === undefined) return false;
  const x = tokenSym(a);
  const y = tokenSym(b);
  if (x === undefined || y === undefined)
    return refuse(
      'types',
      `${operator} with ${describeValue(x === undefined ? a : b)} has no CEL form`,
      'compare numbers or strings',
    );
  const ordered = (sym: Sym) => sym.type.kind === 'number' || sym.type.kind === 'string' || sym.type.kind === 'dyn';
  if (!ordered(x) || !ordered(y) || (x.type.kind !== y.type.kind && x.type.kind !== 'dyn' && y.type.kind !== 'dyn')) {
    return mixedTypes(operator, x, y);
  }
  const doubts = [doubt(x), doubt(y)].filter((has) => has !== undefined);
  const numbers = numberTests(x, y);
  const [left, right] = numbers.length === 0 ? [x.node, y.node] : [asDoubles(x.node), asDoubles(y.node)];
  return bool([...doubts, ...numbers, ir.compare(RELATIONS[operator], left, right)].reduce(ir.and));
}

/** The name of a value in messages. */
export function describeValue(value: unknown): string {
  const inner = symbolic(value);
  if (inner !== undefined) return labelOf(inner);
  return value === null || value === undefined
    ? String(value)
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'number'
        ? String(value)
        : `a ${typeof value}`;
}

/** `a + b`. */
export function plus(a: unknown, b: unknown): unknown {
  return operate(a, b, plusKnown, plusSyms);
}

/** `a + b` of known values. An object operand is printed as text, as JavaScript does. */
function plusKnown(a: unknown, b: unknown): unknown {
  const prints = (value: unknown) => typeof value === 'object' && value !== null && !(value instanceof Date);
  const side = (value: unknown) => (prints(value) || typeof value === 'function' ? textValue(textNode(value)) : value);
  const [p, q] = [primitiveOf(a, 'default'), primitiveOf(b, 'default')];
  if (!Object.is(p, a) || !Object.is(q, b)) return plus(p, q);
  const [x, y] = [side(a), side(b)];
  return known(x) && known(y) ? (x as number) + (y as number) : plusSyms(x, y);
}

function plusSyms(a: unknown, b: unknown): unknown {
  const textual = (value: unknown) => typeof value === 'string' || tokenSym(value)?.type.kind === 'string';
  const waits = [a, b].some((side) => (symbolic(side) as Sym | undefined)?.waits === true);
  if (textual(a) || textual(b)) return textValue(ir.concat([textNode(a), textNode(b)]), waits);
  const [x, y] = numbers('+', a, b);
  return wrap(new Sym(ir.add(x, y), { waits }));
}

/** Both sides as numeric expressions. */
function numbers(operator: string, a: unknown, b: unknown): [Node, Node] {
  const one = (value: unknown): Node => {
    const sym = typeof value === 'bigint' ? undefined : asSym(value);
    if (sym === undefined)
      return refuse('types', `${operator} with ${describeValue(value)} has no CEL form`, 'compute with numbers');
    if (sym.type.kind !== 'number' && sym.type.kind !== 'dyn') {
      return refuse('types', `${operator} with ${typed(sym)} has no CEL form`, 'convert it with Number() first');
    }
    return needPresent(sym, 'used in a computation (the result would be NaN)').node;
  };
  return [one(a), one(b)];
}

/** The arithmetic operators other than `+`. */
export function arithmetic(operator: '-' | '*' | '/' | '%' | '**', a: unknown, b: unknown): unknown {
  return operate(
    a,
    b,
    (x: number, y: number) =>
      ofPrimitives(x, y, (p, q) => arithmetic(operator, p, q)) ??
      (operator === '-'
        ? x - y
        : operator === '*'
          ? x * y
          : operator === '/'
            ? x / y
            : operator === '%'
              ? x % y
              : x ** y),
    (left, right) => {
      // CEL has no literal for -0. The sign of the zero matters only when it is the divisor.
      if (operator === '/' && Object.is(right, -0)) return unary('-', arithmetic('/', left, 0));
      const waits = [left, right].some((side) => (symbolic(side) as Sym | undefined)?.waits === true);
      const [x, y] = numbers(operator, left, right);
      // An integer of CEL has no -0 either: a / -b is -(a / b).
      const opposite = operator === '/' ? oppositeOf(y) : undefined;
      if (opposite !== undefined) return wrap(new Sym(ir.negate(ir.divide(x, opposite)), { waits }));
      const result = arithmeticNode(operator, x, y);
      return result.kind === 'lit' ? result.value : wrap(new Sym(result, { waits }));
    },
  );
}

/** The number whose negation is the value of the expression; undefined for an expression that is no negation. */
function oppositeOf(node: Node): Node | undefined {
  const [left, right] = node.args;
  if (node.kind === 'neg') return left;
  if (node.kind !== 'mul' || left === undefined || right === undefined) return undefined;
  if (right.kind === 'lit' && Number(right.value) < 0) return ir.multiply(left, ir.literal(-Number(right.value)));
  return left.kind === 'lit' && Number(left.value) < 0
    ? ir.multiply(ir.literal(-Number(left.value)), right)
    : undefined;
}

function arithmeticNode(operator: '-' | '*' | '/' | '%' | '**', x: Node, y: Node): Node {
  if (operator === '-') return ir.subtract(x, y);
  if (operator === '*') return ir.multiply(factor(x), factor(y));
  if (operator === '/') return ir.divide(x, y);
  if (operator === '%') return activeTrace().originate(ir.modulo(x, y));
  if (y.kind !== 'lit' || !Number.isInteger(y.value) || Number(y.value) < 0 || Number(y.value) > 8) {
    return refuse('no-cel', '** with this exponent has no CEL form', 'use a whole exponent from 0 to 8');
  }
  return Number(y.value) === 0
    ? ir.literal(1)
    : activeTrace().originate(
        makeNode({ kind: 'pow', args: [factor(x)], exponent: Number(y.value), type: factor(x).type }),
      );
}

/** A factor, which is a double in a check of a schema: a product of integers may be beyond the range of `int`. */
const factor = (node: Node): Node =>
  activeTrace().isCheck ? makeNode({ kind: 'todouble', args: [node], type: FLOAT }) : node;

/** `-a`, `+a`, `!a`, `~a`. */
export function unary(operator: string, raw: unknown): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (operator === '!') {
    const test = truthy(value);
    return typeof test === 'boolean' ? !test : bool(ir.not(test));
  }
  if (inner === undefined) {
    const primitive = primitiveOf(value, 'number');
    if (!Object.is(primitive, value)) return unary(operator, primitive);
    const plain = value as number;
    if (operator === '-') return -plain;
    return operator === '+' ? +(value as string) : ~plain;
  }
  if (inner instanceof Phi) return distribute(inner, (side) => unary(operator, side));
  if (operator === '~') return refuse('no-cel', '~ has no CEL form');
  const [node] = numbers(operator, value, 0);
  return wrap(new Sym(operator === '-' ? ir.negate(node) : node, { waits: inner.waits }));
}

/** `value | 0`, for known and symbolic values. */
export function int32OfValue(raw: unknown): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner === undefined && !hasTokens(String(value))) return (value as number) | 0;
  if (inner instanceof Phi) return distribute(inner, int32OfValue);
  const [node] = numbers('|', value, 0);
  return wrap(new Sym(makeNode({ kind: 'toint32', args: [node], type: INTEGER }), { waits: inner?.waits === true }));
}
