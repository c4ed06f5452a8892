import { CHARACTERS } from '@typekro/kit/golang';
import type { EntryFlag, LiteralNode, Node, ObjectLiteral } from './node.ts';
import { isLiteral, literalNode, makeNode, Variable } from './node.ts';
import type { StaticType } from './types.ts';
import { BOOL, DYN, FLOAT, joinTypes, listOf, mapOf, NEVER, NULL, optionalOf, STRING, WHOLE_NUMBER } from './types.ts';

/** Constructors of nodes. They simplify constant parts, unless the simplification could change an error. */

export const TRUE = (): Node => literalNode(true, BOOL);
export const FALSE = (): Node => literalNode(false, BOOL);

/**
 * A literal. A number with a fraction, or beyond the safe integers, is a double. Any other number adopts the type of
 * the operand with which an operation combines it.
 */
export function literal(value: string | number | bigint | boolean | null): Node {
  if (typeof value === 'string') return literalNode(value, STRING);
  if (typeof value === 'boolean') return literalNode(value, BOOL);
  if (value === null) return literalNode(null, NULL);
  if (typeof value === 'bigint') return literalNode(value, WHOLE_NUMBER);
  return literalNode(value, Number.isSafeInteger(value) ? WHOLE_NUMBER : FLOAT);
}

export function variable(of: Variable, type: StaticType): Node {
  return makeNode({ kind: 'var', args: [], variable: of, type });
}

export function select(object: Node, field: string, type: StaticType): Node {
  return makeNode({ kind: 'select', args: [object], field, type });
}

/** Reserved words of CEL's grammar. They cannot follow a dot as field names. */
export const NOT_A_FIELD: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/**
 * The test for the presence of a member. CEL's `has()` does not accept a reserved word as a field, so such a name is
 * looked up as a key.
 */
export function has(object: Node, field: string): Node {
  if (NOT_A_FIELD.has(field)) return isIn(literal(field), object);
  return makeNode({ kind: 'has', args: [object], field, type: BOOL });
}

/** `object.?field`; the object may itself be optional. */
export function optSelect(object: Node, field: string, type: StaticType): Node {
  return makeNode({ kind: 'optselect', args: [object], field, type: optionalOf(type) });
}

export function index(object: Node, key: Node, type: StaticType): Node {
  return makeNode({ kind: 'index', args: [object, key], type });
}

/** `object[?key]`; the object may itself be optional. */
export function optIndex(object: Node, key: Node, type: StaticType): Node {
  return makeNode({ kind: 'optindex', args: [object, key], type: optionalOf(type) });
}

export function call(name: string, args: readonly Node[], type: StaticType): Node {
  return makeNode({ kind: 'call', args, name, type });
}

export function method(name: string, target: Node, args: readonly Node[], type: StaticType): Node {
  return makeNode({ kind: 'method', args: [target, ...args], name, type });
}

/** A macro over a list or map: `target.name(vars…, bodies…)`. */
export function macro(
  name: string,
  target: Node,
  vars: readonly Variable[],
  bodies: readonly Node[],
  type: StaticType,
): Node {
  return makeNode({ kind: 'macro', args: [target, ...bodies], name, vars, type });
}

/** `optional.orValue(fallback)`. */
export function orValue(optional: Node, fallback: Node): Node {
  const of = optional.type.kind === 'optional' ? optional.type.of : DYN;
  return makeNode({ kind: 'orvalue', args: [optional, fallback], type: joinTypes(of, fallback.type) });
}

export function optionalSome(node: Node): Node {
  return call('optional.of', [node], optionalOf(node.type));
}

/**
 * The optional without a value. Equal nodes are one object, so all uses of `optional.none()` share this node. Therefore
 * its type fits optionals of every type.
 */
export function optionalNone(): Node {
  return call('optional.none', [], optionalOf(NEVER));
}

/** The conjuncts of a condition. */
export function conjuncts(node: Node): readonly Node[] {
  return node.kind === 'and' ? [...conjuncts(node.args[0]), ...conjuncts(node.args[1])] : [node];
}

export function not(node: Node): Node {
  if (node.kind === 'lit') return node.value === true ? FALSE() : TRUE();
  if (node.kind === 'not') return node.args[0];
  return makeNode({ kind: 'not', args: [node], type: BOOL });
}

