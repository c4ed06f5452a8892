import { Refusal } from '../trace/refusal.ts';
import type { Site } from '../trace/refusal.ts';
import { macro, macroVariable, variable } from './build.ts';
import { isFinite, isInteger, isNumber, power, rounding, textOfQuotient, toFixed, toInt32 } from './lower-numbers.ts';
import type { Node, Variable } from './node.ts';
import { makeNode, walk } from './node.ts';
import { bindOnce, isDouble, toDouble, toInt } from './numeric.ts';
import { joinable } from './joined-lists.ts';
import { lowerDecimal, lowerInteger, lowerNumber, mayBeQuotient } from './parse-numbers.ts';
import type { StaticType } from './types.ts';
import { BOOL, DYN, FLOAT, holdsObjects, INTEGER, listOf, mapOf, STRING } from './types.ts';

/**
 * Turns nodes with JavaScript's meaning into CEL: settles which numbers are integers and which doubles,
 * inserts the conversions that CEL wants, and makes branches and lists of mixed types dyn.
 */
export class Lowering {
  private readonly done = new Map<Node, Node>();
  private readonly siteOf: (node: Node) => Site | undefined;

  /** `siteOf`: where in the source an expression was put together, for refusals. */
  constructor(siteOf: (node: Node) => Site | undefined = () => undefined) {
    this.siteOf = siteOf;
  }

  /** The expression in CEL's own operators. */
  lower(node: Node): Node {
    const known = this.done.get(node);
    if (known !== undefined) return known;
    try {
      const lowered = this.convert(node);
      this.done.set(node, lowered);
      return lowered;
    } catch (error) {
      if (error instanceof Refusal) error.site ??= this.siteOf(node);
      throw error;
    }
  }

  private convert(node: Node): Node {
    const args = node.args.map((arg) => this.lower(arg));
    switch (node.op) {
      case 'lit':
        return node;
      case 'add':
      case 'sub':
      case 'mul':
      case 'mod':
        return this.arithmetic(node, args);
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
      case 'eq': {
        const [a, b] = this.alike(args as [Node, Node]);
        return makeNode(node.op, [a, b], null, BOOL);
      }
      case 'div':
        return makeNode('div', args.map(toDouble), null, FLOAT);
      case 'neg':
        return makeNode('neg', args, null, (args[0] as Node).type);
      case 'cond':
        return this.conditional(args as [Node, Node, Node]);
      case 'tostr':
        return this.text(args[0] as Node);
      case 'floor':
      case 'ceil':
      case 'round':
      case 'trunc':
        return rounding(node.op, args[0] as Node);
      case 'toint32':
        return toInt32(args[0] as Node);
      case 'tofixed':
        return toFixed(args[0] as Node, Number(node.attr), mayBeQuotient(args[0] as Node) ? quotientText : finiteText);
      case 'pow':
        return power(args[0] as Node, Number(node.attr));
      case 'isinteger':
        return isInteger(args[0] as Node);
      case 'isfinite':
        return isFinite(args[0] as Node);
      case 'isnumber':
        return isNumber(args[0] as Node);
      case 'parseint': {
        const value = args[0] as Node;
        if (value.type.kind === 'number' && !isDouble(value)) return value;
        return lowerInteger(value.type.kind === 'string' ? value : this.text(value), node.attr as 'ten' | 'any');
      }
      case 'parsefloat':
        return lowerDecimal(args[0] as Node);
      case 'toint':
        return toInt(args[0] as Node);
      case 'todouble':
        return toDouble(args[0] as Node);
      case 'ofnumber':
        return isDouble(node) ? toDouble(args[0] as Node) : toInt(args[0] as Node);
      case 'parsenumber': {
        const integer = node.attr === null && node.type.kind === 'number' && node.type.number.state === 'int';
        return lowerNumber(args[0] as Node, integer);
      }
      case 'orvalue': {
        const [optional, fallback] = args as [Node, Node];
        const of = optional.type.kind === 'optional' ? optional.type.of : DYN;
        return makeNode('orvalue', [optional, convertTo(fallback, of)], null, of);
      }
      case 'in':
        return this.membership(args as [Node, Node]);
      case 'list':
        return this.listLiteral(args, node);
      case 'append':
        return this.joined(args, node);
      case 'call':
        return makeNode('call', node.attr === 'json.marshal' ? args.map(forJson) : args, node.attr, node.type);
      case 'method':
        return makeNode('method', alikeArguments(String(node.attr), args), node.attr, node.type);
      default:
        return makeNode(node.op, args, node.attr, settled(node, args), node.vars);
    }
  }

