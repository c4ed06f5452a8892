import { CHARACTERS } from '@typekro/kit/golang';
import * as ir from '../ir/build.ts';
import { nearestName } from '@typekro/kit/core';
import { requireInteger } from '../ir/lower.ts';
import { bindOnce } from '../ir/numeric.ts';
import { type Conditional, type Node, isLiteral } from '../ir/node.ts';
import { INTEGER, listOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
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
export function stringMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
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
        return wrap(new Sym(ir.method(name, node, [arg(0), cut(args[1], node)], INTEGER), { waits }));
      return wrap(new Sym(ir.method(name, node, [arg(0)], INTEGER), { waits }));
    case 'lastIndexOf':
      return only(1, args, name, value, () => wrap(new Sym(ir.method(name, node, [arg(0)], INTEGER), { waits })));
    case 'toLowerCase':
    case 'toLocaleLowerCase':
      return text(ir.method('lowerAscii', node, [], STRING));
    case 'toUpperCase':
    case 'toLocaleUpperCase':
      return text(ir.method('upperAscii', node, [], STRING));
    case 'trim':
      return text(ir.method('find', node, [ir.literal(`${NOT_SPACE}(?s:.*${NOT_SPACE})?`)], STRING));
    case 'trimStart':
      return text(ir.method('find', node, [ir.literal(`${NOT_SPACE}(?s:.*)`)], STRING));
    case 'trimEnd':
      return text(ir.method('find', node, [ir.literal(`(?s:.*)${NOT_SPACE}`)], STRING));
    case 'split':
      return split(value, args);
    case 'replace':
    case 'replaceAll':
      return text(replaceText(value, name, args));
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
      return text(ir.concat([node, ...args.map((arg) => concatenated(arg))]));
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
function concatenated(arg: unknown): Node {
  if (arg instanceof Maybe)
    return ir.cond(
      arg.test,
      activeTrace().under(arg.test, () => textNode(arg.value)),
      ir.literal(''),
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
  return resolveMerged(position) === undefined ? node : between(node, cut(position, node), ir.size(node, INTEGER));
}

const upTo = (node: Node, end: unknown): Node => between(node, ir.literal(0), cut(end, node));

/** `text.search(/re/)`: the position of the first match. */
function search({ node, waits }: Sym, raw: unknown): unknown {
  const pattern = resolveMerged(raw);
  if (!(pattern instanceof RegExp))
    return refuse('no-cel', '.search() without a regular expression has no CEL form', 'use .indexOf()');
  return wrap(new Sym(searchPattern(node, pattern), { waits }));
}

const callOn = (node: Node, name: string, arg: Node): Node => ir.method(name, node, [arg], { kind: 'bool' });

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
  if (typeof value === 'number') return ir.literal(wholePosition(value));
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
  if (separator === undefined) return freshList(limited(ir.list([value.node]), args[1]), value.waits);
  if (separator instanceof RegExp) {
    const at = splitPattern(value.node, separator);
    return split(new Sym(at.text, { waits: value.waits }), [at.separator, ...args.slice(1)]);
  }
  const pieces = ir.method('split', value.node, [textNode(separator)], listOf(STRING));
  return freshList(limited(pieces, args[1]), value.waits);
}

/** The first pieces of a split string, as many as the limit allows. */
function limited(pieces: Node, raw: unknown): Node {
  const given = resolveMerged(raw);
  if (given === undefined) return pieces;
  const limit = typeof given === 'number' ? ir.literal(given >>> 0) : unsigned(positionNode(given));
  return bindOnce(pieces, 'l', pieces.type, (bound) => {
    const count = ir.size(bound, INTEGER);
    const end = ir.cond(ir.compare('lt', limit, count), limit, count);
    return ir.method('slice', bound, [ir.literal(0), end], listOf(STRING));
  });
}

/** A number as an unsigned integer of 32 bits: -1 becomes the largest. */
function unsigned(node: Node): Node {
  const range = ir.literal(2 ** 32);
  return ir.modulo(ir.add(ir.modulo(node, range), range), range);
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
  if (value === undefined) return ir.literal(missing);
  return clampNode(positionNode(value), of);
}

/** The end of a `slice`: the size of the string or list when absent. */
export function clampEnd(raw: unknown, of: Node): Node {
  return resolveMerged(raw) === undefined ? ir.size(of, INTEGER) : clampNode(positionNode(raw), of);
}

function clampNode(position: Node, of: Node): Node {
  const count = ir.size(of, INTEGER);
  const fromEnd = ir.add(count, position);
  if (isLiteral(position, 0)) return position;
  const known = fromEndOf(position);
  if (known !== undefined) {
    const back = ir.literal(known);
    return ir.cond(ir.compare('gt', count, back), ir.subtract(count, back), ir.literal(0));
  }
  const forward = ir.cond(ir.compare('lt', position, count), position, count);
  if (position.kind === 'lit' || isSize(position)) return forward;
  return ir.cond(
    ir.compare('ge', position, ir.literal(0)),
    forward,
    ir.cond(ir.compare('gt', fromEnd, ir.literal(0)), fromEnd, ir.literal(0)),
  );
}

function isSize(node: Node): boolean {
  return node.kind === 'call' && node.name === 'size';
}

/** The part of a string between two clamped positions. */
function between(node: Node, from: Node, to: Node): Node {
  const count = ir.size(node, INTEGER);
  if (isLiteral(from, 0)) {
    if (to === count) return node;
    // An end that is limited to the size (`k < size ? k : size`) yields `k < size ? s.substring(0, k) : s`.
    if (to.kind === 'cond' && to.args[2] === count) {
      const [test, end] = to.args;
      return ir.cond(test, ir.method('substring', node, [ir.literal(0), end], STRING), node);
    }
    return ir.method('substring', node, [ir.literal(0), to], STRING);
  }
  if (to === count)
    return from.kind === 'cond' && from.args[2] === count
      ? fromOn(node, from)
      : ir.method('substring', node, [from], STRING);
  return ir.cond(ir.compare('lt', from, to), ir.method('substring', node, [from, to], STRING), ir.literal(''));
}

function fromOn(node: Node, from: Conditional): Node {
  const [test, start] = from.args;
  return ir.cond(test, ir.method('substring', node, [start], STRING), ir.literal(''));
}

/**
 * A position by the rules of `substring`: a negative position becomes zero, and a position above the size becomes the
 * size.
 */
function cut(raw: unknown, of: Node): Node {
  const position = positionNode(raw);
  const count = ir.size(of, INTEGER);
  const forward = ir.cond(ir.compare('lt', position, count), position, count);
  if (position.kind === 'lit') return Number(position.value) <= 0 ? ir.literal(0) : forward;
  return ir.cond(ir.compare('gt', position, ir.literal(0)), forward, ir.literal(0));
}

function substring(node: Node, args: readonly unknown[]): Node {
  const from = resolveMerged(args[0]) === undefined ? ir.literal(0) : cut(args[0], node);
  if (resolveMerged(args[1]) === undefined) return between(node, from, ir.size(node, INTEGER));
  const a = resolveMerged(args[0]);
  const b = resolveMerged(args[1]);
  if (typeof a === 'number' && typeof b === 'number') {
    const ends = [a, b].map((end) => (Number.isNaN(end) ? 0 : end));
    return between(node, cut(Math.min(...ends), node), cut(Math.max(...ends), node));
  }
  const to = cut(args[1], node);
  // `substring` swaps its arguments when the first is larger.
  return ir.cond(ir.compare('le', from, to), between(node, from, to), ir.method('substring', node, [to, from], STRING));
}

function substr(node: Node, args: readonly unknown[]): Node {
  const from = clamp(args[0], node, 0);
  if (resolveMerged(args[1]) === undefined) return between(node, from, ir.size(node, INTEGER));
  const length = positionNode(args[1]);
  if (length.kind === 'lit' && Number(length.value) <= 0) return ir.literal('');
  const count = ir.size(node, INTEGER);
  const rest = ir.subtract(count, from);
  const end = ir.cond(ir.compare('lt', length, rest), ir.add(from, length), count);
  const part = ir.method('substring', node, [from, end], STRING);
  return length.kind === 'lit' ? part : ir.cond(ir.compare('gt', length, ir.literal(0)), part, ir.literal(''));
}

function charAt(value: Sym, name: string, raw: unknown): unknown {
  const { node, waits } = value;
  const position = positionNode(raw ?? 0);
  const count = ir.size(node, INTEGER);
  const back = fromEndOf(position);
  const at = name === 'at' && back !== undefined ? ir.add(count, position) : position;
  const inside =
    back !== undefined
      ? name === 'at'
        ? ir.compare('ge', count, ir.literal(back))
        : ir.literal(false)
      : ir.compare('lt', position, count);
  if (name === 'at' && position.kind !== 'lit')
    return refuse('no-cel', '.at() of a string with a symbolic position has no CEL form', 'use .charAt()');
  const character = ir.method('charAt', node, [at], STRING);
  if (name === 'at') return phi(inside, wrap(new Sym(character, { waits })), undefined);
  const sure =
    position.kind === 'lit' ? inside : ir.cond(ir.compare('ge', position, ir.literal(0)), inside, ir.literal(false));
  return textValue(ir.cond(sure, character, ir.literal('')), waits);
}

/** `unit` repeated `count` times. A negative `count` is an error, as in JavaScript. */
function repeated(count: Node, unit: Node): Node {
  if (count.kind === 'lit' && unit.kind === 'lit') return ir.literal(String(unit.value).repeat(Number(count.value)));
  const i = ir.macroVariable('i');
  return ir.method(
    'join',
    ir.macro('map', ir.call('lists.range', [count], listOf(INTEGER)), [i], [unit], listOf(STRING)),
    [],
    STRING,
  );
}

function pad(node: Node, name: string, args: readonly unknown[]): Node {
  const width = positionNode(args[0]);
  const fill = resolveMerged(args[1]) === undefined ? ir.literal(' ') : textNode(args[1]);
  if (fill.kind !== 'lit')
    return refuse('no-cel', `.${name}() with a symbolic fill string has no CEL form`, 'pad with a fixed string');
  if (fill.value === '') return node;
  const count = ir.size(node, INTEGER);
  const missing = ir.subtract(width, count);
  const enough = repeated(missing, fill);
  const padding =
    String(fill.value).length === 1 ? enough : ir.method('substring', enough, [ir.literal(0), missing], STRING);
  return ir.cond(
    ir.compare('ge', count, width),
    node,
    ir.concat(name === 'padStart' ? [padding, node] : [node, padding]),
  );
}
