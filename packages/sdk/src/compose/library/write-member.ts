import { isOpen } from '../value/open.ts';
import { setOwn } from '@typekro/kit/core';
import { eq, literal } from '../ir/build.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { textNode } from '../value/ops.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import type { Key } from './key.ts';
import { keyedSlot, writeSlot } from './keyed.ts';
import { deleteMember, deleteMemberWhen } from '../value/set-member.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { mergeKey, mergeSpread, restOf } from './objects.ts';

/** Interprets `object.key = value`. */
export function writeMember(raw: unknown, key: Key, value: unknown): void {
  const object = resolveMerged(raw);
  const inner = symbolic(object);
  if (inner instanceof Phi) {
    distribute(inner, (side) => writeMember(side, key, value));
    return;
  }
  const slot = key instanceof Sym && inner === undefined ? keyedSlot(object, key) : undefined;
  if (slot !== undefined) return writeSlot(slot, value);
  const target = owned(object, inner instanceof Sym ? inner : undefined);
  if (key instanceof Sym) activeTrace().keyUses.push({ object: target, writes: true });
  activeTrace().recordUndo(target);
  if (key === '__proto__') refuse('unsupported', 'a prototype is set', 'copy the members: { ...base, … }');
  if (!Array.isArray(target)) return mergeKey(target as Record<string, unknown>, key, value);
  if (key instanceof Sym)
    refuse('no-cel', 'assigning a list element at a symbolic position has no CEL form', 'build the list with map');
  const conditional = target.some(isOpen);
  if (key === 'length' && typeof value !== 'number')
    refuse(
      'no-cel',
      'the length of a list is set to a value that is not a known number; that has no CEL form',
      'take a part: list.slice(0, n)',
    );
  if (key === 'length' && conditional && value !== 0)
    refuse(
      'no-cel',
      'setting the length of a list with conditional elements has no CEL form',
      'take a part: list.slice(0, n)',
    );
  if (conditional && key !== 'length') {
    refuse(
      'no-cel',
      'assigning an element of a list with conditional elements has no CEL form',
      'build the list with map',
    );
  }
  if (Number(key === 'length' ? value : key) > target.length)
    refuse('unsupported', 'a list gets holes: positions without an element', 'push the elements one by one');
  if (key === 'length') target.length = value as number;
  else setOwn(target, key, value);
}

/**
 * Interprets `delete object.key`.
 *
 * @throws TypeError for a member that cannot be deleted, as in strict mode.
 */
export function deleteKey(raw: unknown, key: Key): void {
  const object = resolveMerged(raw);
  const inner = symbolic(object);
  if (inner instanceof Phi) {
    distribute(inner, (side) => deleteKey(side, key));
    return;
  }
  const target = made(object, inner instanceof Sym ? inner : undefined);
  const isMerged = mergedPieces(target) !== undefined;
  if (isFrozen(target)) {
    if (key instanceof Sym || isMerged || Object.hasOwn(target, key)) throw cannotDelete(target, key);
    return;
  }
  activeTrace().recordUndo(target);
  if (key instanceof Sym) return deleteSymbolic(target, key);
  if (isMerged && typeof key === 'string') return replaceMembers(target, restOf(target, [key]));
  if (!deleteMember(target, key)) throw cannotDelete(target, key);
}

const cannotDelete = (target: object, key: Key): TypeError =>
  new TypeError(
    `Cannot delete property '${key instanceof Sym ? labelOf(key) : String(key)}' of ${Array.isArray(target) ? '[object Array]' : '#<Object>'}`,
  );

/**
 * Interprets `delete object[key]` with a symbolic key: deletes each key of the object under the condition that it
 * equals the symbolic key. Refuses lists and merged objects.
 */
function deleteSymbolic(target: object, key: Sym): void {
  if (mergedPieces(target) !== undefined || Array.isArray(target)) {
    refuse(
      'no-cel',
      'deleting a symbolic key of a list or of a merged object has no CEL form',
      'leave the key out when building the object',
    );
  }
  const text = textNode(wrap(key));
  for (const name of Object.keys(target)) deleteMemberWhen(target, name, eq(text, literal(name)));
}

/** Replaces the members of an object with the members of a map. */
function replaceMembers(target: object, map: unknown): void {
  for (const name of Reflect.ownKeys(target)) Reflect.deleteProperty(target, name);
  mergeSpread(target as Record<string, unknown>, map);
}

/** Objects that the composition froze. They are not frozen natively, because the tracer still stores data in them. */
const frozen = new WeakSet<object>();

/** Interprets `Object.freeze(object)` for an object of the composition. */
export function freezeWritten(object: object): object {
  frozen.add(object);
  return object;
}

/** Interprets `Object.isFrozen(value)`. */
export function isFrozen(value: unknown): boolean {
  return Object.isFrozen(value) || frozen.has(value as object);
}

/**
 * The object to change. Refuses an object that the composition did not make.
 *
 * @throws TypeError for a frozen object.
 */
export function owned(object: unknown, inner: Sym | undefined): object {
  const target = made(object, inner);
  if (isFrozen(target)) throw new TypeError('Cannot assign to read only property of a frozen object');
  return target;
}

/** An object that the composition made. Refuses any other object. */
function made(object: unknown, inner: Sym | undefined): object {
  if (inner !== undefined) {
    return refuse(
      'read-only',
      `${labelOf(inner)} is read-only; the spec and the resources cannot be changed`,
      'pass the value to the factory that makes the resource, or change a copy: { ...value }',
    );
  }
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
    throw new TypeError(`Cannot set properties of ${String(object)}`);
  }
  if (!activeTrace().isTracked(object)) {
    refuse(
      'outer-write',
      'an object outside the composition is changed; that cannot be part of the graph',
      'make a copy inside the composition',
    );
  }
  return object;
}
