import { type JsonObject, type JsonValue, type KubeObject, setOwn, isJsonObject } from '@typekro/kit/core';
import { type Fingerprint, LazyDigest } from './fingerprint.ts';
import { ENGINE_PREFIX } from './field-managers.ts';
import { CHILD_MANAGER, VERSION_LABEL } from './keys.ts';
import { memberFinder } from './list-members.ts';

/**
 * A set of fields as the API server records it (`fieldsV1`). Its members are `f:name`, `k:{…}` and `v:…`. The member
 * `.` stands for the value itself.
 */
export type FieldSet = JsonObject;

/**
 * A writer that uses server-side apply: a field manager and the subresource that it writes. A string is a field manager
 * that writes the main resource.
 */
export type FieldWriter = string | { readonly manager: string; readonly subresource: 'status' };

/** The name of a writer: the manager, followed by `/status` for the status subresource. */
export function writerName(writer: FieldWriter): string {
  return typeof writer === 'string' ? writer : `${writer.manager}/${writer.subresource}`;
}

/** Creates a writer from a manager and a subresource. */
export function writerOf(manager: string, subresource: 'status' | undefined): FieldWriter {
  return subresource === undefined ? manager : { manager, subresource };
}

/** The field manager of a writer. */
export function managerOf(writer: FieldWriter): string {
  return typeof writer === 'string' ? writer : writer.manager;
}

/** The fields that a writer owns by server-side apply; undefined if it owns none. */
export function ownedFields(object: KubeObject, writer: FieldWriter = CHILD_MANAGER): FieldSet | undefined {
  let owned: FieldSet | undefined;
  for (const { fieldsV1 } of applyEntries(object, writer)) {
    owned = owned === undefined ? fieldsV1 : mergeSets(owned, fieldsV1);
  }
  return owned;
}

/** An entry of `managedFields` for the server-side applies of a writer. */
type ApplyEntry = JsonObject & { readonly fieldsV1: FieldSet };

/** The entries of `managedFields` for the server-side applies of a writer. */
export function applyEntries({ metadata: { managedFields = [] } }: KubeObject, writer: FieldWriter): ApplyEntry[] {
  return managedFields.filter((entry): entry is ApplyEntry => isApplyEntryOf(entry, writer));
}

/** The entries of `managedFields` without those of a writer. */
export function withoutWriter({ metadata: { managedFields = [] } }: KubeObject, writer: FieldWriter): JsonValue[] {
  return managedFields.filter((entry) => !isApplyEntryOf(entry, writer));
}

function isApplyEntryOf(entry: JsonValue, writer: FieldWriter): boolean {
  if (!isJsonObject(entry) || entry['manager'] !== managerOf(writer) || entry['operation'] !== 'Apply') return false;
  const { fieldsV1, subresource = '' } = entry;
  return subresource === (typeof writer === 'string' ? '' : writer.subresource) && isJsonObject(fieldsV1);
}

/**
 * The writers of kro's graph engine that own fields of a live object, in the order of `managedFields`. Needs
 * `metadata.managedFields`.
 */
export function engineWriters({ metadata: { managedFields = [] } }: KubeObject): readonly FieldWriter[] {
  let found: Map<string, FieldWriter> | undefined;
  for (const entry of managedFields) {
    if (!isJsonObject(entry) || entry['operation'] !== 'Apply') continue;
    const { manager, subresource = '' } = entry;
    if (typeof manager !== 'string' || !manager.startsWith(ENGINE_PREFIX)) continue;
    if (subresource !== '' && subresource !== 'status') continue;
    const writer = subresource === '' ? manager : ({ manager, subresource } as const);
    (found ??= new Map()).set(writerName(writer), writer);
  }
  return found === undefined ? NO_WRITERS : [...found.values()];
}

const NO_WRITERS: readonly FieldWriter[] = [];

/**
 * Fingerprint of the values at the fields that a writer owns in a live object. It equals the `desiredFingerprint` of
 * the applied object, unless another client changed a field or the server normalised a value. Empty if the writer owns
 * nothing. Needs `metadata.managedFields`.
 */
export function ownedFingerprint(object: KubeObject, writer: FieldWriter = CHILD_MANAGER): Fingerprint {
  const fields = ownedFields(object, writer);
  return fields === undefined ? '' : new LazyDigest(valuesAt(object, fields));
}

/**
 * The values of the fields that the manager owns in a live object; empty if it owns none. Needs
 * `metadata.managedFields`.
 */
export function ownedValues(object: KubeObject, manager: string = CHILD_MANAGER): JsonObject {
  const fields = ownedFields(object, manager);
  return fields === undefined ? {} : valuesAt(object, fields);
}

function valuesAt(object: KubeObject, fields: FieldSet): JsonObject {
  return comparable(object, project(storedFields(object, fields), object));
}

/** Fingerprint of an object to be applied. It can be compared with an `ownedFingerprint`. */
export function desiredFingerprint(desired: KubeObject): Fingerprint {
  return new LazyDigest(comparable(desired, desired));
}

