import { isOpen } from '../value/open.ts';
import { and, eq, has, isIn, literal, or, TRUE } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { describeType } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { ownKeys, hasOwnKey } from '../value/set-member.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { mergedPieces, objectNode } from '../value/value-nodes.ts';
import { bool, equals, needPresent, textNode, unary } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { type Key, memberKeyOf } from './key.ts';
import { keyedSlot } from './keyed.ts';

/** `key in object`; with `own`, `Object.hasOwn(object, key)`, which ignores inherited members. */
export function hasKey(rawKey: unknown, object: unknown, own = false): unknown {
  const value = resolveMerged(object);
  const key = memberKeyOf(rawKey);
  const inner = symbolic(value);
  if (inner instanceof Phi) return distribute(inner, (side) => hasKey(rawKey, side, own));
  if (inner instanceof Sym) {
    if (!own && isInherited(key, Object.prototype)) return true;
    return hasOfSym(inner, key, own);
  }
  if (typeof value === 'string' && hasTokens(value)) return hasOfSym(new Sym(textNode(value)), key, own);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    if (own) return hasOwnOfPrimitive(value, key);
    const text = String(key instanceof Sym ? 'a key' : key);
    throw new TypeError(`Cannot use 'in' operator to search for '${text}' in ${String(value)}`);
  }
  const slot = key instanceof Sym ? keyedSlot(value, key) : undefined;
  if (slot !== undefined) return unary('!', equals(slot.holder.value, undefined, false));
  activeTrace().noteRead(value);
  if (key instanceof Sym) activeTrace().keyUses.push({ object: value, writes: false });
  if (Array.isArray(value) && value.some(isOpen)) return refuseList(own);
  if (!own && isInherited(key, Object.getPrototypeOf(value) as object | null)) return true;
  if (typeof key === 'symbol') return Object.hasOwn(value, key);
  const found = presence(value, key);
  if (mergedPieces(value) !== undefined && typeof key === 'string')
    activeTrace().facts.imply(found, has(objectNode(value as Record<string, unknown>), key));
  return bool(found);
}

/**
 * `Object.hasOwn(value, key)` of a value that is not an object. Only strings have own keys: the indices of their
 * characters, and `length`.
 */
function hasOwnOfPrimitive(value: unknown, key: Key): unknown {
  if (value === undefined || value === null) throw new TypeError('Cannot convert undefined or null to object');
  if (typeof value !== 'string') return false;
  const names = Object.getOwnPropertyNames(value);
  if (!(key instanceof Sym)) return typeof key === 'string' && names.includes(key);
  const text = keyNode(key);
  return bool(names.map((name) => eq(text, literal(name))).reduce((a, b) => or(a, b)));
}

const refuseList = (own: boolean): never =>
  refuse(
    'no-cel',
    own ? 'hasOwn() on a list tests for an index' : '"in" on a list tests for an index',
    'use .includes()',
  );

/** Does an object with this prototype inherit the key? Symbolic keys count as not inherited. */
function isInherited(key: Key, prototype: object | null): boolean {
  return !(key instanceof Sym) && prototype !== null && key in prototype;
}

/** The condition under which an object, with the maps merged into it, has a key. */
function presence(value: object, key: string | Sym): Node {
  const own = ownPresence(value, key);
  return (mergedPieces(value) ?? []).reduce((found, { test, map, keys }) => {
    const isInMap = map === undefined ? presence(keys ?? {}, key) : inMap(map, keyNode(key));
    return or(found, and(test ?? TRUE(), isInMap));
  }, own);
}

function ownPresence(value: object, key: string | Sym): Node {
  if (!(key instanceof Sym)) {
    const known = hasOwnKey(value, key);
    return typeof known === 'boolean' ? literal(known) : known;
  }
  const text = textNode(wrap(key));
  return ownKeys(value)
    .map((entry) => and(entry.test, eq(text, literal(entry.key))))
    .reduce((a, b) => or(a, b), literal(false));
}

function inMap({ node, absence }: Sym, key: Node): Node {
  return absence === undefined || absence.waits ? isIn(key, node) : and(absence.has, isIn(key, node));
}

const keyNode = (key: Key): Node => (key instanceof Sym ? textNode(wrap(key)) : literal(String(key)));

function hasOfSym(inner: Sym, key: Key, own: boolean): unknown {
  const { type } = inner;
  const sure = needPresent(inner, own ? 'searched for an own key' : 'searched with "in"');
  // JSON has no symbols as keys.
  if (typeof key === 'symbol' && /^(?:object|map|dyn)$/.test(type.kind)) return false;
  if (type.kind === 'object' && typeof key === 'string') {
    const field = type.field(key);
    if (field === undefined && type.open && !/^[A-Za-z_]\w*$/.test(key))
      refuse('no-cel', `the field "${key}" has a name that CEL cannot read`, 'rename the field');
    if (field === undefined) return type.open ? bool(has(sure.node, key)) : false;
    return field.required || field.missing === 'null' ? true : bool(has(sure.node, key));
  }
  if (type.kind === 'list') return refuseList(own);
  if (type.kind === 'object') {
    const found = `${labelOf(inner)} has fixed fields, so its key must be known while the graph is built`;
    return refuse('no-cel', found, 'test each field: x.a !== undefined');
  }
  if (type.kind !== 'map' && type.kind !== 'dyn') {
    const found = `${labelOf(inner)} is a ${describeType(type)}, which has no keys`;
    return refuse('types', found, type.kind === 'string' ? 'use .includes()' : 'use an object, or compare the value');
  }
  const found = isIn(keyNode(key), sure.node);
  if (typeof key === 'string') activeTrace().facts.imply(found, has(sure.node, key));
  return bool(found);
}
