import {
  and,
  call,
  compare,
  eq,
  has,
  index,
  isIn,
  literal,
  not,
  optIndex,
  optSelect,
  or,
  orValue,
  raw as rawNode,
  select,
  size,
} from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { opaque } from '../interp/natives.ts';
import { requireInteger } from '../ir/lower.ts';
import type { Field, StaticType } from '../ir/types.ts';
import { describeType, DYN, INTEGER, STRING } from '../ir/types.ts';
import { refuse, suggest } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { asSym, distribute, phi, resolve } from '../value/merge.ts';
import { mergedPieces, symOfItems, objectNode, optionalNode } from '../value/nodes.ts';
import { bool, equals, needPresent, textNode, truthy } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import type { Absence } from '../value/symbolic.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { elements, listMethod, viewMethod } from './lists.ts';
import { View } from './view.ts';
import { numberMethod } from './numbers.ts';
import { resourceMember } from './resources.ts';
import { stringMethod } from './strings.ts';
import { hooksCall } from './hooks.ts';

/** A property key: known, or an expression. */
export type Key = string | symbol | Sym;

/** The key that a computed member names. */
export function keyOf(raw: unknown): Key {
  const value = resolve(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return needPresent(inner, 'used as a key');
  if (inner instanceof Phi) return new Sym(textNode(value));
  if (typeof value === 'symbol') return value;
  return typeof value === 'string' && hasTokens(value) ? new Sym(textNode(value)) : String(value);
}

/** Reads `object.key`; with `optional`, `object?.key`. */
export function getMember(object: unknown, key: Key, optional = false): unknown {
  const value = resolve(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) return distribute(inner, (side) => memberOfSide(inner, side, key, optional));
  if (inner instanceof Sym) return symMember(inner, key, optional);
  if (value instanceof View) return symMember(elements(value), key, optional);
  if (typeof value === 'string' && hasTokens(value)) return symMember(new Sym(textNode(value)), key, optional);
  if (value === undefined || value === null) {
    if (optional) return undefined;
    throw new TypeError(
      `Cannot read properties of ${String(value)} (reading '${String(key instanceof Sym ? labelOf(key) : key)}')`,
    );
  }
  if (key instanceof Sym) return lookUp(value, key);
  return concreteMember(value, key);
}

function memberOfSide(whole: Phi, side: unknown, key: Key, optional: boolean): unknown {
  const value = resolve(side);
  if (value !== undefined && value !== null) return getMember(value, key, optional);
  if (optional) return undefined;
  const name = key instanceof Sym ? labelOf(key) : String(key);
  return refuse(
    'maybe-undefined',
    `${labelOf(whole)} may be undefined here, so .${name} may fail`,
    'test it first or use ?.',
  );
}

function concreteMember(value: unknown, key: string | symbol): unknown {
  activeTrace().noteRead(value);
  if (Array.isArray(value) && value.some((item) => item instanceof Maybe || item instanceof Splice)) {
    return symMember(symOfItems(value as unknown[]), key as string, false);
  }
  const object = Object(value) as Record<PropertyKey, unknown>;
  const pieces = typeof value === 'object' ? mergedPieces(value as object) : undefined;
  if (pieces !== undefined && typeof key === 'string') {
    return symMember(new Sym(objectNode(value as Record<string, unknown>)), key, false);
  }
  return object[key as string];
}

/** `table[key]` with a symbolic key. */
function lookUp(value: unknown, key: Sym): unknown {
  activeTrace().noteRead(value);
  if (Array.isArray(value)) return elementAt(symOfItems(value as unknown[]), key);
  if (typeof value === 'string') return elementAt(new Sym(literal(value)), key);
  const table = value as Record<string, unknown>;
  if (mergedPieces(table) !== undefined) return mapMember(new Sym(objectNode(table)), textNode(wrap(key)), false);
  const text = textNode(wrap(key));
  const all = key.type.kind === 'string' ? key.type.values : undefined;
  const keys = Object.keys(table);
  const scalars = keys.map((name) => asSym(resolve(table[name])));
  const type = scalars[0]?.type;
  if (
    keys.length > 2 &&
    scalars.every((sym) => sym !== undefined && sym.absence === undefined && sym.type.kind === type?.kind)
  ) {
    const node = objectNode(table);
    const map: StaticType = { kind: 'map', value: type as StaticType };
    const sure = all?.every((name) => keys.includes(name)) === true;
    const typed = new Sym(makeTyped(node, map));
    const found = mapMember(typed, text, false);
    return sure ? wrap((symbolic(found) as Sym).present()) : found;
  }
  // Values that are no scalars, or two of them: a conditional over the keys.
  const usable = all === undefined ? keys : keys.filter((name) => all.includes(name));
  const covered = all?.every((name) => keys.includes(name)) === true;
  const last = covered ? (usable.at(-1) as string) : undefined;
  const rest = last === undefined ? usable : usable.slice(0, -1);
  return rest.reduceRight<unknown>(
    (otherwise, name) => phi(eq(text, literal(name)), table[name], otherwise),
    last === undefined ? undefined : table[last],
  );
}

/** An object literal seen as a map of one type. */
function makeTyped(node: Node, type: StaticType): Node {
  return { ...node, type };
}

/** Reads a member of a symbolic value. */
export function symMember(value: Sym, key: Key, optional: boolean): unknown {
  if (value.resource !== undefined && typeof key === 'string') {
    const found = resourceMember(value.resource, value, key);
    if (found !== undefined) return found.value;
  }
  if (typeof key === 'symbol') return undefined;
  checkReachable(value, key, optional);
  const { type } = value;
  switch (type.kind) {
    case 'object':
      return objectMember(value, key, optional);
    case 'map':
      return mapMember(value, key instanceof Sym ? textNode(wrap(key)) : literal(key), optional);
    case 'list':
      if (key === 'length') return wrap(derive(value, size(value.node, INTEGER), optional));
      if (key instanceof Sym || /^-?\d+$/.test(key))
        return elementAt(value, key instanceof Sym ? key : new Sym(literal(Number(key))), optional);
      return methodOrRefuse(value, key);
    case 'string':
      if (key === 'length') return wrap(derive(value, size(value.node, INTEGER), optional));
      if (key instanceof Sym || /^\d+$/.test(key))
        return stringMethod(value, 'charAt', [key instanceof Sym ? wrap(key) : Number(key)]);
      return methodOrRefuse(value, key);
    case 'dyn':
      return dynMember(value, key, optional);
    default:
      return methodOrRefuse(value, key);
  }
}

/** Refuses to read a member of something that may be `undefined` in JavaScript. */
function checkReachable(value: Sym, key: Key, optional: boolean): void {
  const { absence } = value;
  if (absence === undefined || optional || absence.waits || value.waits || absence.chain === absence.has) return;
  const name = key instanceof Sym ? labelOf(key) : String(key);
  refuse('maybe-undefined', `${labelOf(value)} may be undefined here, so .${name} may fail`, 'test it first or use ?.');
}

/** The base of a member: absent ones pass their absence on where the author asked with `?.`. */
function baseOf(
  value: Sym,
  optional: boolean,
): { readonly node: Node; readonly has: Node | undefined; readonly optional: Node | undefined } {
  const { absence } = value;
  if (absence === undefined) return { node: value.node, has: undefined, optional: undefined };
  if (optional) return { node: value.node, has: absence.has, optional: optionalNode(value) };
  if (absence.chain !== undefined) {
    const own = absence.chain === absence.has;
    return { node: value.node, has: absence.chain, optional: own ? optionalNode(value) : undefined };
  }
  return { node: value.node, has: undefined, optional: undefined };
}

/** A value computed from another one: missing where that one is, if the author asked. */
function derive(value: Sym, node: Node, optional: boolean): Sym {
  const base = baseOf(value, optional);
  if (base.has === undefined) return new Sym(node, { waits: value.waits });
  const plain = value.absence?.plain ?? true;
  return new Sym(node, { absence: { has: base.has, plain, waits: false, chain: base.has }, waits: value.waits });
}

interface Access {
  readonly node: Node;
  /** Whether the member itself is there; `undefined` when it surely is. */
  readonly has: Node | undefined;
  readonly optional: (base: Node) => Node;
}

function accessed(value: Sym, access: Access, optional: boolean, label: string): Sym {
  const base = baseOf(value, optional);
  const { waits } = value;
  if (base.has === undefined) {
    if (access.has === undefined) return new Sym(access.node, { waits, label });
    const absence: Absence = { has: access.has, optional: access.optional(base.node), plain: true, waits };
    return new Sym(access.node, { absence, waits, label });
  }
  const has = access.has === undefined ? base.has : and(base.has, access.has);
  const short = base.optional === undefined ? undefined : access.optional(base.optional);
  const plain = value.absence?.plain ?? true;
  const absence: Absence = { has, plain, waits: false, chain: base.has, ...(short && { optional: short }) };
  return new Sym(access.node, { absence, waits, label });
}

function objectMember(value: Sym, key: string | Sym, optional: boolean): unknown {
  const type = value.type as StaticType & { kind: 'object' };
  if (key instanceof Sym) return fieldByExpression(value, key);
  const field = type.field(key);
  if (field === undefined) return unknownField(value, key, optional);
  const label = `${labelOf(value)}${optional ? '?.' : '.'}${key}`;
  return wrap(converted(fieldOf(value, key, field, optional, label)));
}

function fieldOf(value: Sym, key: string, field: Field, optional: boolean, label: string): Sym {
  if (field.derived !== undefined) return derivedField(value, field);
  if (/^[A-Za-z_]\w*$/.test(key)) {
    const node = select(value.node, key, field.type);
    const access: Access = {
      node,
      has: field.required ? undefined : has(value.node, key),
      optional: (base) => optSelect(base, key, field.type),
    };
    if (field.counter === true) {
      const counted = orValue(optSelect(value.node, key, field.type), literal(0));
      return accessed(value, { ...access, node: counted, has: undefined }, optional, label);
    }
    return accessed(value, access, optional, label);
  }
  return refuse('no-cel', `the field "${key}" has a name that CEL cannot read`, 'rename the field');
}

/** Times and durations are texts in JavaScript, and bytes are base64. */
function converted(value: Sym): Sym {
  const { type } = value;
  const as = (node: Node) => new Sym(node, { absence: value.absence, waits: value.waits, label: value.label });
  if (type.kind === 'timestamp' || type.kind === 'duration')
    return withoutShort(as(call('string', [value.node], STRING)));
  if (type.kind === 'bytes') return withoutShort(as(call('base64.encode', [value.node], STRING)));
  return value;
}

function withoutShort(value: Sym): Sym {
  if (value.absence === undefined) return value;
  const { optional: _, ...absence } = value.absence;
  return new Sym(value.node, { absence, waits: value.waits, label: value.label });
}

function derivedField(value: Sym, field: Field): Sym {
  const derived = field.derived as NonNullable<Field['derived']>;
  let root = value.node;
  for (let i = derived.path.split('.').length - 1; i > 0; i--) root = root.args[0] as Node;
  const label = `${labelOf(value)}.${derived.path.split('.').at(-1) as string}`;
  activeTrace().warn(
    'derived-field',
    `${label} is not a field of the object; it is computed from ${derived.instead}`,
    `read ${derived.instead} itself`,
  );
  const raw = (cel: string, type: StaticType) =>
    rawNode(
      cel.split(/\bself\b/),
      cel
        .split(/\bself\b/)
        .slice(1)
        .map(() => root),
      type,
    );
  const absence: Absence | undefined =
    derived.has === undefined ? undefined : { has: raw(derived.has, { kind: 'bool' }), plain: true, waits: true };
  return new Sym(raw(derived.cel, field.type), { waits: true, label, absence });
}

function unknownField(value: Sym, key: string, optional: boolean): unknown {
  const trace = activeTrace();
  const label = labelOf(value);
  const type = value.type as StaticType & { kind: 'object' };
  const names = type.names();
  const near = suggest(key, names);
  const help =
    near === undefined
      ? `; it has ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
      : `; did you mean "${near}"?`;
  const message = `${label} has no field "${key}"${help}`;
  if (trace.strict || !value.waits) return refuse('field', message, adviceFor(key));
  trace.warn('field', message);
  const field: Field = { type: DYN, required: false };
  return wrap(fieldOf(value, key, field, optional, `${label}.${key}`));
}

/** Advice for fields that people look for where they are not. */
function adviceFor(key: string): string | undefined {
  if (key === 'podIP' || key === 'podIPs' || key === 'hostIP')
    return 'put a Service in front of it and use the name of that Service';
  return undefined;
}

/** `object[key]` of an object with known fields: a conditional over them. */
function fieldByExpression(value: Sym, key: Sym): unknown {
  const type = value.type as StaticType & { kind: 'object' };
  const text = textNode(wrap(key));
  const values = key.type.kind === 'string' ? key.type.values : undefined;
  const names = type.names().filter((name) => values?.includes(name) ?? true);
  return names.reduceRight<unknown>(
    (otherwise, name) => phi(eq(text, literal(name)), objectMember(value, name, false), otherwise),
    undefined,
  );
}

/** `map[key]`. */
function mapMember(value: Sym, key: Node, optional: boolean): unknown {
  const type = value.type.kind === 'map' ? value.type.value : DYN;
  const name =
    key.op === 'lit' && typeof key.attr === 'string' && /^[A-Za-z_]\w*$/.test(key.attr) ? key.attr : undefined;
  const access: Access =
    name === undefined
      ? {
          node: index(value.node, key, type),
          has: isIn(key, value.node),
          optional: (base) => optIndex(base, key, type),
        }
      : {
          node: select(value.node, name, type),
          has: has(value.node, name),
          optional: (base) => optSelect(base, name, type),
        };
  return wrap(accessed(value, access, optional, `${labelOf(value)}${name === undefined ? '[…]' : `.${name}`}`));
}

/** `list[position]`. */
export function elementAt(value: Sym, position: Sym, optional = false): unknown {
  if (value.type.kind === 'string') return stringMethod(value, 'charAt', [wrap(position)]);
  requireInteger(position.node);
  const element = value.type.kind === 'list' ? value.type.element : DYN;
  const at = position.node;
  const count = size(value.node, INTEGER);
  const inside: Node =
    at.op === 'lit' ? compareLiteral(Number(at.attr), count) : and(greaterEqual(at), less(at, count));
  const access: Access = {
    node: index(value.node, at, element),
    has: inside,
    optional: (base) => optIndex(base, at, element),
  };
  const found = accessed(value, access, optional, `${labelOf(value)}[${labelOf(position)}]`);
  return wrap(converted(found));
}

const compareLiteral = (position: number, count: Node): Node =>
  position < 0 ? literal(false) : compare('gt', count, literal(position));

function greaterEqual(node: Node): Node {
  // A loop counter or a size is never negative.
  return node.op === 'var' || (node.op === 'call' && node.attr === 'size')
    ? literal(true)
    : compare('ge', node, literal(0));
}

const less = (a: Node, b: Node): Node => compare('lt', a, b);

function dynMember(value: Sym, key: string | Sym, optional: boolean): unknown {
  if (key === 'length') return wrap(derive(value, size(value.node, INTEGER), optional));
  if (key instanceof Sym && key.type.kind === 'number') {
    return elementAt(
      new Sym(value.node, { absence: value.absence, waits: value.waits, label: value.label }),
      key,
      optional,
    );
  }
  if (typeof key === 'string' && /^\d+$/.test(key)) return elementAt(value, new Sym(literal(Number(key))), optional);
  return mapMember(value, key instanceof Sym ? textNode(wrap(key)) : literal(key as string), optional);
}

/** The prototypes whose methods the types offer. */
const PROTOTYPES: Partial<Record<StaticType['kind'], object>> = {
  string: String.prototype,
  number: Number.prototype,
  bool: Boolean.prototype,
  list: Array.prototype,
};

/** A method read without being called: a function that calls it. Names that are no methods are refused. */
function methodOrRefuse(value: Sym, key: Key): unknown {
  const name = key instanceof Sym ? labelOf(key) : String(key);
  const prototype = PROTOTYPES[value.type.kind];
  if (prototype === undefined || !(name in prototype)) {
    const near = prototype === undefined ? undefined : suggest(name, Object.getOwnPropertyNames(prototype));
    return refuse(
      'member',
      `${labelOf(value)} is a ${describeType(value.type)}; it has no member "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    );
  }
  return opaque((...args: unknown[]) => callMethod(wrap(value), name, args));
}

