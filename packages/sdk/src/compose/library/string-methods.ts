import { CHARACTERS } from '@typekro/kit/golang';
import {
  add,
  call,
  compare,
  concat,
  cond,
  list,
  literal,
  macro,
  macroVariable,
  method,
  modulo,
  size,
  subtract,
} from '../ir/build.ts';
import { nearestName } from '@typekro/kit/core';
import { requireInteger } from '../ir/lower.ts';
import { bindOnce } from '../ir/numeric.ts';
import { type Conditional, type Node, isLiteral } from '../ir/node.ts';
import { INTEGER, listOf, STRING } from '../ir/types.ts';
import type { Interpreter } from '../trace/interpreter.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { asSym, phi, resolveMerged } from '../value/merge.ts';
import { freshList } from '../value/value-nodes.ts';
import { bool, describeValue, textNode, textValue } from '../value/ops.ts';
import { labelOf, wrap } from '../value/proxy.ts';
import { isOpen, refuseOpen } from '../value/open.ts';
import { Maybe, Splice, Sym } from '../value/symbolic.ts';
import { match, matchAll } from './regex-methods.ts';
import { searchPattern, splitPattern } from './regex.ts';
import { replaceText } from './replace.ts';

const NAMES = (
  'length includes startsWith endsWith indexOf lastIndexOf toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase trim trimStart trimEnd search ' +
  'split replace replaceAll slice substring substr charAt at padStart padEnd repeat concat toString valueOf match matchAll localeCompare'
).split(' ');

/**
 * Matches a character that is not white space in JavaScript. CEL's `trim` differs: it removes U+0085 and keeps U+FEFF.
 */
const NOT_SPACE = `[^${CHARACTERS.space}]`;

/** Methods that throw in JavaScript when their first argument is a regular expression. */
const OF_TEXTS = new Set(['includes', 'startsWith', 'endsWith']);

/** Calls a method of a string. */
export function stringMethod(interpreter: Interpreter, value: Sym, name: string, args: readonly unknown[]): unknown {
  const { node, waits } = value;
  const text = (result: Node) => textValue(result, waits);
  const arg = (position: number) => textNode(args[position]);
  if (OF_TEXTS.has(name) && resolveMerged(args[0]) instanceof RegExp)
    throw new TypeError(`First argument to String.prototype.${name} must not be a regular expression`);
  if (name !== 'concat' && args.some(isOpen)) return refuseOpen(name);
  switch (name) {
    case 'includes':
      return bool(callOn(startingAt(node, args[1]), 'contains', arg(0)));
    case 'startsWith':
      return bool(callOn(startingAt(node, args[1]), name, arg(0)));
    case 'endsWith':
      return bool(callOn(resolveMerged(args[1]) === undefined ? node : upTo(node, args[1]), name, arg(0)));
    case 'search':
      return search(value, args[0]);
    case 'indexOf':
      if (resolveMerged(args[1]) !== undefined)
        return wrap(new Sym(method(name, node, [arg(0), cut(args[1], node)], INTEGER), { waits }));
      return wrap(new Sym(method(name, node, [arg(0)], INTEGER), { waits }));
    case 'lastIndexOf':
      return only(1, args, name, value, () => wrap(new Sym(method(name, node, [arg(0)], INTEGER), { waits })));
    case 'toLowerCase':
    case 'toLocaleLowerCase':
      return text(method('lowerAscii', node, [], STRING));
    case 'toUpperCase':
    case 'toLocaleUpperCase':
      return text(method('upperAscii', node, [], STRING));
    case 'trim':
      return text(method('find', node, [literal(`${NOT_SPACE}(?s:.*${NOT_SPACE})?`)], STRING));
    case 'trimStart':
      return text(method('find', node, [literal(`${NOT_SPACE}(?s:.*)`)], STRING));
    case 'trimEnd':
      return text(method('find', node, [literal(`(?s:.*)${NOT_SPACE}`)], STRING));
    case 'split':
      return split(value, args);
    case 'replace':
    case 'replaceAll':
      return text(replaceText(interpreter, value, name, args));
    case 'slice':
      return text(between(node, clamp(args[0], node, 0), clampEnd(args[1], node)));
    case 'substring':
      return text(substring(node, args));
    case 'substr':
      return text(substr(node, args));
    case 'charAt':
    case 'at':
      return charAt(value, name, args[0]);
    case 'padStart':
    case 'padEnd':
      return text(pad(node, name, args));
    case 'repeat':
      return text(repeated(positionNode(args[0] ?? 0), node));
    case 'concat':
      return text(concat([node, ...args.map((arg) => concatenated(interpreter, arg))]));
    case 'toString':
    case 'valueOf':
      return wrap(value);
    case 'match':
      return match(value, args[0]);
    case 'matchAll':
      return matchAll(value, args[0]);
    case 'test':
      return refuse('member', `${labelOf(value)} is a string; it has no member "test"`, 'write /pattern/.test(text)');
    default:
      return unknownMember(value, name);
  }
}