type ObjectType = Pick<KubeObject, 'apiVersion' | 'kind'>;

/**
 * Does the server store the kind's `stringData` in `data`, and return only `data`? `stringData` of a Secret is the only
 * write-only field of the built-in kinds. In a custom resource, `stringData` is a field like any other.
 */
function hasWriteOnlyData({ apiVersion, kind }: ObjectType): boolean {
  return kind === 'Secret' && apiVersion === 'v1';
}

/** Renames the fields of a set to the names under which the server stores them. */
export function storedFields(type: ObjectType, fields: FieldSet): FieldSet {
  if (!hasWriteOnlyData(type)) return fields;
  const { 'f:stringData': written, ...stored } = fields;
  return isJsonObject(written) ? mergeSets(stored, { 'f:data': written }) : fields;
}

/**
 * The part of an object or a projection that is compared. Omits the type, nulls, empty metadata, and all metadata other
 * than `COMPARED_METADATA`. Also omits the version label, because a new version of the controller alone causes no
 * write. Moves the `stringData` of a Secret to `data`, where the server stores it.
 */
export function comparable(type: ObjectType, value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) return {};
  const { metadata } = value;
  const written = hasWriteOnlyData(type) ? value['stringData'] : undefined;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (key === 'apiVersion' || key === 'kind' || key === 'metadata') continue;
    if (key === 'stringData' && isJsonObject(written)) continue;
    const clean = withoutNulls(value[key]);
    if (clean !== undefined) setOwn(result, key, clean);
  }
  const clean = isJsonObject(metadata) ? comparableMetadata(metadata) : undefined;
  if (clean !== undefined) result['metadata'] = clean;
  if (isJsonObject(written)) {
    const data = isJsonObject(result['data']) ? result['data'] : {};
    result['data'] = { ...data, ...encodeAll(written) };
  }
  return result;
}

const COMPARED_METADATA = ['annotations', 'finalizers', 'labels', 'ownerReferences'] as const;

/** The compared metadata, with sorted member names, so that digests need no sort; undefined if it is empty. */
function comparableMetadata(metadata: JsonObject): JsonObject | undefined {
  let result: JsonObject | undefined;
  for (const name of COMPARED_METADATA) {
    const part = metadata[name];
    const clean = Array.isArray(part) ? comparableList(part) : comparableMap(part);
    if (clean !== undefined) (result ??= {})[name] = clean;
  }
  return result;
}

/** A map without nulls and without the version label; undefined if it is empty. */
function comparableMap(map: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(map)) return undefined;
  let result: JsonObject | undefined;
  for (const [name, value] of Object.entries(map)) {
    if (name === VERSION_LABEL || value === null || value === undefined) continue;
    setOwn((result ??= {}), name, value);
  }
  return result;
}

function comparableList(list: JsonValue[]): JsonValue | undefined {
  return list.length > 0 ? list : undefined;
}

/** Removes null members of objects, which mean "no value" in server-side apply. Null list elements stay. */
function withoutNulls(value: JsonValue | undefined): JsonValue | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((entry) => withoutNulls(entry) ?? null);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const clean = withoutNulls(value[key]);
    if (clean !== undefined) setOwn(result, key, clean);
  }
  return result;
}

function encodeAll(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value,
    ]),
  );
}

/** The values of a live object at the fields of a set. Lists keep their live order. */
export function project(fields: FieldSet, value: JsonValue | undefined): JsonValue | undefined {
  if (value === null || typeof value !== 'object') return value;
  const members = Object.keys(fields);
  if (members.length === 0 || (members.length === 1 && members[0] === '.')) return value;
  if (Array.isArray(value))
    return projectList(
      fields,
      members.filter((key) => key !== '.'),
      value,
    );
  const result: JsonObject = {};
  for (const member of members) {
    const below = fields[member];
    if (!member.startsWith('f:') || !isJsonObject(below)) continue;
    const name = member.slice(2);
    if (!Object.hasOwn(value, name)) continue;
    const projected = project(below, value[name]);
    if (projected !== undefined) setOwn(result, name, projected);
  }
  return result;
}

function projectList(fields: FieldSet, members: readonly string[], list: readonly JsonValue[]): JsonValue {
  const findMember = memberFinder(members);
  const result: JsonValue[] = [];
  list.forEach((item, index) => {
    const member = findMember(item, index);
    if (member === undefined) return;
    const below = fields[member];
    const projected = isJsonObject(below) ? project(below, item) : item;
    if (projected !== undefined) result.push(projected);
  });
  return result;
}

function mergeSets(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { ...a };
  for (const [key, below] of Object.entries(b)) {
    const present = Object.hasOwn(result, key) ? result[key] : undefined;
    if (below !== undefined)
      setOwn(result, key, isJsonObject(present) && isJsonObject(below) ? mergeSets(present, below) : below);
  }
  return result;
}

/** The writers of the fields of an object, from its managed fields. */
export const FieldWriter = {
  fingerprint: ownedFingerprint,
  values: ownedValues,
  without: withoutWriter,
  nameOf: writerName,
  of: writerOf,
};
