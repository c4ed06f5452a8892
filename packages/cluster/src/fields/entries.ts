import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { type FieldTree, fromFieldsV1, sameTree, toFieldsV1, unionOfTrees } from './tree.ts';

/** The fields that one manager owns: an entry of `metadata.managedFields`. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** The time of the manager's last change of the object; `undefined` when the manager only took ownership. */
  readonly time: string | undefined;
  readonly fields: FieldTree;
}

const parsed = new WeakMap<object, FieldTree>();
const written = new WeakMap<FieldTree, JsonObject>();

/** The key of an entry: operation, manager and subresource; for `Update` also the version. */
export const entryKey = (entry: Omit<ManagedEntry, 'fields' | 'time'>): string =>
  `${entry.operation}\n${entry.manager}\n${entry.operation === 'Apply' ? '' : entry.apiVersion}\n${entry.subresource}`;

/** Parses `managedFields`. Returns `undefined` when an entry is malformed. */
export function readEntries(list: JsonValue | undefined): ManagedEntry[] | undefined {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return undefined;
  const entries: ManagedEntry[] = [];
  for (const item of list) {
    if (!isJsonObject(item)) return undefined;
    const { manager, operation, apiVersion, subresource, time, fieldsV1, fieldsType } = item;
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (fieldsType !== undefined && fieldsType !== 'FieldsV1' && fieldsType !== '') return undefined;
    const fields = readFields(fieldsV1);
    if (fields === undefined) return undefined;
    entries.push({
      manager: typeof manager === 'string' ? manager : '',
      operation,
      apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
      subresource: typeof subresource === 'string' ? subresource : '',
      time: typeof time === 'string' ? time : undefined,
      fields,
    });
  }
  return entries;
}

function readFields(value: JsonValue | undefined): FieldTree | undefined {
  if (!isJsonObject(value)) return fromFieldsV1({});
  const known = parsed.get(value);
  if (known !== undefined) return known;
  const tree = fromFieldsV1(value);
  if (tree !== undefined && Object.isFrozen(value)) {
    parsed.set(value, tree);
    written.set(tree, value);
  }
  return tree;
}

/** Builds `metadata.managedFields`. The order is: `Apply` entries first, then by time, then by name. */
export function writeEntries(entries: Iterable<ManagedEntry>): JsonObject[] {
  const sorted = [...entries].sort(
    (a, b) =>
      compareText(a.operation, b.operation) ||
      compareText(a.time ?? '', b.time ?? '') ||
      compareText(a.manager, b.manager) ||
      compareText(a.apiVersion, b.apiVersion) ||
      compareText(a.subresource, b.subresource),
  );
  return sorted.map((entry) => {
    let fieldsV1 = written.get(entry.fields);
    if (fieldsV1 === undefined) {
      fieldsV1 = toFieldsV1(entry.fields);
      written.set(entry.fields, fieldsV1);
      parsed.set(fieldsV1, entry.fields);
    }
    return {
      manager: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      ...(entry.time === undefined ? {} : { time: entry.time }),
      fieldsType: 'FieldsV1',
      fieldsV1,
      ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
    };
  });
}

/** The maximum number of `Update` entries. When an object has more, the oldest entries are merged. */
const MAX_UPDATERS = 10;

/** The string by which kube-apiserver sorts entries that have the same time. */
const identifierOf = ({ manager, operation, apiVersion, subresource }: ManagedEntry): string =>
  JSON.stringify({ manager, operation, apiVersion, ...(subresource === '' ? {} : { subresource }) });

/**
 * Merges the oldest `Update` entries until at most `MAX_UPDATERS` remain. Only entries of the same version are merged;
 * the version's entry `ancient-changes` then has their fields.
 */
export function capUpdaters(entries: Map<string, ManagedEntry>): void {
  const updaters = [...entries.entries()].filter(([, entry]) => entry.operation === 'Update');
  let excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return;
  updaters.sort(
    ([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(identifierOf(a), identifierOf(b)),
  );
  /** Maps a version to the key of its oldest entry. */
  const oldest = new Map<string, string>();
  for (const [key, entry] of updaters) {
    const { apiVersion, time } = entry;
    const first = oldest.get(apiVersion);
    const ancient = { manager: 'ancient-changes', operation: 'Update' as const, apiVersion, subresource: '' };
    const ancientKey = entryKey(ancient);
    if (first === undefined) oldest.set(apiVersion, key);
    if (first === undefined || key === ancientKey) continue;
    const known = entries.get(ancientKey) ?? entries.get(first);
    if (!entries.has(ancientKey)) entries.delete(first);
    entries.delete(key);
    const fields = known === undefined ? entry.fields : unionOfTrees(known.fields, entry.fields);
    entries.set(ancientKey, { ...ancient, time, fields });
    excess -= 1;
    if (excess === 0) return;
  }
}

/** Do both lists have the same owners of the same fields? Times are ignored. */
export function sameEntries(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  const left = readEntries(a);
  const right = readEntries(b);
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  const others = new Map(right.map((entry) => [entryKey(entry) + entry.apiVersion, entry]));
  return left.every((entry) => {
    const other = others.get(entryKey(entry) + entry.apiVersion);
    return other !== undefined && sameTree(entry.fields, other.fields);
  });
}