export function and(a: Node, b: Node): Node {
  if (isLiteral(a, false) || isLiteral(b, true)) return a;
  if (isLiteral(a, true)) return b;
  // `x && false` is false for every x, also when x fails, because CEL's && absorbs errors.
  if (isLiteral(b, false)) return b;
  if (a === b) return a;
  if (b === not(a)) return FALSE();
  const known = conjuncts(a);
  const fresh = conjuncts(b).filter((part) => !known.includes(part));
  if (fresh.length === 0) return a;
  // Left-nested, so that the printed form needs no parentheses and equal conjunctions are one node.
  return fresh.reduce((left, right) => makeNode({ kind: 'and', args: [left, right], type: BOOL }), a);
}

export function allOf(nodes: readonly Node[]): Node {
  return nodes.reduce(and, TRUE());
}

export function or(a: Node, b: Node): Node {
  if (isLiteral(a, true) || isLiteral(b, false)) return a;
  if (isLiteral(a, false)) return b;
  if (isLiteral(b, true)) return b;
  if (a === b) return a;
  if (b === not(a)) return TRUE();
  // a || (!a && c) is a || c
  const negated = not(a);
  const parts = conjuncts(b);
  if (parts.includes(negated)) return or(a, allOf(parts.filter((part) => part !== negated)));
  // This also covers !a || (a && c), because not(not(a)) is a.
  return makeNode({ kind: 'or', args: [a, b], type: BOOL });
}

export function eq(a: Node, b: Node): Node {
  const changed = changedByCase(a, b) ?? changedByCase(b, a);
  if (changed !== undefined) return not(changed);
  if (a === b && a.kind === 'lit') return TRUE();
  if (a.kind === 'lit' && b.kind === 'lit') return literal(a.value === b.value);
  if (a.kind === 'lit') return eq(b, a);
  if (b.kind === 'lit') {
    if (b.value === true && a.type.kind === 'bool') return a;
    if (b.value === false && a.type.kind === 'bool') return not(a);
    if (a.kind === 'cond' && (isLiteral(a.args[1]) || isLiteral(a.args[2]))) {
      return cond(a.args[0], eq(a.args[1], b), eq(a.args[2], b));
    }
  }
  return makeNode({ kind: 'eq', args: [a, b], type: BOOL });
}

/** The test that a text is not its own lower or upper case. CEL's functions change only ASCII letters, and a pattern all. */
function changedByCase(text: Node, original: Node): Node | undefined {
  if (text.kind !== 'method' || text.args[0] !== original) return undefined;
  if (text.name !== 'lowerAscii' && text.name !== 'upperAscii') return undefined;
  const characters = text.name === 'lowerAscii' ? CHARACTERS.notLower : CHARACTERS.notUpper;
  return method('matches', original, [literal(`[${characters}]`)], BOOL);
}

export function compare(kind: 'lt' | 'le' | 'gt' | 'ge', a: Node, b: Node): Node {
  return makeNode({ kind, args: [a, b], type: BOOL });
}

export function isIn(element: Node, list: Node): Node {
  return makeNode({ kind: 'in', args: [element, list], type: BOOL });
}

/** `test ? a : b`, simplified for boolean branches and branches with equal parts. */
export function cond(test: Node, a: Node, b: Node): Node {
  if (isLiteral(test, true)) return a;
  if (isLiteral(test, false)) return b;
  if (a === b) return a;
  if (test.kind === 'not') return cond(test.args[0], b, a);
  if (a.type.kind === 'bool' && b.type.kind === 'bool') {
    if (isLiteral(b, false)) return and(test, a);
    if (isLiteral(a, true)) return or(test, b);
    if (isLiteral(a, false)) return and(not(test), b);
    if (isLiteral(b, true)) return or(not(test), a);
    if (a === test) return or(test, b);
  }
  // c ? x : (d ? x : y) is c || d ? x : y
  if (b.kind === 'cond' && b.args[1] === a) return cond(or(test, b.args[0]), a, b.args[2]);
  // c ? (c' ? x : y) : y is c && c' ? x : y
  if (a.kind === 'cond' && a.args[2] === b) return cond(and(test, a.args[0]), a.args[1], b);
  if (test.kind === 'eq' && test.args[0] === b && test.args[1] === a && isExact(b.type)) return b;
  const factored = factor(test, a, b);
  if (factored !== undefined) return factored;
  return makeNode({ kind: 'cond', args: [test, a, b], type: joinTypes(a.type, b.type) });
}

/**
 * Does `===` imply that two values of the type are the same? Doubles are left out, because `===` does not distinguish 0
 * and -0.
 */
const isExact = ({ kind, ...type }: StaticType): boolean =>
  kind === 'string' ||
  kind === 'bool' ||
  ('number' in type && (type.number.state === 'int' || type.number.state === 'whole'));

/**
 * Factors out equal parts: `c ? P+x+S : P+y+S` becomes `P + (c ? x : y) + S` for strings and lists; `c ? a + n : a`
 * becomes `a + (c ? n : 0)`.
 */