  private arithmetic(node: Node, args: readonly Node[]): Node {
    const [a, b] = this.alike(args as [Node, Node]);
    if (node.op === 'mod' && isDouble(a)) {
      const message = '% of numbers that may have a fraction has no CEL form';
      throw new Refusal('types', message, 'round both sides first, or declare them as integers');
    }
    return makeNode(node.op, [a, b], null, a.type);
  }

  /** Both sides of one numeric type: an integer beside a double becomes a double. */
  private alike([a, b]: [Node, Node]): [Node, Node] {
    if (a.type.kind !== 'number' || b.type.kind !== 'number') return [a, b];
    return isDouble(a) || isDouble(b) ? [toDouble(a), toDouble(b)] : [a, b];
  }

  private conditional([test, a, b]: [Node, Node, Node]): Node {
    if (a.type.kind === 'number' && b.type.kind === 'number') {
      const [x, y] = this.alike([a, b]);
      return makeNode('cond', [test, x, y], null, x.type);
    }
    if (sameCelType(celTypeName(a), celTypeName(b)) || fitsEmpty(a, b) || fitsEmpty(b, a))
      return makeNode('cond', [test, a, b], null, a.type);
    return makeNode('cond', [test, dyn(a), dyn(b)], null, DYN);
  }

  private membership([element, list]: [Node, Node]): Node {
    if (list.type.kind === 'list' && element.type.kind === 'number' && list.type.element.kind === 'number') {
      const doubles = list.type.element.number.state === 'double' || list.type.element.number.state === 'open';
      if (doubles) return makeNode('in', [toDouble(element), list], null, BOOL);
      if (isDouble(element)) return makeNode('in', [dyn(element), list], null, BOOL);
    }
    return makeNode('in', [element, list], null, BOOL);
  }

  private listLiteral(args: readonly Node[], node: Node): Node {
    const numeric = args.length > 0 && args.every((arg) => arg.type.kind === 'number');
    const items = numeric && args.some(isDouble) ? args.map(toDouble) : args;
    return makeNode('list', items, null, items.length === 0 ? node.type : node.type);
  }

  /** Lists whose elements differ in type become lists of dyn. */
  private joined(args: readonly Node[], node: Node): Node {
    const numeric = args.every(
      (arg) => arg.type.kind === 'list' && (arg.type.element.kind === 'number' || arg.args.length === 0),
    );
    const parts = numeric && args.map(celTypeName).includes('list(double)') ? args.map(listOfDoubles) : args;
    const names = parts.map(celTypeName);
    const same = names.every((name) => sameCelType(name, names.find((other) => other !== 'list(?)') ?? name));
    const element = same ? (/^list\((.*)\)$/.exec(names.find((name) => name !== 'list(?)') ?? '')?.[1] ?? '') : '';
    return makeNode('append', joinable(same ? parts : parts.map(dyn), element), null, node.type);
  }

  /** JavaScript's text of a scalar. */
  private text(value: Node): Node {
    if (value.type.kind === 'string') return value;
    if (value.type.kind === 'dyn' && value.op !== 'raw') return textOfUnknown(value);
    if (value.type.kind !== 'number' || !isDouble(value)) return makeNode('call', [value], 'string', STRING);
    return mayBeQuotient(value) ? quotientText(value) : finiteText(value);
  }
}

