import { type Site, Refusal } from '../refusal/refusal.ts';
import { celTypeName, fitsEmpty, sameCelType } from './cel-type-name.ts';
import { macro, macroVariable, variable } from './build.ts';
import { isFinite, isInteger, isNumber, power, rounding, textOfQuotient, toFixed, toInt32 } from './lower-numbers.ts';
import { type Binary, type MacroNode, type Node, bodyOf, makeNode, walk, withArgs } from './node.ts';
import { bindOnce, doubleLiteral, isDouble, toDouble, toInt } from './numeric.ts';
import { joinable } from './joinable.ts';
import { lowerDecimal, lowerInteger, lowerNumber, mayBeQuotient } from './parse-numbers.ts';
import { type StaticType, BOOL, DYN, FLOAT, INTEGER, listOf, mapOf, STRING } from './types.ts';

/**
 * Turns nodes with JavaScript's meaning into CEL. Decides which numbers are integers and which are doubles. Inserts the
 * conversions that CEL requires, and makes branches and lists of mixed types dyn.
 */
export class Lowering {
  private readonly done = new Map<Node, Node>();
  private readonly siteOf: (node: Node) => Site | undefined;

  /** `siteOf` returns the place in the source where an expression was composed. Refusals name this place. */
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

  /** The lowered operands of a node. */
  private operands<Operands extends readonly Node[]>(node: {
    readonly args: Operands;
  }): {
    [Position in keyof Operands]: Node;
  };
  private operands(node: Node): readonly Node[] {
    return node.args.map((arg) => this.lower(arg));
  }

  private convert(node: Node): Node {
    switch (node.kind) {
      case 'lit':
        return node;
      case 'add':
      case 'sub':
      case 'mul':
      case 'mod':
        return this.arithmetic(node.kind, this.operands(node));
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
      case 'eq':
        return makeNode({ kind: node.kind, args: this.alike(this.operands(node)), type: BOOL });
      case 'div': {
        const [a, b] = this.operands(node);
        return makeNode({ kind: 'div', args: [toDouble(a), toDouble(b)], type: FLOAT });
      }
      case 'neg': {
        const [a] = this.operands(node);
        return makeNode({ kind: 'neg', args: [a], type: a.type });
      }
      case 'cond':
        return this.conditional(this.operands(node));
      case 'orvalue': {
        const [optional, fallback] = this.operands(node);
        const of = optional.type.kind === 'optional' ? optional.type.of : DYN;
        return makeNode({ kind: 'orvalue', args: [optional, convertTo(fallback, of)], type: of });
      }
      case 'in':
        return this.membership(this.operands(node));
      case 'list':
        return this.listLiteral(this.operands(node), node);
      case 'append':
        return this.joined(this.operands(node), node);
      case 'call': {
        const args = this.operands(node);
        return withArgs(node, node.name === 'json.marshal' ? args.map(forJson) : args);
      }
      case 'method':
        return withArgs(node, alikeArguments(node.name, this.operands(node)));
      case 'macro':
        return this.macro(node);
      default:
        return this.number(node) ?? withArgs(node, this.operands(node));
    }
  }