function factor(test: Node, a: Node, b: Node): Node | undefined {
  const textual = a.type.kind === 'string' && b.type.kind === 'string';
  if (textual && (a.kind === 'concat' || b.kind === 'concat')) return factorParts('concat', test, a, b);
  if (a.kind === 'append' || b.kind === 'append') {
    if (a.type.kind === 'list' && b.type.kind === 'list') return factorParts('append', test, a, b);
  }
  if (a.kind === 'add' && a.args[0] === b) return add(b, cond(test, a.args[1], zeroLike(a.args[1])));
  if (b.kind === 'add' && b.args[0] === a) return add(a, cond(test, zeroLike(b.args[1]), b.args[1]));
  return undefined;
}

const zeroLike = (node: Node): Node => (node.type.kind === 'number' ? literal(0) : node);

function factorParts(op: 'concat' | 'append', test: Node, a: Node, b: Node): Node | undefined {
  const left = a.kind === op ? a.args : [a];
  const right = b.kind === op ? b.args : [b];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  if (start + end === 0) return undefined;
  const join = op === 'concat' ? concat : concatLists;
  const empty = op === 'concat' ? literal('') : list([]);
  const middle = (parts: readonly Node[]) => {
    const rest = parts.slice(start, parts.length - end);
    return rest.length === 0 ? empty : join(rest);
  };
  return join([...left.slice(0, start), cond(test, middle(left), middle(right)), ...left.slice(left.length - end)]);
}

/** Joins strings. Neighbouring literals become one literal, and empty literals are left out. */
export function concat(parts: readonly Node[]): Node {
  const flat: Node[] = [];
  const push = (part: Node): void => {
    const last = flat[flat.length - 1];
    if (isLiteral(part, '')) return;
    if (last?.kind === 'lit' && part.kind === 'lit')
      flat[flat.length - 1] = literal(String(last.value) + String(part.value));
    else flat.push(part);
  };
  for (const part of parts) {
    if (part.kind === 'concat') part.args.forEach(push);
    else push(part);
  }
  if (flat.length === 0) return literal('');
  return only(flat) ?? makeNode({ kind: 'concat', args: flat, type: STRING });
}

/** Joins lists. Neighbouring list literals become one literal, and empty literals are left out. */
export function concatLists(parts: readonly Node[]): Node {
  const flat: Node[] = [];
  for (const part of parts.flatMap((node) => (node.kind === 'append' ? node.args : [node]))) {
    const last = flat.at(-1);
    if (part.kind === 'list' && part.args.length === 0) continue;
    if (last?.kind === 'list' && part.kind === 'list') flat[flat.length - 1] = list([...last.args, ...part.args]);
    else flat.push(part);
  }
  if (flat.length === 0) return list([]);
  return only(flat) ?? makeNode({ kind: 'append', args: flat, type: flat.map((node) => node.type).reduce(joinTypes) });
}

const only = (nodes: readonly Node[]): Node | undefined => (nodes.length === 1 ? nodes[0] : undefined);

export function list(items: readonly Node[]): Node {
  const element = items.map((item) => item.type).reduce(joinTypes, NEVER);
  return makeNode({ kind: 'list', args: items, type: listOf(element) });
}

/** One entry of an object: key, value, and whether the value is an optional that may leave the entry out. */
export interface Entry {
  readonly key: Node;
  readonly value: Node;
  readonly optional?: boolean;
}

/** The entries of an object literal. */
export function literalEntries({ args, flags }: ObjectLiteral): readonly Entry[] {
  return flags.flatMap((flag, position) => {
    const [key, value] = args.slice(position * 2);
    return key === undefined || value === undefined ? [] : [{ key, value, optional: flag === '?' }];
  });
}

/**
 * An object literal. `type` is the type of an object whose keys are all known. Without `type`, the literal is a map.
 */
export function object(entries: readonly Entry[], type?: StaticType): Node {
  const flags = entries.map((entry): EntryFlag => (entry.optional === true ? '?' : ''));
  const value = entries
    .map((entry) =>
      entry.value.type.kind === 'optional' && entry.optional === true ? entry.value.type.of : entry.value.type,
    )
    .reduce(joinTypes, NEVER);
  return makeNode({
    kind: 'object',
    args: entries.flatMap((entry) => [entry.key, entry.value]),
    flags,
    type: type ?? mapOf(value === NEVER ? STRING : value),
  });
}

