import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { goText } from '../fields/check.ts';
import { setMember } from '../types/decode.ts';
import type { FieldNode, TypeNode } from '../types/node.ts';

/** A strategic merge patch that cannot be applied; the text is that of the API server. */
export class StrategicPatchError extends Error {}

const DIRECTIVE = '$patch';
const ORDER = '$setElementOrder/';
const DELETE = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';

/** Applies a strategic merge patch to an object of type `node`. Throws StrategicPatchError. */
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
    if (!Array.isArray(retain)) throw new StrategicPatchError(`invalid patch format: ${RETAIN} must be a list`);
    delete patch[RETAIN];
    const kept = new Set(retain);
    for (const key of Object.keys(patch)) {
      if (!key.startsWith('$') && !kept.has(key)) {
        throw new StrategicPatchError(`${RETAIN} list doesn't match the patch items: ${key} is missing`);
      }
    }
    out = Object.fromEntries(Object.entries(out).filter(([key]) => kept.has(key)));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER) || value === undefined) continue;
    if (key.startsWith(DELETE)) removeScalars(out, key.slice(DELETE.length), value);
    else mergeMember(node, out, patch, key, value);
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER) || !Array.isArray(order)) continue;
    const name = key.slice(ORDER.length);
    if (!Object.hasOwn(patch, name)) reorder(memberOf(node, name), out, original, name, order);
  }
  return out;
}

function mergeMember(node: TypeNode, out: JsonObject, patch: JsonObject, key: string, value: JsonValue) {
  if (value === null) {
    delete out[key];
    return;
  }
  const member = memberOf(node, key);
  const before = Object.hasOwn(out, key) ? out[key] : undefined;
  if (isJsonObject(value) && member.field?.replacePatch === true) {
    setMember(out, key, withoutDirectives(value));
  } else if (isJsonObject(value)) {
    if (isJsonObject(before)) setMember(out, key, mergeObject(member.node, before, value));
    else setMember(out, key, value[DIRECTIVE] === 'delete' ? {} : mergeObject(member.node, {}, value));
  } else if (Array.isArray(value)) {
    const order = patch[`${ORDER}${key}`];
    setMember(
      out,
      key,
      mergeList(member, Array.isArray(before) ? before : [], value, Array.isArray(order) ? order : undefined),
    );
  } else setMember(out, key, value);
}

function removeScalars(out: JsonObject, key: string, gone: JsonValue) {
  const before = out[key];
  if (!Array.isArray(before) || !Array.isArray(gone)) return;
  out[key] = before.filter((entry) => !gone.some((other) => jsonEquals(entry, other)));
}

function mergeList(
  member: Member,
  before: JsonValue[],
  patch: JsonValue[],
  order: JsonValue[] | undefined,
): JsonValue[] {
  if (member.field?.mergePatch !== true)
    return withoutDirectives(patch.filter((entry) => !isDirective(entry))) as JsonValue[];
  if (patch.some((entry) => isJsonObject(entry) && entry[DIRECTIVE] === 'replace')) {
    return withoutDirectives(patch.filter((entry) => !isDirective(entry))) as JsonValue[];
  }
  const { mergeKey } = member.field;
  const merged =
    mergeKey === undefined ? mergeScalars(before, patch) : mergeByKey(member.node, mergeKey, before, patch);
  const wanted = order ?? merged.fromPatch;
  if (order !== undefined) checkOrder(order, merged.fromPatch, mergeKey);
  return arrange(merged.list, wanted, before, mergeKey);
}

/** `{"$patch": "replace"}` alone is an order for the list, not an element. */
const isDirective = (entry: JsonValue) =>
  isJsonObject(entry) &&
  (entry[DIRECTIVE] === 'replace' || entry[DIRECTIVE] === 'delete') &&
  Object.keys(entry).length === 1;

interface Merged {
  readonly list: JsonValue[];
  /** Elements as the patch names them, without those it deletes. */
  readonly fromPatch: JsonValue[];
}

