import { type JsonObject, type JsonValue, setOwn, isJsonObject } from '@typekro/kit/core';
import { goText } from '../fields/check.ts';
import type { FieldNode, TypeNode } from '../types/type-node.ts';

/** The error of a strategic merge patch that cannot be applied, with the API server's message. */
export class StrategicPatchError extends Error {}

/** The error of a malformed strategic merge patch. */
export class StrategicFormatError extends StrategicPatchError {}

const DIRECTIVE = '$patch';
const ORDER = '$setElementOrder/';
const DELETE = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';

/**
 * Applies a strategic merge patch to an object of type `node`. Throws StrategicPatchError when the patch cannot be
 * applied.
 */
export function applyStrategicPatch(node: TypeNode, original: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject(node, original, patch);
}

interface Member {
  readonly node: TypeNode;
  readonly field: FieldNode | undefined;
}

function memberOf(node: TypeNode, key: string): Member {
  if (node.kind === 'object') {
    const field = node.fields.get(key);
    return { node: field?.node ?? { kind: 'any' }, field };
  }
  return { node: node.kind === 'map' ? node.values : { kind: 'any' }, field: undefined };
}

function mergeObject(node: TypeNode, original: JsonObject, sent: JsonObject): JsonObject {
  const patch = { ...sent };
  const directive = patch[DIRECTIVE];
  if (directive !== undefined) {
    delete patch[DIRECTIVE];
    if (directive === 'replace') return withoutDirectives(patch) as JsonObject;
    if (directive === 'delete') return {};
    if (directive !== 'merge') throw unknownDirective(directive, sent);
  }
  let out: JsonObject = { ...original };
  const retain = patch[RETAIN];
  if (retain !== undefined) {
    delete patch[RETAIN];
    out = retained(out, retain, patch);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER) || value === undefined) continue;
    if (key.startsWith(DELETE)) removeScalars(out, key.slice(DELETE.length), value);
    else mergeMember(node, out, patch, key, value);
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER) || order === undefined) continue;
    const name = key.slice(ORDER.length);
    if (!Object.hasOwn(patch, name)) reorder(memberOf(node, name), out, original, name, listOf(order));
  }
  return out;
}

/** Keeps only the members of the object that `$retainKeys` names. A patch that sets other members is malformed. */
function retained(original: JsonObject, retain: JsonValue, patch: JsonObject): JsonObject {
  const malformed = () => new StrategicFormatError('invalid patch format of retainKeys');
  if (!Array.isArray(retain)) throw malformed();
  const kept = new Set(retain);
  for (const [key, value] of Object.entries(patch))
    if (value !== null && !key.startsWith('$') && !kept.has(key)) throw malformed();
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)));
}

function listOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) return value;
  const kind = isJsonObject(value) ? 'map' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw new StrategicPatchError(`expected a []interface {}, but received a ${kind}`);
}

function mergeMember(node: TypeNode, out: JsonObject, patch: JsonObject, key: string, value: JsonValue) {
  if (value === null) {
    delete out[key];
    return;
  }
  const member = memberOf(node, key);
  const before = Object.hasOwn(out, key) ? out[key] : undefined;
  if (isJsonObject(value) && member.field?.replacePatch === true) {
    setOwn(out, key, withoutDirectives(value));
  } else if (isJsonObject(value) && isJsonObject(before)) {
    setOwn(out, key, mergeObject(member.node, before, value));
  } else if (Array.isArray(value)) {
    const order = patch[`${ORDER}${key}`];
    const wanted = order === undefined ? undefined : listOf(order);
    if (Array.isArray(before)) setOwn(out, key, mergeList(member, before, value, wanted));
    else setOwn(out, key, newList(member, value, wanted));
  } else {
    const added = withoutOrders(value);
    if (added === undefined) delete out[key];
    else setOwn(out, key, added);
  }
}

/** Creates a list that the object does not have yet: the elements of the patch, in the order of `$setElementOrder`. */
function newList(member: Member, patch: JsonValue[], order: JsonValue[] | undefined): JsonValue[] {
  const list = patch.map(withoutOrders).filter((entry) => entry !== undefined);
  if (order === undefined) return list;
  const key = member.field?.mergeKey;
  checkOrder(order, list, key);
  return arrange(list, order, [], key);
}

/**
 * Removes objects with `$patch`, and `null` members, from a new value, because they have a meaning only for an existing
 * value.
 */