/** `a.merge(b)`; an empty side is left out. */
export function mergeMaps(a: Node, b: Node): Node {
  if (isEmptyObject(a)) return b;
  if (isEmptyObject(b)) return a;
  const value = joinTypes(valuesOf(a), valuesOf(b));
  return makeNode({ kind: 'method', args: [a, b], name: 'merge', type: mapOf(value === NEVER ? STRING : value) });
}

const isEmptyObject = (node: Node): boolean => node.kind === 'object' && node.args.length === 0;

/** The type of the values of a map or an object literal. */
function valuesOf(node: Node): StaticType {
  if (node.kind === 'cond') return joinTypes(valuesOf(node.args[1]), valuesOf(node.args[2]));
  if (node.kind !== 'object') return node.type.kind === 'map' ? node.type.value : DYN;
  const types = node.args.filter((_, position) => position % 2 === 1).map(({ type }) => type);
  return types.map((type) => (type.kind === 'optional' ? type.of : type)).reduce(joinTypes, NEVER);
}

const numeric = (a: Node, b: Node): StaticType => joinTypes(a.type, b.type);

function fold(a: Node, b: Node, apply: (x: number, y: number) => number): Node | undefined {
  if (a.kind !== 'lit' || b.kind !== 'lit' || typeof a.value !== 'number' || typeof b.value !== 'number')
    return undefined;
  const value = apply(a.value, b.value);
  return Number.isFinite(value) ? literal(value) : undefined;
}

export function add(a: Node, b: Node): Node {
  if (isLiteral(a, 0)) return b;
  if (isLiteral(b, 0)) return a;
  return fold(a, b, (x, y) => x + y) ?? makeNode({ kind: 'add', args: [a, b], type: numeric(a, b) });
}

export function subtract(a: Node, b: Node): Node {
  if (isLiteral(b, 0)) return a;
  return fold(a, b, (x, y) => x - y) ?? makeNode({ kind: 'sub', args: [a, b], type: numeric(a, b) });
}

export function multiply(a: Node, b: Node): Node {
  if (isLiteral(a, 1)) return b;
  if (isLiteral(b, 1)) return a;
  return fold(a, b, (x, y) => x * y) ?? makeNode({ kind: 'mul', args: [a, b], type: numeric(a, b) });
}

/** JavaScript's division, whose operands are always doubles. */
export function divide(a: Node, b: Node): Node {
  return makeNode({ kind: 'div', args: [a, b], type: FLOAT });
}

export function modulo(a: Node, b: Node): Node {
  return makeNode({ kind: 'mod', args: [a, b], type: numeric(a, b) });
}

export const isLiteralNumber = (node: Node): node is LiteralNode & { readonly value: number } =>
  node.kind === 'lit' && typeof node.value === 'number';

/** Converts a number that is an integer in some objects and a double in others. The result has one type, `type`. */
export function ofNumber(node: Node, type: StaticType): Node {
  return makeNode({ kind: 'ofnumber', args: [node], type });
}

export function negate(a: Node): Node {
  if (a.kind === 'lit' && typeof a.value === 'number' && a.value !== 0) return literal(-a.value);
  return makeNode({ kind: 'neg', args: [a], type: a.type });
}

/** JavaScript's `String(x)` of a scalar. */
export function toText(node: Node): Node {
  if (node.type.kind === 'string') return node;
  if (node.kind === 'lit') return literal(String(node.value));
  if (node.kind === 'cond') return cond(node.args[0], toText(node.args[1]), toText(node.args[2]));
  return makeNode({ kind: 'tostr', args: [node], type: STRING });
}

/** Number of elements, entries or characters. */
export function size(node: Node, type: StaticType): Node {
  return countOf(node) ?? call('size', [node], type);
}

/**
 * The number of elements of a list literal, of joined list literals, or of a choice between them; undefined for other
 * lists.
 */
function countOf(node: Node): Node | undefined {
  if (node.kind === 'list') return literal(node.args.length);
  if (node.kind === 'append') {
    const counts = node.args.map(countOf);
    return counts.every((count) => count !== undefined) ? counts.reduce(add) : undefined;
  }
  if (node.kind !== 'cond' || node.type.kind !== 'list') return undefined;
  const [test, a, b] = node.args;
  const [x, y] = [countOf(a), countOf(b)];
  return x === undefined || y === undefined ? undefined : cond(test, x, y);
}

/** A new variable of a macro, with the name of the author's variable. */
export function macroVariable(name: string): Variable {
  return new Variable(name, 'macro');
}

/** CEL of the author or of a factory: pieces of source with expressions between them. */
export function raw(pieces: readonly string[], args: readonly Node[], type: StaticType): Node {
  return makeNode({ kind: 'raw', args, pieces, type });
}