function mergeScalars(before: JsonValue[], patch: JsonValue[]): Merged {
  const list = [...before];
  for (const entry of patch) if (!list.some((other) => jsonEquals(other, entry))) list.push(entry);
  return { list, fromPatch: patch };
}

function mergeByKey(node: TypeNode, key: string, before: JsonValue[], patch: JsonValue[]): Merged {
  const items: TypeNode = node.kind === 'list' ? node.items : { kind: 'any' };
  let list = [...before];
  const fromPatch: JsonValue[] = [];
  for (const entry of patch) {
    if (!isJsonObject(entry)) throw new StrategicPatchError(`expected map, got ${goText(entry)}`);
    const value = entry[key];
    if (value === undefined || value === null) {
      throw new StrategicPatchError(`map: ${goText(entry)} does not contain declared merge key: ${key}`);
    }
    const directive = entry[DIRECTIVE];
    if (directive === 'delete') {
      list = list.filter((other) => !(isJsonObject(other) && jsonEquals(other[key], value)));
      continue;
    }
    if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive, entry);
    const index = list.findIndex((other) => isJsonObject(other) && jsonEquals(other[key], value));
    const found = list[index];
    if (isJsonObject(found)) list[index] = mergeObject(items, found, entry);
    else list.push(mergeObject(items, {}, entry));
    fromPatch.push(entry);
  }
  return { list, fromPatch };
}

const unknownDirective = (directive: JsonValue, map: JsonObject) =>
  new StrategicPatchError(`unknown patch type: ${goText(directive)} in map: ${goText(map)}`);

const identity = (entry: JsonValue, key: string | undefined) =>
  key === undefined ? entry : isJsonObject(entry) ? (entry[key] ?? null) : null;

const position = (list: readonly JsonValue[], entry: JsonValue, key: string | undefined) =>
  list.findIndex((other) => jsonEquals(identity(other, key), identity(entry, key)));

function checkOrder(order: JsonValue[], fromPatch: JsonValue[], key: string | undefined) {
  let last = -1;
  for (const entry of fromPatch) {
    const found = position(order, entry, key);
    if (found > last || (found >= 0 && position(fromPatch, entry, key) < fromPatch.indexOf(entry))) {
      last = Math.max(found, last);
      continue;
    }
    throw new StrategicPatchError(
      `The order in patch list:\n${goText(fromPatch)}\n doesn't match ${ORDER.slice(0, -1)} list:\n${goText(order)}\n`,
    );
  }
}

/**
 * Elements that the order names stand as it says; the others stay in their order and go before the first
 * named element that came after them.
 */
function arrange(
  list: JsonValue[],
  order: readonly JsonValue[],
  live: readonly JsonValue[],
  key: string | undefined,
): JsonValue[] {
  const named = list.filter((entry) => position(order, entry, key) >= 0);
  named.sort((a, b) => position(order, a, key) - position(order, b, key));
  const others = list.filter((entry) => position(order, entry, key) < 0);
  const out: JsonValue[] = [];
  let index = 0;
  for (const entry of named) {
    const place = position(live, entry, key);
    for (let other = others[index]; other !== undefined; other = others[index]) {
      const otherPlace = position(live, other, key);
      if (place < 0 || otherPlace < 0 || otherPlace >= place) break;
      out.push(other);
      index++;
    }
    out.push(entry);
  }
  return [...out, ...others.slice(index)];
}

/** An order without the list itself only rearranges what is there. */
function reorder(member: Member, out: JsonObject, original: JsonObject, name: string, order: JsonValue[]) {
  const list = out[name];
  const live = original[name];
  if (!Array.isArray(list)) return;
  out[name] = arrange(list, order, Array.isArray(live) ? live : [], member.field?.mergeKey);
}

/** A value that is taken whole, without the directives in it. */
function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.filter((entry) => !isDirective(entry)).map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const directive = key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE);
    if (!directive && entry !== undefined) setMember(out, key, withoutDirectives(entry));
  }
  return out;
}