/** JavaScript's text of a value of unknown type: it may be a double, as every number of `json.unmarshal` is. */
function textOfUnknown(value: Node): Node {
  return bindOnce(value, 'v', DYN, (v) => {
    const isDoubleValue = makeNode('raw', [v], ['type(', ') == type(0.0)'], BOOL);
    const json = makeNode('call', [makeNode('raw', [v], ['(', ' + 0.0)'], DYN)], 'json.marshal', STRING);
    return makeNode('cond', [isDoubleValue, json, makeNode('call', [v], 'string', STRING)], null, STRING);
  });
}

const quotientText = (value: Node): Node => textOfQuotient(value, finiteText);

/** JavaScript's text of a double that is finite. */
function finiteText(value: Node): Node {
  // JSON prints doubles as JavaScript does, where CEL's string() begins exponents at a million.
  return makeNode('call', [withoutMinusZero(value)], 'json.marshal', STRING);
}

/** JavaScript prints -0 as 0, JSON does not; -0 + 0 is 0. */
function withoutMinusZero(value: Node): Node {
  // A number that JSON.parse() gave may be -0 by itself.
  if (value.op === 'call' && value.attr === 'json.unmarshal') {
    return bindOnce(value, 'v', DYN, (v) =>
      makeNode('raw', [v, v, v], ['(type(', ') == type(0.0) ? ', ' + 0.0 : ', ')'], DYN),
    );
  }
  if (!isDouble(value) || !mayBeMinusZero(value)) return value;
  return makeNode('add', [value, makeNode('lit', [], '0.0', FLOAT)], null, FLOAT);
}

/** What is printed as JSON, its numbers as JavaScript prints them. */
function forJson(node: Node): Node {
  if (!['object', 'list', 'append', 'cond'].includes(node.op)) return withoutMinusZero(node);
  return makeNode(node.op, node.args.map(forJson), node.attr, node.type, node.vars);
}

function convertTo(node: Node, type: StaticType): Node {
  if (type.kind === 'number' && node.type.kind === 'number') {
    const double = type.number.state === 'double' || type.number.state === 'open';
    return double ? toDouble(node) : node;
  }
  return node;
}

/** `dyn(x)`. */
export function dyn(node: Node): Node {
  return node.type === DYN || node.op === 'dyn' ? node : makeNode('dyn', [node], null, DYN);
}

/** A list of numbers as one of doubles. */
function listOfDoubles(node: Node): Node {
  const name = celTypeName(node);
  if (name !== 'list(int)') return node;
  if (node.op === 'list') return makeNode('list', node.args.map(toDouble), null, listOf(FLOAT));
  const item = macroVariable('x');
  return macro('map', node, [item], [toDouble(variable(item, INTEGER))], listOf(FLOAT));
}

/** The type of a node whose operands were lowered. */
function settled(node: Node, args: readonly Node[]): StaticType {
  if (node.op === 'macro' && node.attr === 'bind') return (args[1] as Node).type;
  if (node.op === 'macro' && node.attr === 'map' && args.length === 2 && node.type.kind === 'list') {
    return { kind: 'list', element: (args[1] as Node).type };
  }
  return node.type;
}

/** May the value be -0? */
function mayBeMinusZero(value: Node): boolean {
  let found = false;
  walk(value, ({ op }) => {
    if (op === 'mul' || op === 'div' || op === 'neg' || op === 'call') found = true;
  });
  return found;
}

/** The operands of a method, converted where CEL wants one type. */
function alikeArguments(name: string, args: readonly Node[]): readonly Node[] {
  const [list, item] = args;
  if (name === 'merge') return alikeMaps(args);
  if ((name !== 'indexOf' && name !== 'lastIndexOf') || list === undefined || item?.type.kind !== 'number') return args;
  if (celTypeName(list) === 'list(double)') return [list, toDouble(item)];
  return isDouble(item) ? [listOfDoubles(list), item] : args;
}