  /** Lowers JavaScript's functions and conversions of numbers; undefined for other nodes. */
  private number(node: Node): Node | undefined {
    switch (node.kind) {
      case 'tostr':
        return this.text(this.lower(node.args[0]));
      case 'floor':
      case 'ceil':
      case 'round':
      case 'trunc':
        return rounding(node.kind, this.lower(node.args[0]), isDouble(node));
      case 'toint32':
        return toInt32(this.lower(node.args[0]));
      case 'tofixed': {
        const value = this.lower(node.args[0]);
        return toFixed(value, node.digits, mayBeQuotient(value) ? quotientText : finiteText);
      }
      case 'pow':
        return power(this.lower(node.args[0]), node.exponent);
      case 'isinteger':
        return isInteger(this.lower(node.args[0]));
      case 'isfinite':
        return isFinite(this.lower(node.args[0]));
      case 'isnumber':
        return isNumber(this.lower(node.args[0]));
      case 'toint':
        return toInt(this.lower(node.args[0]));
      case 'todouble':
        return toDouble(this.lower(node.args[0]));
      case 'ofnumber': {
        const value = this.lower(node.args[0]);
        return isDouble(node) ? toDouble(value) : toInt(value);
      }
      case 'parseint': {
        const value = this.lower(node.args[0]);
        if (value.type.kind === 'number' && !isDouble(value)) return value;
        return lowerInteger(value.type.kind === 'string' ? value : this.text(value), node);
      }
      case 'parsefloat':
        return lowerDecimal(this.lower(node.args[0]));
      case 'parsenumber': {
        const isInt = node.type.kind === 'number' && node.type.number.state === 'int';
        return lowerNumber(this.lower(node.args[0]), node.as === undefined && isInt);
      }
      default:
        return undefined;
    }
  }

  /**
   * Lowers a macro. A `bind` gets the type of its lowered body, and a `map` gets a list of this type. All other macros
   * keep their type.
   */
  private macro(node: MacroNode): Node {
    const args = this.operands(node);
    const [, body] = args;
    if (body === undefined) return withArgs(node, args);
    if (node.name === 'bind') return withArgs(node, args, body.type);
    const isMap = node.name === 'map' && args.length === 2 && node.type.kind === 'list';
    return withArgs(node, args, isMap ? { kind: 'list', element: body.type } : node.type);
  }

  private arithmetic(kind: Binary['kind'], operands: readonly [Node, Node]): Node {
    const [a, b] = this.alike(operands);
    if (kind === 'mod' && isDouble(a)) {
      const message = '% of numbers that may have a fraction has no CEL form';
      throw new Refusal(
        'types',
        message,
        'round both sides first, or declare them as integers; in a check of a schema, a product is no integer',
      );
    }
    return makeNode({ kind, args: [a, b], type: a.type });
  }

  /** Makes both operands one numeric type: if one operand is a double, the other one becomes a double. */
  private alike([a, b]: readonly [Node, Node]): readonly [Node, Node] {
    if (a.type.kind !== 'number' || b.type.kind !== 'number') return [a, b];
    return isDouble(a) || isDouble(b) ? [toDouble(a), toDouble(b)] : [a, b];
  }

  private conditional([test, a, b]: readonly [Node, Node, Node]): Node {
    if (a.type.kind === 'number' && b.type.kind === 'number') {
      const [x, y] = this.alike([a, b]);
      return makeNode({ kind: 'cond', args: [test, x, y], type: x.type });
    }
    if (sameCelType(celTypeName(a), celTypeName(b)) || fitsEmpty(a, b) || fitsEmpty(b, a))
      return makeNode({ kind: 'cond', args: [test, a, b], type: a.type });
    return makeNode({ kind: 'cond', args: [test, dyn(a), dyn(b)], type: DYN });
  }

  private membership([element, list]: readonly [Node, Node]): Node {
    if (list.type.kind === 'list' && element.type.kind === 'number' && list.type.element.kind === 'number') {
      const doubles = list.type.element.number.state === 'double' || list.type.element.number.state === 'open';
      if (doubles) return makeNode({ kind: 'in', args: [toDouble(element), list], type: BOOL });
      if (isDouble(element)) return makeNode({ kind: 'in', args: [dyn(element), list], type: BOOL });
    }
    return makeNode({ kind: 'in', args: [element, list], type: BOOL });
  }

  private listLiteral(args: readonly Node[], node: Node): Node {
    const numeric = args.length > 0 && args.every((arg) => arg.type.kind === 'number');
    const items = numeric && args.some(isDouble) ? args.map(toDouble) : args;
    return makeNode({ kind: 'list', args: items, type: node.type });
  }