function withoutOrders(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutOrders).filter((entry) => entry !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const kept = entry === undefined || entry === null ? undefined : withoutOrders(entry);
    if (kept !== undefined) setOwn(out, key, kept);
  }
  return out;
}

function removeScalars(out: JsonObject, key: string, removedValues: JsonValue) {
  const before = out[key];
  if (!Array.isArray(before) || !Array.isArray(removedValues)) return;
  const removed = new Set(removedValues.map(valueKey));
  out[key] = before.filter((entry) => !removed.has(valueKey(entry)));
}

function mergeList(
  member: Member,
  before: JsonValue[],
  patch: JsonValue[],
  order: JsonValue[] | undefined,
): JsonValue[] {
  if (member.field?.mergePatch !== true)
    return withoutDirectives(patch.filter((entry) => !isDirective(entry))) as JsonValue[];
  if (before.length + patch.length > 0) checkElements(before, patch);
  const { mergeKey } = member.field;
  const merged =
    mergeKey === undefined ? mergeScalars(before, patch) : mergeByKey(member.node, mergeKey, before, patch);
  const wanted = order ?? merged.fromPatch;
  if (order !== undefined) checkOrder(order, merged.fromPatch, mergeKey);
  return arrange(merged.list, wanted, merged.live, mergeKey);
}

/** Checks that all elements of both lists have the same form. */
function checkElements(before: JsonValue[], patch: JsonValue[]) {
  const form = (entry: JsonValue) => (Array.isArray(entry) ? 'list' : entry === null ? 'null' : typeof entry);
  const forms = new Set([...before, ...patch].map(form));
  if (forms.size > 1) throw new StrategicPatchError(`list element types are not identical: ${goText([before, patch])}`);
}

/** Is the entry a directive for the whole list, such as `{"$patch": "replace"}`, and not an element? */
const isDirective = (entry: JsonValue) =>
  isJsonObject(entry) &&
  (entry[DIRECTIVE] === 'replace' || entry[DIRECTIVE] === 'delete') &&
  Object.keys(entry).length === 1;

interface Merged {
  readonly list: JsonValue[];
  /** The elements of the patch, except the elements that only delete. */
  readonly fromPatch: JsonValue[];
  /** The existing elements, except the elements that the patch deletes. */
  readonly live: readonly JsonValue[];
}

function mergeScalars(before: JsonValue[], patch: JsonValue[]): Merged {
  const list = [...before];
  const known = new Set(before.map(valueKey));
  for (const entry of patch) {
    const own = valueKey(entry);
    if (!known.has(own)) list.push(entry);
    known.add(own);
  }
  return { list, fromPatch: patch, live: before };
}

function mergeByKey(node: TypeNode, key: string, before: JsonValue[], patch: JsonValue[]): Merged {
  const items: TypeNode = node.kind === 'list' ? node.items : { kind: 'any' };
  const { live, rest, replaced } = applyDirectives(key, before, patch);
  if (replaced) return { list: rest.map((entry) => withoutOrders(entry) ?? entry), fromPatch: [], live: [] };
  const list = [...live];
  const indexes = firstIndexes(live.map((other) => (isJsonObject(other) ? other[key] : undefined)));
  for (const entry of rest) {
    const value = entry[key];
    if (value === undefined || value === null) throw noMergeKey(entry, key);
    const index = indexes.get(valueKey(value)) ?? -1;
    const found = list[index];
    if (isJsonObject(found)) list[index] = mergeObject(items, found, entry);
    else {
      indexes.set(valueKey(value), list.length);
      list.push(withoutOrders(entry) ?? {});
    }
  }
  return { list, fromPatch: rest, live };
}

const noMergeKey = (entry: JsonObject, key: string) =>
  new StrategicPatchError(`map: ${goText(entry)} does not contain declared merge key: ${key}`);

/**
 * Applies the elements of a patch that have a directive. They are applied before all other elements, wherever they are
 * in the patch. A directive deletes an element or replaces the list.
 */