/**
 * Maps to merge: CEL has no function for maps whose values differ in type. The values of the first become dyn, not the
 * map: of `dyn(a).merge(dyn(b))` the type of the keys is open, and the next call would decide on it.
 */
function alikeMaps(args: readonly Node[]): readonly Node[] {
  const [a, b] = args.map(celTypeName) as [string, string];
  if (a === b || a === 'map(dyn)' || b === 'map(dyn)') return args;
  const [left, right] = args as [Node, Node];
  return [withDynValues(left), right];
}

/** A map with values of any type. */
function withDynValues(map: Node): Node {
  const plain = map.op === 'object' && map.args.every(({ type }) => type.kind !== 'optional');
  if (plain) {
    // Objects of several types have no type while they are traced; CEL gives their literals one.
    const values = map.args.map((arg, position) =>
      position % 2 === 0 || arg.op === 'dyn' ? arg : makeNode('dyn', [arg], null, DYN),
    );
    return makeNode('object', values, map.attr, mapOf(DYN));
  }
  const [key, value] = [macroVariable('k'), macroVariable('v')];
  const of = map.type.kind === 'map' ? map.type.value : DYN;
  return macro('transformMap', map, [key, value], [makeNode('dyn', [variable(value, of)], null, DYN)], mapOf(DYN));
}

/** Is the node an empty literal that fits the type of another node? `[]` fits every list, `{}` every map. */
function fitsEmpty(node: Node, other: Node): boolean {
  if (node.args.length > 0 || (node.op !== 'list' && node.op !== 'object')) return false;
  const name = celTypeName(other);
  return name === 'dyn' || name.startsWith(node.op === 'list' ? 'list(' : 'map(');
}

/** A name for the CEL type, equal exactly for types that CEL takes as one. */
export function celTypeName(node: Node): string {
  const [a, b, c] = node.args;
  switch (node.op) {
    case 'object':
      return objectTypeName(node);
    case 'list': {
      const names = new Set(node.args.map(celTypeName));
      return `list(${names.size === 1 ? [...names][0] : names.size === 0 ? '?' : 'dyn'})`;
    }
    case 'append': {
      const known = node.args.map(celTypeName).find((name) => name !== 'list(?)');
      return known ?? 'list(?)';
    }
    case 'cond': {
      const name = celTypeName(b as Node);
      // An empty literal has the type of the other side.
      const open = name === 'list(?)' || (b?.op === 'object' && b.args.length === 0);
      return open ? celTypeName(c as Node) : name;
    }
    case 'method': {
      if (node.attr !== 'merge') return typeName(node.type);
      const [left, right] = node.args.map(celTypeName) as [string, string];
      return left === right || right === 'map(dyn)' ? left : left === 'map(dyn)' ? right : 'map(dyn)';
    }
    case 'macro':
      if (node.attr === 'map')
        return isCopy(node) ? celTypeName(a as Node) : `list(${celTypeName(node.args.at(-1) as Node)})`;
      return node.attr === 'filter' ? celTypeName(a as Node) : typeName(node.type);
    default:
      return typeName(node.type) + (holdsObjects(node.type) ? `@${placeOf(node)}` : '');
  }
}

/** Is the node a copy of its list, `list.map(e, e)`? Its elements keep the types of the list's. */
function isCopy(map: Node): boolean {
  const [, body] = map.args;
  return map.args.length === 2 && body?.op === 'var' && body.attr === map.vars[0];
}

/** Methods whose list has the elements of their target. */
const KEEPS_ELEMENTS: ReadonlySet<unknown> = new Set(['slice', 'reverse', 'sort', 'distinct']);