  /** Joins lists. Lists of different types become dyn. */
  private joined(args: readonly Node[], node: Node): Node {
    const numeric = args.every(
      (arg) => arg.type.kind === 'list' && (arg.type.element.kind === 'number' || arg.args.length === 0),
    );
    const parts = numeric && args.map(celTypeName).includes('list(double)') ? args.map(listOfDoubles) : args;
    const names = parts.map(celTypeName);
    const same = names.every((name) => sameCelType(name, names.find((other) => other !== 'list(?)') ?? name));
    const element = same ? (/^list\((.*)\)$/.exec(names.find((name) => name !== 'list(?)') ?? '')?.[1] ?? '') : '';
    return makeNode({ kind: 'append', args: joinable(same ? parts : parts.map(dyn), element), type: node.type });
  }

  /** The string to which JavaScript converts a scalar. */
  private text(value: Node): Node {
    if (value.type.kind === 'string') return value;
    if (value.type.kind === 'dyn' && value.kind !== 'raw') return textOfUnknown(value);
    if (value.type.kind !== 'number' || !isDouble(value))
      return makeNode({ kind: 'call', args: [value], name: 'string', type: STRING });
    return mayBeQuotient(value) ? quotientText(value) : finiteText(value);
  }
}

/** The string to which JavaScript converts a value of unknown type, which may be a double (from `json.unmarshal`). */
function textOfUnknown(value: Node): Node {
  return bindOnce(value, 'v', DYN, (v) => {
    const isDoubleValue = makeNode({ kind: 'raw', args: [v], pieces: ['type(', ') == type(0.0)'], type: BOOL });
    const json = makeNode({
      kind: 'call',
      args: [makeNode({ kind: 'raw', args: [v], pieces: ['(', ' + 0.0)'], type: DYN })],
      name: 'json.marshal',
      type: STRING,
    });
    return makeNode({
      kind: 'cond',
      args: [isDoubleValue, json, makeNode({ kind: 'call', args: [v], name: 'string', type: STRING })],
      type: STRING,
    });
  });
}

const quotientText = (value: Node): Node => textOfQuotient(value, finiteText);

/** The string to which JavaScript converts a finite double. */
function finiteText(value: Node): Node {
  // JSON prints doubles as JavaScript does. CEL's `string()` already uses exponents from a million on.
  return makeNode({ kind: 'call', args: [withoutMinusZero(value)], name: 'json.marshal', type: STRING });
}

/**
 * Adds 0 to a value that may be -0, because JavaScript prints -0 as 0, and CEL's `json.marshal` prints it as -0. The
 * sum -0 + 0 is 0.
 */
function withoutMinusZero(value: Node): Node {
  // A number from JSON.parse() may be -0.
  if (value.kind === 'call' && value.name === 'json.unmarshal') {
    return bindOnce(value, 'v', DYN, (v) =>
      makeNode({ kind: 'raw', args: [v, v, v], pieces: ['(type(', ') == type(0.0) ? ', ' + 0.0 : ', ')'], type: DYN }),
    );
  }
  if (!isDouble(value) || !mayBeMinusZero(value)) return value;
  return makeNode({ kind: 'add', args: [value, doubleLiteral(0)], type: FLOAT });
}

/** A value to print as JSON, without -0 in any of its parts. */
function forJson(node: Node): Node {
  if (!['object', 'list', 'append', 'cond'].includes(node.kind)) return withoutMinusZero(node);
  return withArgs(node, node.args.map(forJson));
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
  return node.type === DYN || node.kind === 'dyn' ? node : makeNode({ kind: 'dyn', args: [node], type: DYN });
}

/** A list of numbers as a list of doubles. */
function listOfDoubles(node: Node): Node {
  const name = celTypeName(node);
  if (name !== 'list(int)') return node;
  if (node.kind === 'list') return makeNode({ kind: 'list', args: node.args.map(toDouble), type: listOf(FLOAT) });
  const item = macroVariable('x');
  return macro('map', node, [item], [toDouble(variable(item, INTEGER))], listOf(FLOAT));
}

