import { nearestName } from '@typekro/kit/core';
import { opaque } from '../value/native-functions.ts';
import { call, eq, has, literal, ofNumber, optSelect, orValue, raw as rawNode, select, size } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { type Field, type StaticType, DYN, INTEGER, describeType } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide, interpreter } from '../trace/current-trace.ts';
import { hasOwnKey } from '../value/set-member.ts';
import { asSym, distribute, phi, resolveMerged } from '../value/merge.ts';
import { mayBeUndefined, mergedPieces, objectNode, symOfItems } from '../value/value-nodes.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { type Absence, Phi, Splice, Sym } from '../value/symbolic.ts';
import { assumeAlternatives } from './alternatives.ts';
import { type MemberAccess, accessed, characterAt, derive, elementAt, makeTyped, mapMember } from './member-access.ts';
import { refuseCodeMaker, refuseHostMember } from './confined.ts';
import { type Key, refuseInherited } from './key.ts';
import { keyedSlot } from './keyed.ts';
import { elements, converted, withoutShort, View } from './view.ts';
import { resourceMember } from './resources.ts';
import { isSetMethod } from './marked-sets.ts';
import { writtenElements, shownElement } from './spread.ts';
import { isOpen } from '../value/open.ts';

/** Reads `object.key`; with `optional`, `object?.key`. */
export function getMember(object: unknown, key: Key, optional = false): unknown {
  const value = resolveMerged(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) return distribute(inner, (side) => memberOfSide(inner, side, key, optional));
  if (inner instanceof Sym) return symMember(inner, key, optional);
  if (value instanceof View) {
    if (typeof key === 'string' && /^\d+$/.test(key)) return shownElement(value, Number(key));
    const list = key === 'length' && !value.plain ? value.list : elements(value);
    return symMember(list, key, optional);
  }
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

/** Reads a member of one side of a conditional value. Messages name the whole conditional value. */
export function memberOfSide(whole: Phi, side: unknown, key: Key, optional: boolean): unknown {
  const value = resolveMerged(side);
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
  activeTrace().noteMemberRead(value, key);
  if (Array.isArray(value) && value.some(isOpen)) {
    const solid = value.every((item) => !(item instanceof Splice));
    const written = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : undefined;
    if (written !== undefined && (solid || written < value.findIndex(isOpen)))
      return writtenElements(value).at(written);
    return symMember(symOfItems(value as unknown[]), key, false);
  }
  const object = Object(value) as Record<PropertyKey, unknown>;
  const pieces = typeof value === 'object' ? mergedPieces(value as object) : undefined;
  if (pieces !== undefined && typeof key === 'string') {
    const found = symMember(new Sym(objectNode(value as Record<string, unknown>)), key, false);
    const member = symbolic(found);
    return member instanceof Sym && isSurelyDefined(value as Record<string, unknown>, key)
      ? wrap(member.present())
      : found;
  }
  if (typeof key === 'string' && !(key in object)) refuseUndeclared(object, key);
  refuseHostMember(object, key);
  const member = object[key as string];
  refuseCodeMaker(member);
  return member;
}

/** Does the object, with the maps merged into it, have a value under the key in every run? A map has no `undefined`. */
function isSurelyDefined(value: Record<string, unknown>, key: string): boolean {
  return (mergedPieces(value) ?? []).reduce(
    (before, piece) => {
      if (piece.keys === undefined || !Object.hasOwn(piece.keys, key)) return before;
      return !mayBeUndefined(piece.keys[key]) && (before || isSure(piece.test, piece.keys, key));
    },
    isSure(undefined, value, key) && !mayBeUndefined(value[key]),
  );
}

const isSure = (test: Node | undefined, keys: object, key: string): boolean =>
  (test === undefined || decide(test) === true) && hasOwnKey(keys, key) === true;

/** Refuses a field that is not declared for an object. A field that is declared and absent is allowed. */
function refuseUndeclared(object: object, key: string): void {
  const declared = activeTrace().declaredFields.get(object);
  if (declared === undefined || declared.names.includes(key)) return;
  const near = nearestName(key, declared.names);
  const hint = near === undefined ? `it has ${declared.names.join(', ')}` : `did you mean "${near}"?`;
  refuse('member', `${declared.of} has no field "${key}"`, hint);
}

/** Is the value `process.env`? Hosts without a process have none. */
function isEnvironment(value: unknown): boolean {
  const host = Reflect.get(globalThis, 'process') as { readonly env?: unknown } | undefined;
  return host?.env !== undefined && value === host.env;
}

/** `table[key]` with a symbolic key. */
function lookUp(value: unknown, key: Sym): unknown {
  const { absence } = key;
  if (absence !== undefined && !absence.waits && typeof value === 'object') {
    // If the key is undefined, JavaScript reads the member "undefined".
    const found = activeTrace().under(absence.has, () => lookUp(value, key.present()));
    return phi(absence.has, found, concreteMember(value, 'undefined'));
  }
  const slot = keyedSlot(value, key);
  if (slot !== undefined) return resolveMerged(slot.holder.value);
  activeTrace().noteRead(value);
  if (typeof value === 'object' && value !== null) activeTrace().keyUses.push({ object: value, writes: false });
  if (isEnvironment(value)) {
    refuse(
      'no-cel',
      'process.env with a key of the spec would write every variable of this environment into the graph, including credentials',
      'read each variable that you need by its name, put the values into an object, and look the key up in this object',
    );
  }
  if (Array.isArray(value)) return elementAt(symOfItems(value as unknown[]), key);
  if (typeof value === 'string') return elementAt(new Sym(literal(value)), key);
  const table = value as Record<string, unknown>;
  const text = textNode(wrap(key));
  const all = key.type.kind === 'string' ? key.type.values : undefined;
  if (mergedPieces(table) !== undefined) {
    const found = mapMember(new Sym(objectNode(table)), text, false);
    return all?.every((name) => isSurelyDefined(table, name)) === true
      ? wrap((symbolic(found) as Sym).present())
      : found;
  }
  const keys = Object.keys(table);
  const scalars = keys.map((name) => asSym(resolveMerged(table[name])));
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
  // For one or two keys, and for values that are not scalars of one type, the result is a conditional over the keys.
  const usable = all === undefined ? keys : keys.filter((name) => all.includes(name));
  const covered = all?.every((name) => keys.includes(name)) === true;
  const last = covered ? (usable.at(-1) as string) : undefined;
  const rest = last === undefined ? usable : usable.slice(0, -1);
  return rest.reduceRight<unknown>(
    (otherwise, name) => phi(eq(text, literal(name)), table[name], otherwise),
    last === undefined ? undefined : table[last],
  );
}

/** Reads a member of a symbolic value. */
export function symMember(value: Sym, name: Key, optional: boolean): unknown {
  const key = name instanceof Sym ? needPresent(name, 'used as a key') : name;
  if (value.resource !== undefined && typeof key === 'string') {
    const found = resourceMember(value.resource, value, key);
    if (found !== undefined) return found.value;
  }
  if (typeof key === 'symbol') return undefined;
  if (value.type.kind === 'object') assumeAlternatives(value.node, value.type);
  const known = optional || typeof key !== 'string' ? undefined : value.members?.get(key);
  if (known !== undefined) return known;
  checkReachable(value, key, optional);
  const { type } = value;
  switch (type.kind) {
    case 'object':
      return objectMember(value, key, optional);
    case 'map':
      refuseInherited(key);
      return mapMember(value, key instanceof Sym ? textNode(wrap(key)) : literal(key), optional);
    case 'list':
      if (key === (isSetMethod(value) ? 'size' : 'length'))
        return wrap(derive(value, size(value.node, INTEGER), optional));
      if (isSetMethod(value)) return setMember(value, key);
      if (key instanceof Sym || /^-?\d+$/.test(key))
        return elementAt(value, key instanceof Sym ? key : new Sym(literal(Number(key))), optional);
      return methodOrRefuse(value, key);
    case 'string':
      if (key === 'length') return wrap(derive(value, size(value.node, INTEGER), optional));
      if (key instanceof Sym || /^\d+$/.test(key))
        return characterAt(value, key instanceof Sym ? key : new Sym(literal(Number(key))), optional);
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

function objectMember(value: Sym, key: string | Sym, optional: boolean): unknown {
  const type = value.type as StaticType & { kind: 'object' };
  if (key instanceof Sym) return fieldByExpression(value, key);
  const field = type.field(key);
  if (field === undefined) return unknownField(value, key, optional);
  const label = memberLabel(value, key, optional);
  const member = wrap(converted(fieldOf(value, key, field, optional, label)));
  // The member is cached for later reads. Members of a whole resource are not cached, because its label may change.
  // Derived fields are not cached, because each read needs its own warning.
  if (!optional && value.resource === undefined && field.derived === undefined)
    (value.members ??= new Map()).set(key, member);
  return member;
}

function memberLabel(value: Sym, key: string, optional: boolean): string {
  if (value.label === 'schema' && key === 'spec') return activeTrace().specName;
  return `${labelOf(value)}${optional ? '?.' : '.'}${key}`;
}

function fieldOf(value: Sym, key: string, field: Field, optional: boolean, label: string): Sym {
  if (field.derived !== undefined) return derivedField(value, field);
  if (/^[A-Za-z_]\w*$/.test(key)) {
    // Equal expressions share one node, which has the type of the first occurrence. A number can be an integer in one
    // object and a double in another, so it is read as `dyn`.
    const converts = field.converts === true;
    const read = select(value.node, key, converts ? DYN : field.type);
    const node = converts ? ofNumber(read, field.type) : read;
    const access: MemberAccess = {
      node,
      has: field.required ? undefined : has(value.node, key),
      optional: (base) => optSelect(base, key, field.type),
      missing: field.missing,
    };
    if (converts) return withoutShort(accessed(value, access, optional, label));
    if (field.counter === true) {
      const counted = orValue(optSelect(value.node, key, field.type), literal(0));
      return accessed(value, { ...access, node: counted, has: undefined }, optional, label);
    }
    return accessed(value, access, optional, label);
  }
  return refuse('no-cel', `the field "${key}" has a name that CEL cannot read`, 'rename the field');
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
  const near = nearestName(key, names);
  const help =
    near === undefined
      ? `; it has ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
      : `; did you mean "${near}"?`;
  const message = `${label} has no field "${key}"${help}`;
  if (trace.strict || !value.waits) return refuse('field', message, adviceFor(key));
  trace.warn('late-field', message);
  const field: Field = { type: DYN, required: false };
  // The type is `dyn`, so that the type check does not refuse the field.
  const late = new Sym(call('dyn', [value.node], value.type), { waits: true, absence: value.absence, label });
  return wrap(fieldOf(late, key, field, optional, `${label}.${key}`));
}

/** The remedy for fields that authors often look for in the wrong kind. */
function adviceFor(key: string): string | undefined {
  if (key === 'podIP' || key === 'podIPs' || key === 'hostIP')
    return 'put a Service in front of it and use the name of that Service';
  return undefined;
}

/** `object[key]` of an object with known fields: a conditional over the fields. */
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
  refuseInherited(key);
  return mapMember(value, key instanceof Sym ? textNode(wrap(key)) : literal(key), optional);
}

function setMember(value: Sym, key: Key): unknown {
  const name = key instanceof Sym ? labelOf(key) : String(key);
  if (name in Set.prototype) return opaque((...args: unknown[]) => interpreter.callMethod(wrap(value), name, args));
  return refuse('member', `${labelOf(value)} is a Set; it has no member "${name}"`, 'spread it into a list: [...set]');
}

/** Maps a kind of type to the JavaScript prototype with the methods of its values. */
const PROTOTYPES: Partial<Record<StaticType['kind'], object>> = {
  string: String.prototype,
  number: Number.prototype,
  bool: Boolean.prototype,
  list: Array.prototype,
};

/**
 * Returns a function that calls a method, for code that reads the method without calling it. Refuses names that are not
 * methods.
 */
function methodOrRefuse(value: Sym, key: Key): unknown {
  const name = key instanceof Sym ? labelOf(key) : String(key);
  const prototype = PROTOTYPES[value.type.kind];
  if (name === 'constructor' || name.startsWith('__')) refuseInherited(name);
  if (prototype === undefined || !(name in prototype)) {
    const near = prototype === undefined ? undefined : nearestName(name, Object.getOwnPropertyNames(prototype));
    return refuse(
      'member',
      `${labelOf(value)} is a ${describeType(value.type)}; it has no member "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    );
  }
  return opaque((...args: unknown[]) => interpreter.callMethod(wrap(value), name, args));
}