/** The place that a path reads: CEL gives the objects of each resource, and of each field of the spec, a type of their own. */
function placeOf(node: Node): string {
  const steps: string[] = [];
  let step = node;
  while (step.op !== 'var') {
    const [from] = step.args;
    const keeps =
      (step.op === 'macro' && step.attr === 'filter') || (step.op === 'method' && KEEPS_ELEMENTS.has(step.attr));
    if (from === undefined || (!keeps && step.op !== 'select' && step.op !== 'index')) return '';
    if (!keeps) steps.push(step.op === 'select' ? String(step.attr) : '[]');
    step = from;
  }
  const root = step.attr as Variable;
  if (root.role === 'resource' || root.role === 'element') return String(root.key);
  return root.role === 'schema' ? steps.reverse().join('.') : '';
}

function objectTypeName(node: Node): string {
  const values = node.args.filter((_, position) => position % 2 === 1);
  const names = new Set(values.map((value) => celTypeName(value).replace(/^optional\((.*)\)$/, '$1')));
  return `map(${names.size === 1 ? [...names][0] : 'dyn'})`;
}

/** Are two names of one type? The type of an empty list fits every list. */
export function sameCelType(a: string, b: string): boolean {
  return a === b || (a === 'list(?)' && b.startsWith('list(')) || (b === 'list(?)' && a.startsWith('list('));
}

export function typeName(type: StaticType): string {
  switch (type.kind) {
    case 'number':
      return type.number.state === 'double' || type.number.state === 'open' ? 'double' : 'int';
    case 'list':
      return `list(${typeName(type.element)})`;
    case 'map':
      return `map(${typeName(type.value)})`;
    case 'optional':
      return `optional(${typeName(type.of)})`;
    case 'object':
      return type.joined === true ? 'dyn' : `object#${objectId(type)}`;
    default:
      return type.kind;
  }
}

const objectIds = new WeakMap<object, number>();
let nextObject = 1;

function objectId(type: object): number {
  let id = objectIds.get(type);
  if (id === undefined) {
    id = nextObject++;
    objectIds.set(type, id);
  }
  return id;
}

/** Settles numbers that flow into an integer: open ones become integers; a double is refused. */
export function requireInteger(node: Node, seen = new Set<Node>()): void {
  if (seen.has(node)) return;
  seen.add(node);
  const [a, b, c] = node.args as [Node, Node, Node];
  switch (node.op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'mod':
      requireInteger(a, seen);
      return requireInteger(b, seen);
    case 'neg':
      return requireInteger(a, seen);
    case 'cond':
      requireInteger(b, seen);
      return requireInteger(c, seen);
    case 'orvalue':
      settleType(a.type.kind === 'optional' ? a.type.of : a.type);
      return requireInteger(b, seen);
    case 'raw':
      for (const arg of node.args)
        if (arg.type.kind === 'number' && arg.type.number.state === 'open') arg.type.number.state = 'int';
      return;
    case 'pow':
      return requireInteger(a, seen);
    case 'method':
      if (node.attr !== 'sum') return settleType(node.type);
      return requireIntegers(a, seen);
    case 'div':
      throw notInteger('a division gives a fraction');
    default:
      settleType(node.type);
  }
}

/** The same of the elements of a list. */
function requireIntegers(list: Node, seen: Set<Node>): void {
  if (list.op === 'append') for (const part of list.args) requireIntegers(part, seen);
  else if (list.op === 'list') for (const item of list.args) requireInteger(item, seen);
  else if (list.op === 'macro' && list.attr === 'map') requireInteger(list.args.at(-1) as Node, seen);
  else if (list.type.kind === 'list') settleType(list.type.element);
}

function settleType(type: StaticType): void {
  if (type.kind !== 'number') return;
  if (type.number.state === 'open') type.number.state = 'int';
  else if (type.number.state === 'double') throw notInteger('the value may have a fraction');
}

function notInteger(why: string): Refusal {
  return new Refusal(
    'not-integer',
    `the field takes an integer, and ${why}`,
    'wrap it in Math.floor, Math.ceil or Math.round',
  );
}