/** Calls `object.key(…)`. */
export function callMethod(object: unknown, key: Key, args: readonly unknown[]): unknown {
  const value = resolve(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    return distribute(inner, (side) => {
      const found = resolve(side);
      if (found === undefined || found === null) return memberOfSide(inner, found, key, false);
      return callMethod(found, key, args);
    });
  }
  if (inner instanceof Sym) return symMethod(inner, key, args);
  if (value instanceof View && typeof key === 'string') return viewMethod(value, key, args);
  if (typeof value === 'string' && typeof key === 'string' && (hasTokens(value) || hooksCall().isSymbolicDeep(args))) {
    return stringMethod(new Sym(textNode(value)), key, args);
  }
  if (Array.isArray(value) && typeof key === 'string') {
    const found = hooksCall().arrayMethod(value as unknown[], key, args);
    if (found !== undefined) return found.value;
  }
  if (value instanceof RegExp && typeof key === 'string' && hooksCall().isSymbolicDeep(args)) {
    return hooksCall().regexMethod(value, key, args);
  }
  const fn = getMember(value, key);
  return hooksCall().call(fn, value, args, methodLabel(object, key));
}

function methodLabel(object: unknown, key: Key): string {
  const owner = typeof object === 'function' ? object.name : '';
  return `${owner === '' ? '' : `${owner}.`}${key instanceof Sym ? labelOf(key) : String(key)}`;
}