function applyDirectives(key: string, before: JsonValue[], patch: JsonValue[]) {
  const deleted = new Set<string>();
  let replaced = false;
  const rest: JsonObject[] = [];
  for (const entry of patch) {
    if (!isJsonObject(entry)) throw new StrategicPatchError(`expected map, got ${goText(entry)}`);
    const directive = entry[DIRECTIVE];
    if (directive === undefined) rest.push(entry);
    else if (directive === 'delete') {
      const value = entry[key];
      if (value === undefined) throw noMergeKey(entry, key);
      deleted.add(valueKey(value));
    } else if (directive === 'replace') replaced = true;
    else if (directive === 'merge') throw new StrategicPatchError('merging lists cannot yet be specified in the patch');
    else throw unknownDirective(directive, entry);
  }
  const isKept = (other: JsonValue) => !(isJsonObject(other) && deleted.has(valueKey(other[key])));
  return { live: deleted.size === 0 ? before : before.filter(isKept), rest, replaced };
}

const unknownDirective = (directive: JsonValue, map: JsonObject) =>
  new StrategicPatchError(`unknown patch type: ${goText(directive)} in map: ${goText(map)}`);

const identity = (entry: JsonValue, key: string | undefined) =>
  key === undefined ? entry : isJsonObject(entry) ? (entry[key] ?? null) : null;

/** Returns a function that finds the first element of a list with the same identity as an entry; -1 for no element. */
function positionIn(list: readonly JsonValue[], key: string | undefined): (entry: JsonValue) => number {
  const indexes = firstIndexes(list.map((entry) => identity(entry, key)));
  return (entry) => indexes.get(valueKey(identity(entry, key))) ?? -1;
}

function checkOrder(order: JsonValue[], fromPatch: JsonValue[], key: string | undefined) {
  if (key !== undefined)
    for (const entry of order) if (isJsonObject(entry) && entry[key] === undefined) throw noMergeKey(entry, key);
  let last = -1;
  const orderOf = positionIn(order, key);
  const firstOf = positionIn(fromPatch, key);
  for (const [index, entry] of fromPatch.entries()) {
    const found = orderOf(entry);
    if (found > last || (found >= 0 && isJsonObject(entry) && firstOf(entry) < index)) {
      last = Math.max(found, last);
      continue;
    }
    throw new StrategicPatchError(
      `The order in patch list:\n${goText(fromPatch)}\n doesn't match ${ORDER.slice(0, -1)} list:\n${goText(order)}\n`,
    );
  }
}

/**
 * Sorts elements by an order. Elements that the order does not name keep their relative order. Each such element of
 * `live` stays before the first named element that follows it in `live`.
 */
function arrange(
  list: JsonValue[],
  order: readonly JsonValue[],
  live: readonly JsonValue[],
  key: string | undefined,
): JsonValue[] {
  const orderOf = positionIn(order, key);
  const liveOf = positionIn(live, key);
  const named = list.filter((entry) => orderOf(entry) >= 0);
  named.sort((a, b) => orderOf(a) - orderOf(b));
  const others = list.filter((entry) => orderOf(entry) < 0);
  const out: JsonValue[] = [];
  let index = 0;
  for (const entry of named) {
    const place = liveOf(entry);
    for (let other = others[index]; other !== undefined; other = others[index]) {
      const otherPlace = liveOf(other);
      if (place < 0 || otherPlace < 0 || otherPlace >= place) break;
      out.push(other);
      index++;
    }
    out.push(entry);
  }
  return [...out, ...others.slice(index)];
}

/** Sorts an existing list when the patch has only the order of the list, and no elements. */
function reorder(member: Member, out: JsonObject, original: JsonObject, name: string, order: JsonValue[]) {
  const list = out[name];
  const live = original[name];
  if (!Array.isArray(list)) return;
  out[name] = arrange(list, order, Array.isArray(live) ? live : [], member.field?.mergeKey);
}

/** Removes the directives from a value that replaces another value. */
function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.filter((entry) => !isDirective(entry)).map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const directive = key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE);
    if (!directive && entry !== undefined) setOwn(out, key, withoutDirectives(entry));
  }
  return out;
}

/**
 * A string that is the same for values that `jsonEquals` calls equal, and only for these. With it, values are found in
 * long lists in constant time.
 */
function valueKey(value: JsonValue | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueKey).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${valueKey(value[name])}`).join(',')}}`;
}

/** Maps the key of each value to the index of its first occurrence in the list. */
function firstIndexes(values: readonly (JsonValue | undefined)[]): Map<string, number> {
  const indexes = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const key = valueKey(value);
    if (!indexes.has(key)) indexes.set(key, index);
  }
  return indexes;
}