/** May the value be -0? */
function mayBeMinusZero(value: Node): boolean {
  let found = false;
  walk(value, ({ kind }) => {
    if (kind === 'mul' || kind === 'div' || kind === 'neg' || kind === 'call') found = true;
  });
  return found;
}

/** The operands of a method, converted where CEL requires one type. */
function alikeArguments(name: string, args: readonly Node[]): readonly Node[] {
  const [list, item] = args;
  if (name === 'merge') return alikeMaps(args);
  if ((name !== 'indexOf' && name !== 'lastIndexOf') || list === undefined || item?.type.kind !== 'number') return args;
  if (celTypeName(list) === 'list(double)') return [list, toDouble(item)];
  return isDouble(item) ? [listOfDoubles(list), item] : args;
}

/**
 * The operands of `merge`. CEL has no function for maps whose values differ in type, so the values of the first map
 * become dyn. The map as a whole must not become dyn, because the key type of `dyn(a).merge(dyn(b))` would be unknown.
 */
function alikeMaps(args: readonly Node[]): readonly Node[] {
  const [left, right] = args;
  if (left === undefined || right === undefined) return args;
  const [a, b] = [celTypeName(left), celTypeName(right)];
  if (a === b || a === 'map(dyn)' || b === 'map(dyn)') return args;
  return [withDynValues(left), right];
}

/** A map with values of any type. */
function withDynValues(map: Node): Node {
  const plain = map.kind === 'object' && map.args.every(({ type }) => type.kind !== 'optional');
  if (plain) {
    // Does not call `dyn`, which leaves a node of type DYN as it is. A literal with values of several types is DYN
    // here, but has a type in CEL.
    const values = map.args.map((arg, position) =>
      position % 2 === 0 || arg.kind === 'dyn' ? arg : makeNode({ kind: 'dyn', args: [arg], type: DYN }),
    );
    return makeNode({ kind: 'object', args: values, flags: map.flags, type: mapOf(DYN) });
  }
  const [key, value] = [macroVariable('k'), macroVariable('v')];
  const of = map.type.kind === 'map' ? map.type.value : DYN;
  return macro(
    'transformMap',
    map,
    [key, value],
    [makeNode({ kind: 'dyn', args: [variable(value, of)], type: DYN })],
    mapOf(DYN),
  );
}

/** Turns the numbers that flow into an integer field into integers. Refuses a double. */
export function requireInteger(node: Node, seen = new Set<Node>()): void {
  if (seen.has(node)) return;
  seen.add(node);
  switch (node.kind) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'mod':
    case 'neg':
    case 'pow':
      for (const arg of node.args) requireInteger(arg, seen);
      return;
    case 'cond':
      requireInteger(node.args[1], seen);
      return requireInteger(node.args[2], seen);
    case 'orvalue': {
      const [{ type }, fallback] = node.args;
      settleType(type.kind === 'optional' ? type.of : type);
      return requireInteger(fallback, seen);
    }
    case 'raw':
      for (const arg of node.args)
        if (arg.type.kind === 'number' && arg.type.number.state === 'open') arg.type.number.state = 'int';
      return;
    case 'method':
      return node.name === 'sum' ? requireIntegers(node.args[0], seen) : settleType(node.type);
    case 'div':
      throw notInteger('a division returns a fraction');
    default:
      settleType(node.type);
  }
}

/** Turns list elements that flow into integer fields into integers. */
function requireIntegers(list: Node, seen: Set<Node>): void {
  if (list.kind === 'append') for (const part of list.args) requireIntegers(part, seen);
  else if (list.kind === 'list') for (const item of list.args) requireInteger(item, seen);
  else if (list.kind === 'macro' && list.name === 'map') requireInteger(bodyOf(list), seen);
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
    `the field takes an integer, but ${why}`,
    'wrap it in Math.floor, Math.ceil or Math.round',
  );
}