function symMethod(value: Sym, key: Key, args: readonly unknown[]): unknown {
  if (value.resource !== undefined && typeof key === 'string') {
    const found = resourceMember(value.resource, value, key);
    if (found !== undefined) return hooksCall().call(found.value, wrap(value), args, key);
  }
  if (typeof key !== 'string') {
    return hooksCall().call(getMember(wrap(value), key), wrap(value), args, 'a method');
  }
  if (
    value.absence !== undefined &&
    !value.absence.waits &&
    !value.waits &&
    value.absence.chain !== value.absence.has
  ) {
    refuse(
      'maybe-undefined',
      `${labelOf(value)} may be undefined here, so .${key}() may fail`,
      'test it first or use ?.',
    );
  }
  const receiver = value.absence === undefined ? value : value.present();
  switch (receiver.type.kind) {
    case 'string':
      return stringMethod(receiver, key, args);
    case 'number':
    case 'bool':
      return numberMethod(receiver, key, args);
    case 'list':
      return listMethod(receiver, key, args);
    case 'dyn':
      return dynMethod(receiver, key, args);
    default:
      if (key === 'hasOwnProperty') return hasKey(args[0], wrap(receiver));
      if (key === 'toString') return textNode(wrap(receiver));
      return refuse('member', `${labelOf(receiver)} is a ${describeType(receiver.type)}; it has no member "${key}"`);
  }
}