/** The string that `concat` appends for an argument: for a spread list, the strings of all its elements. */
function concatenated(interpreter: Interpreter, arg: unknown): Node {
  if (arg instanceof Maybe)
    return cond(
      arg.test,
      activeTrace().under(arg.test, () => textNode(arg.value)),
      literal(''),
    );
  if (!(arg instanceof Splice)) return textNode(arg);
  return textNode(interpreter.callMethod(activeTrace().track([arg]), 'join', ['']));
}

function unknownMember(value: Sym, name: string): never {
  if (name === 'localeCompare')
    return refuse(
      'no-cel',
      '.localeCompare() has no CEL form: a graph has no language',
      'compare with < and >, by characters',
    );
  if (name in String.prototype)
    return refuse(
      'no-cel',
      `.${name}() of a string has no CEL form`,
      'compute it before the composition, or write it with other methods',
    );
  const near = nearestName(name, NAMES);
  return refuse(
    'member',
    `${labelOf(value)} is a string; it has no member "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
  );
}

function only(count: number, args: readonly unknown[], name: string, value: Sym, build: () => unknown): unknown {
  if (args.length > count && args.slice(count).some((arg) => resolveMerged(arg) !== undefined)) {
    return refuse('no-cel', `.${name}() of ${labelOf(value)} with a position has no CEL form`, 'take a .slice() first');
  }
  return build();
}

/** The part of a string from a position on. A negative position is zero, as for `includes` and `startsWith`. */
function startingAt(node: Node, position: unknown): Node {
  return resolveMerged(position) === undefined ? node : between(node, cut(position, node), size(node, INTEGER));
}

const upTo = (node: Node, end: unknown): Node => between(node, literal(0), cut(end, node));

/** `text.search(/re/)`: the position of the first match. */
function search({ node, waits }: Sym, raw: unknown): unknown {
  const pattern = resolveMerged(raw);
  if (!(pattern instanceof RegExp))
    return refuse('no-cel', '.search() without a regular expression has no CEL form', 'use .indexOf()');
  return wrap(new Sym(searchPattern(node, pattern), { waits }));
}

const callOn = (node: Node, name: string, arg: Node): Node => method(name, node, [arg], { kind: 'bool' });

/**
 * Converts a number to a whole position, as methods of strings and lists do. Infinite positions become the largest safe
 * integers, because no string is longer.
 */
export function wholePosition(value: number): number {
  return Math.min(Math.max(Math.trunc(value) || 0, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Converts a number argument to an integer expression. */
export function positionNode(raw: unknown): Node {
  const value = resolveMerged(raw);
  if (typeof value === 'number') return literal(wholePosition(value));
  const sym = asSym(value);
  if (sym === undefined || (sym.type.kind !== 'number' && sym.type.kind !== 'dyn'))
    return refuse(
      'types',
      `${describeValue(value)} is not a number, but a position or count must be one`,
      'convert it with Number() first',
    );
  requireInteger(sym.node);
  return sym.node;
}

function split(value: Sym, args: readonly unknown[]): unknown {
  const separator = resolveMerged(args[0]);
  if (separator === undefined) return freshList(limited(list([value.node]), args[1]), value.waits);
  if (separator instanceof RegExp) {
    const at = splitPattern(value.node, separator);
    return split(new Sym(at.text, { waits: value.waits }), [at.separator, ...args.slice(1)]);
  }
  const pieces = method('split', value.node, [textNode(separator)], listOf(STRING));
  return freshList(limited(pieces, args[1]), value.waits);
}

/** The first pieces of a split string, as many as the limit allows. */
function limited(pieces: Node, raw: unknown): Node {
  const given = resolveMerged(raw);
  if (given === undefined) return pieces;
  const limit = typeof given === 'number' ? literal(given >>> 0) : unsigned(positionNode(given));
  return bindOnce(pieces, 'l', pieces.type, (bound) => {
    const count = size(bound, INTEGER);
    const end = cond(compare('lt', limit, count), limit, count);
    return method('slice', bound, [literal(0), end], listOf(STRING));
  });
}

/** A number as an unsigned integer of 32 bits: -1 becomes the largest. */
function unsigned(node: Node): Node {
  const range = literal(2 ** 32);
  return modulo(add(modulo(node, range), range), range);
}

/** The distance from the end to a position that is a negative literal; `undefined` for any other position. */
const fromEndOf = (node: Node): number | undefined =>
  node.kind === 'lit' && Number(node.value) < 0 ? -Number(node.value) : undefined;

/**
 * A position by the rules of `slice`, limited to the bounds of the string or list. `missing` is the position for an
 * absent argument.
 */
export function clamp(raw: unknown, of: Node, missing: number): Node {
  const value = resolveMerged(raw);
  if (value === undefined) return literal(missing);
  return clampNode(positionNode(value), of);
}

/** The end of a `slice`: the size of the string or list when absent. */
export function clampEnd(raw: unknown, of: Node): Node {
  return resolveMerged(raw) === undefined ? size(of, INTEGER) : clampNode(positionNode(raw), of);
}

function clampNode(position: Node, of: Node): Node {
  const count = size(of, INTEGER);
  const fromEnd = add(count, position);
  if (isLiteral(position, 0)) return position;
  const known = fromEndOf(position);
  if (known !== undefined) {
    const back = literal(known);
    return cond(compare('gt', count, back), subtract(count, back), literal(0));
  }
  const forward = cond(compare('lt', position, count), position, count);
  if (position.kind === 'lit' || isSize(position)) return forward;
  return cond(
    compare('ge', position, literal(0)),
    forward,
    cond(compare('gt', fromEnd, literal(0)), fromEnd, literal(0)),
  );
}

function isSize(node: Node): boolean {
  return node.kind === 'call' && node.name === 'size';
}

/** The part of a string between two clamped positions. */
function between(node: Node, from: Node, to: Node): Node {
  const count = size(node, INTEGER);
  if (isLiteral(from, 0)) {
    if (to === count) return node;
    // An end that is limited to the size (`k < size ? k : size`) yields `k < size ? s.substring(0, k) : s`.
    if (to.kind === 'cond' && to.args[2] === count) {
      const [test, end] = to.args;
      return cond(test, method('substring', node, [literal(0), end], STRING), node);
    }
    return method('substring', node, [literal(0), to], STRING);
  }
  if (to === count)
    return from.kind === 'cond' && from.args[2] === count
      ? fromOn(node, from)
      : method('substring', node, [from], STRING);
  return cond(compare('lt', from, to), method('substring', node, [from, to], STRING), literal(''));
}

function fromOn(node: Node, from: Conditional): Node {
  const [test, start] = from.args;
  return cond(test, method('substring', node, [start], STRING), literal(''));
}

/**
 * A position by the rules of `substring`: a negative position becomes zero, and a position above the size becomes the
 * size.
 */
function cut(raw: unknown, of: Node): Node {
  const position = positionNode(raw);
  const count = size(of, INTEGER);
  const forward = cond(compare('lt', position, count), position, count);
  if (position.kind === 'lit') return Number(position.value) <= 0 ? literal(0) : forward;
  return cond(compare('gt', position, literal(0)), forward, literal(0));
}

function substring(node: Node, args: readonly unknown[]): Node {
  const from = resolveMerged(args[0]) === undefined ? literal(0) : cut(args[0], node);
  if (resolveMerged(args[1]) === undefined) return between(node, from, size(node, INTEGER));
  const a = resolveMerged(args[0]);
  const b = resolveMerged(args[1]);
  if (typeof a === 'number' && typeof b === 'number') {
    const ends = [a, b].map((end) => (Number.isNaN(end) ? 0 : end));
    return between(node, cut(Math.min(...ends), node), cut(Math.max(...ends), node));
  }
  const to = cut(args[1], node);
  // `substring` swaps its arguments when the first is larger.
  return cond(compare('le', from, to), between(node, from, to), method('substring', node, [to, from], STRING));
}

function substr(node: Node, args: readonly unknown[]): Node {
  const from = clamp(args[0], node, 0);
  if (resolveMerged(args[1]) === undefined) return between(node, from, size(node, INTEGER));
  const length = positionNode(args[1]);
  if (length.kind === 'lit' && Number(length.value) <= 0) return literal('');
  const count = size(node, INTEGER);
  const rest = subtract(count, from);
  const end = cond(compare('lt', length, rest), add(from, length), count);
  const part = method('substring', node, [from, end], STRING);
  return length.kind === 'lit' ? part : cond(compare('gt', length, literal(0)), part, literal(''));
}

function charAt(value: Sym, name: string, raw: unknown): unknown {
  const { node, waits } = value;
  const position = positionNode(raw ?? 0);
  const count = size(node, INTEGER);
  const back = fromEndOf(position);
  const at = name === 'at' && back !== undefined ? add(count, position) : position;
  const inside =
    back !== undefined
      ? name === 'at'
        ? compare('ge', count, literal(back))
        : literal(false)
      : compare('lt', position, count);
  if (name === 'at' && position.kind !== 'lit')
    return refuse('no-cel', '.at() of a string with a symbolic position has no CEL form', 'use .charAt()');
  const character = method('charAt', node, [at], STRING);
  if (name === 'at') return phi(inside, wrap(new Sym(character, { waits })), undefined);
  const sure = position.kind === 'lit' ? inside : cond(compare('ge', position, literal(0)), inside, literal(false));
  return textValue(cond(sure, character, literal('')), waits);
}

/** `unit` repeated `count` times. A negative `count` is an error, as in JavaScript. */
function repeated(count: Node, unit: Node): Node {
  if (count.kind === 'lit' && unit.kind === 'lit') return literal(String(unit.value).repeat(Number(count.value)));
  const i = macroVariable('i');
  return method(
    'join',
    macro('map', call('lists.range', [count], listOf(INTEGER)), [i], [unit], listOf(STRING)),
    [],
    STRING,
  );
}

function pad(node: Node, name: string, args: readonly unknown[]): Node {
  const width = positionNode(args[0]);
  const fill = resolveMerged(args[1]) === undefined ? literal(' ') : textNode(args[1]);
  if (fill.kind !== 'lit')
    return refuse('no-cel', `.${name}() with a symbolic fill string has no CEL form`, 'pad with a fixed string');
  if (fill.value === '') return node;
  const count = size(node, INTEGER);
  const missing = subtract(width, count);
  const enough = repeated(missing, fill);
  const padding = String(fill.value).length === 1 ? enough : method('substring', enough, [literal(0), missing], STRING);
  return cond(compare('ge', count, width), node, concat(name === 'padStart' ? [padding, node] : [node, padding]));
}