/** A method of a value of unknown type: by the method's name, when it is one of lists or of strings alone. */
function dynMethod(value: Sym, key: string, args: readonly unknown[]): unknown {
  const LISTS = new Set(['map', 'filter', 'some', 'every', 'find', 'forEach', 'flatMap', 'join', 'reduce']);
  const list: StaticType = { kind: 'list', element: DYN };
  if (LISTS.has(key))
    return listMethod(new Sym(makeTyped(value.node, list), { waits: value.waits, label: value.label }), key, args);
  if (key === 'toString') return wrap(new Sym(textNode(wrap(value))));
  return refuse(
    'member',
    `${labelOf(value)} is of unknown type; .${key}() cannot be translated`,
    'declare its type in the schema',
  );
}

/** `key in object`. */
export function hasKey(rawKey: unknown, object: unknown): unknown {
  const value = resolve(object);
  const key = keyOf(rawKey);
  const inner = symbolic(value);
  if (inner instanceof Phi) return distribute(inner, (side) => hasKey(rawKey, side));
  if (inner instanceof Sym) {
    const { type } = inner;
    const sure = needPresent(inner, 'searched with "in"');
    if (type.kind === 'object' && typeof key === 'string') {
      const field = type.field(key);
      if (field === undefined) return type.open ? bool(has(sure.node, key)) : false;
      return field.required ? true : bool(has(sure.node, key));
    }
    if (type.kind === 'list') return refuse('no-cel', '"in" on a list asks for an index', 'use .includes()');
    return bool(isIn(key instanceof Sym ? textNode(wrap(key)) : literal(String(key)), sure.node));
  }
  if (key instanceof Sym) {
    const keys = Object.keys(value as object).map((name) => literal(name));
    return bool(keys.map((name) => eq(textNode(wrap(key)), name)).reduce((a, b) => or(a, b), literal(false)));
  }
  return concreteHas(value, key);
}

function concreteHas(value: unknown, key: string | symbol): unknown {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`Cannot use 'in' operator to search for '${String(key)}' in ${String(value)}`);
  if (!(key in value)) return false;
  // A key that was set in one branch only.
  const member = (value as Record<PropertyKey, unknown>)[key];
  return symbolic(member) === undefined
    ? true
    : truthy(equals(member, undefined, false)) === false
      ? true
      : unless(member);
}

function unless(member: unknown): unknown {
  const missing = truthy(equals(member, undefined, false));
  return typeof missing === 'boolean' ? !missing : bool(not(missing));
}
