import { type JsonObject, type JsonValue, type KubeObject, count, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { ApiError, badRequest, firstProblems, internalError } from '../errors/api-error.ts';
import { shareUnchanged } from '../types/share-unchanged.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { checkTyped } from './check.ts';
import { type FieldComparison, addedOrModified, compareFields } from './compare-fields.ts';
import { type ManagedEntry, capUpdaters, entryKey, readEntries, writeEntries } from './entries.ts';
import { mergeApplied } from './merge-applied.ts';
import type { FieldTree } from './tree.ts';
import {
  difference,
  differenceBelow,
  emptyTree,
  formatFieldPath,
  intersection,
  pathsOf,
  sameTree,
  treeOfMembers,
  unionOfTrees,
} from './tree.ts';
import { fieldSet, removePaths, TypedError, withDeclaredParents } from './typed-walk.ts';

/**
 * The input of `applyWithOwnership` and `updateOwnership` that depends on the resource, its version and the request.
 */
export interface FieldContext {
  readonly apiVersion: string;
  readonly node: ObjectNode;
  readonly subresource: string;
  /**
   * Is the type built-in? If so, `claim` may keep a reference to the configuration, because the decoder has copied it
   * from the body.
   */
  readonly builtin: boolean;
  /** Paths that this request cannot change. The request does not become their owner. */
  readonly resetFields: FieldTree;
  /** The time of new entries; `undefined` for writes to the scale subresource. */
  readonly time: string | undefined;
  /** The type and the object in another version; `undefined` when the kind does not have that version. */
  inVersion(apiVersion: string, object: JsonObject): { node: ObjectNode; object: JsonObject } | undefined;
}

/** Paths that no manager owns. */
const SYSTEM = treeOfMembers([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'creationTimestamp'],
  ['metadata', 'selfLink'],
  ['metadata', 'uid'],
  ['metadata', 'generation'],
  ['metadata', 'managedFields'],
  ['metadata', 'resourceVersion'],
]);

type Entries = Map<string, ManagedEntry>;

const toMap = (entries: readonly ManagedEntry[]): Entries => new Map(entries.map((entry) => [entryKey(entry), entry]));

function bare(object: KubeObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Removes the deletion timestamp and grace period. A create ignores these fields, so no manager owns them. */
function withoutDeletion(object: JsonObject): JsonObject {
  const {
    deletionTimestamp: _timestamp,
    deletionGracePeriodSeconds: _grace,
    ...metadata
  } = object['metadata'] as JsonObject;
  return { ...object, metadata };
}

function withEntries(object: JsonObject, entries: Entries): KubeObject {
  const list = writeEntries(
    [...entries.values()].filter((entry) => !entry.fields.empty || entry.operation === 'Apply'),
  );
  const metadata = { ...(object['metadata'] as JsonObject) };
  delete metadata['managedFields'];
  if (list.length > 0) metadata['managedFields'] = list;
  return { ...object, metadata } as KubeObject;
}

/**
 * The entries that a request sends in `managedFields`; the stored entries if the request sends none. `cleared` is true
 * when the request removes all entries.
 */
function entriesOf(
  live: KubeObject | undefined,
  next: KubeObject,
  context: FieldContext,
): { entries: Entries; cleared: boolean } {
  const sent = next.metadata.managedFields;
  const stored = () => toMap(readEntries(live?.metadata.managedFields) ?? []);
  if (context.subresource !== '' || sent === undefined || sent === null) return { entries: stored(), cleared: false };
  // The API server first re-encodes the metadata of a custom resource, and this encoding drops an empty list.
  if (sent.length === 0 && !context.builtin) return { entries: stored(), cleared: false };
  const blank = sent.length === 1 && isJsonObject(sent[0]) && Object.values(sent[0]).every((value) => value === null);
  if (sent.length === 0 || blank) return { entries: new Map(), cleared: true };
  const read = readEntries(sent);
  return { entries: read === undefined || read.length === 0 ? stored() : toMap(read), cleared: false };
}

/**
 * Returns the object with its owners after a create, update or non-apply patch. `manager` becomes the only owner of the
 * changed fields. A create has no `live` object; the new object is then compared with `empty`, an object of the type
 * without content.
 */
export function updateOwnership(
  live: KubeObject | undefined,
  empty: JsonObject,
  next: KubeObject,
  manager: string,
  context: FieldContext,
): KubeObject {
  const { entries, cleared } = entriesOf(live, next, context);
  const after = bare(next);
  if (live !== undefined && entries.size === 0) return withEntries(after, new Map());
  if (cleared && live !== undefined) return withEntries(after, new Map());
  const before = live === undefined ? empty : bare(live);
  try {
    checkInVersions(before, entries, context);
    checkInVersions(after, entries, context);
  } catch (thrown) {
    // For requests other than an apply, the server drops all owners instead of refusing the request.
    if (thrown instanceof TypedError) return withEntries(after, new Map());
    throw thrown;
  }
  takeChanges(before, live === undefined ? withoutDeletion(after) : after, entries, manager, context);
  return withEntries(after, entries);
}

/**
 * Checks that the CRD has the API version of each ownership entry, even if it does not serve it, and that the custom
 * resource has the structure of its type there, because the server compares the object in these versions. The check fails, for example, when a later version has additional
 * fields with defaults that the earlier version does not declare.
 *
 * @throws TypedError
 */
function checkInVersions(
  object: JsonObject,
  entries: { values(): Iterable<Pick<ManagedEntry, 'apiVersion'>> },
  context: FieldContext,
): void {
  if (context.builtin) return;
  const checked = new Set([context.apiVersion]);
  for (const { apiVersion } of entries.values()) {
    if (checked.has(apiVersion)) continue;
    checked.add(apiVersion);
    const converted = context.inVersion(apiVersion, object);
    if (converted === undefined)
      throw new TypedError(`request to convert CR to an invalid group/version: ${apiVersion}`);
    checkTyped(converted.node, converted.object);
  }
}

/**
 * Runs a check of an apply. A violation refuses the apply with status 500; the message is `words` followed by the
 * check's message.
 */
function refusing(words: string, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (thrown instanceof TypedError) throw internalError(`${words}${thrown.message}`);
    throw thrown;
  }
}

function takeChanges(before: JsonObject, after: JsonObject, entries: Entries, manager: string, context: FieldContext) {
  const comparison = limited(compareFields(context.node, before, after), context);
  const ownEntry = {
    manager,
    operation: 'Update' as const,
    apiVersion: context.apiVersion,
    subresource: context.subresource,
  };
  const key = entryKey(ownEntry);
  release(before, after, entries, key, comparison, context);
  const own = entries.get(key);
  if (own !== undefined) keepOrDrop(entries, key, own, difference(own.fields, comparison.removed));
  const changedFields = addedOrModified(comparison);
  if (!changedFields.empty) {
    const previous = entries.get(key);
    const fields = previous === undefined ? changedFields : unionOfTrees(previous.fields, changedFields);
    entries.set(key, { ...ownEntry, time: context.time, fields });
  }
  capUpdaters(entries);
}

const isSame = (comparison: FieldComparison) =>
  comparison.added.empty && comparison.modified.empty && comparison.removed.empty;

/** Removes from the comparison the paths that no manager can own and the paths that the request cannot change. */
function limited(comparison: FieldComparison, context: FieldContext): FieldComparison {
  if (isSame(comparison)) return comparison;
  const clean = (tree: FieldTree) => differenceBelow(difference(tree, SYSTEM), context.resetFields);
  return { added: clean(comparison.added), modified: clean(comparison.modified), removed: clean(comparison.removed) };
}

/**
 * Removes changed and removed paths from all entries except the entry `exceptKey`. Deletes the entries of versions that
 * are no longer served.
 */
function release(
  before: JsonObject,
  after: JsonObject,
  entries: Entries,
  exceptKey: string | undefined,
  comparison: FieldComparison,
  context: FieldContext,
): void {
  const versions = new Map<string, FieldComparison | undefined>([[context.apiVersion, comparison]]);
  for (const [key, entry] of entries) {
    if (key === exceptKey) continue;
    const inVersion = comparisonIn(entry.apiVersion, before, after, versions, context);
    if (inVersion === undefined) {
      entries.delete(key);
      continue;
    }
    const fields = difference(difference(entry.fields, addedOrModified(inVersion)), inVersion.removed);
    keepOrDrop(entries, key, entry, fields);
  }
}

function keepOrDrop(entries: Entries, key: string, entry: ManagedEntry, fields: FieldTree) {
  if (fields.empty) entries.delete(key);
  else if (fields !== entry.fields) entries.set(key, { ...entry, fields });
}

function comparisonIn(
  apiVersion: string,
  before: JsonObject,
  after: JsonObject,
  versions: Map<string, FieldComparison | undefined>,
  context: FieldContext,
): FieldComparison | undefined {
  if (!versions.has(apiVersion)) {
    const left = context.inVersion(apiVersion, before);
    const right = context.inVersion(apiVersion, after);
    versions.set(
      apiVersion,
      left === undefined || right === undefined
        ? undefined
        : limited(compareFields(left.node, left.object, right.object), context),
    );
  }
  return versions.get(apiVersion);
}

/** The outcome of an apply before defaulting and validation. */
export interface ApplyResult {
  readonly object: KubeObject;
  /** Has the content changed? A change of ownership alone does not count. */
  readonly isChanged: boolean;
}

/**
 * Server-side apply of `config` by `manager` to `live`. The result is the merged object with its new owners. A create
 * has no `live` object; `empty` is then used instead.
 *
 * @throws ApiError 409 when the apply changes fields of other managers without force, with one cause per field; 500
 *   when the configuration does not have the structure of its type, or when the object does not have the structure of
 *   its type in an entry's version; 400 when the configuration sets `managedFields`.
 */
export function applyWithOwnership(
  live: KubeObject | undefined,
  empty: JsonObject,
  config: JsonObject,
  manager: string,
  force: boolean | FieldTree,
  context: FieldContext,
): ApplyResult {
  const metadata = config['metadata'];
  if (isJsonObject(metadata) && metadata['managedFields'] !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const before = live === undefined ? empty : bare(live);
  const entries = toMap(readEntries(live?.metadata.managedFields) ?? []);
  if (live !== undefined && entries.size === 0) takeChanges(empty, before, entries, 'before-first-apply', context);
  const { claimed, key, previous } = claim(config, manager, entries, context);
  refusing('', () => checkInVersions(before, entries, context));
  const merged = mergeApplied(context.node, before, config) as JsonObject;
  if (previous !== undefined && !previous.fields.empty) {
    refusing('failed to prune fields: failed to convert merged object to last applied version: ', () =>
      checkInVersions(merged, [previous], context),
    );
  }
  entries.set(key, {
    manager,
    operation: 'Apply',
    apiVersion: context.apiVersion,
    subresource: context.subresource,
    time: previous?.time,
    fields: claimed,
  });
  const drops = previous !== undefined && !difference(previous.fields, claimed).empty;
  const pruned = drops ? prune(merged, previous, entries, context) : merged;
  refusing('failed to convert new object: ', () => checkInVersions(pruned, entries, context));
  const comparison = limited(compareFields(context.node, before, pruned), context);
  if (force !== true) refuse(conflictsOf(before, pruned, entries, key, comparison, context), force);
  release(before, pruned, entries, key, comparison, context);
  if (claimed.empty) entries.delete(key);
  const isChanged = !jsonEquals(before, pruned);
  const ownEntry = entries.get(key);
  if (isChanged && ownEntry !== undefined) entries.set(key, { ...ownEntry, time: context.time });
  return { object: withEntries(isChanged ? pruned : before, entries), isChanged: isChanged };
}

/** Maps a set of claimed paths to the last configuration that claimed it. */
const claimedWith = new WeakMap<FieldTree, { readonly node: ObjectNode; readonly config: JsonObject }>();

/**
 * Checks the configuration and returns the paths that it claims. Most applies repeat the manager's last configuration.
 * For built-in types, the parts that are equal to that configuration are therefore neither checked nor traversed again.
 */
function claim(config: JsonObject, manager: string, entries: Entries, context: FieldContext) {
  const key = entryKey({
    manager,
    operation: 'Apply',
    apiVersion: context.apiVersion,
    subresource: context.subresource,
  });
  const previous = entries.get(key);
  const last = previous === undefined ? undefined : claimedWith.get(previous.fields);
  const old = last?.node === context.node ? last.config : undefined;
  if (old !== undefined) shareUnchanged(old, config);
  try {
    checkTyped(context.node, config, old);
  } catch (thrown) {
    if (!(thrown instanceof TypedError)) throw thrown;
    const metadata = config['metadata'];
    const name = isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
    const namespace = isJsonObject(metadata) && typeof metadata['namespace'] === 'string' ? metadata['namespace'] : '';
    const version = context.apiVersion.includes('/') ? context.apiVersion : `/${context.apiVersion}`;
    throw internalError(
      `failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${String(config['kind'])}): ${thrown.message}`,
    );
  }
  const all = fieldSet(context.node, config, previous?.fields, old);
  const claimed = differenceBelow(difference(all, SYSTEM), context.resetFields);
  // If the manager claims the same paths as before, the previous `FieldTree` is kept, because its serialized form is
  // cached.
  const same = previous !== undefined && sameTree(previous.fields, claimed);
  const fields = same ? previous.fields : claimed;
  if (context.builtin) claimedWith.set(fields, { node: context.node, config });
  return { claimed: fields, key, previous };
}

/** Removes the fields of the manager's last apply that are missing in this apply and that no other manager owns. */
function prune(merged: JsonObject, previous: ManagedEntry, entries: Entries, context: FieldContext): JsonObject {
  const { apiVersion } = previous;
  let [managed, managedThere] = [emptyTree, emptyTree];
  for (const entry of entries.values()) {
    managed = unionOfTrees(managed, entry.fields);
    if (entry.apiVersion === apiVersion) managedThere = unionOfTrees(managedThere, entry.fields);
  }
  if (apiVersion === context.apiVersion) return pruneIn(context.node, merged, previous.fields, managed);
  const converted = context.inVersion(apiVersion, merged);
  if (converted === undefined) return merged;
  // For a field that the other version always has, the conversion returns an empty value, even if the field was pruned.
  // Such a field counts as kept, with its value from `merged`.
  const pruned = pruneIn(converted.node, converted.object, previous.fields, managedThere);
  const back = context.inVersion(context.apiVersion, { ...pruned, apiVersion });
  const kept = fieldSet(context.node, back?.object ?? pruned);
  const { node } = context;
  const removedPaths = difference(
    withDeclaredParents(fieldSet(node, merged), node),
    unionOfTrees(withDeclaredParents(kept, node), withDeclaredParents(managed, node)),
  );
  return (removePaths(node, merged, removedPaths) ?? {}) as JsonObject;
}

function pruneIn(node: ObjectNode, merged: JsonObject, before: FieldTree, managed: FieldTree): JsonObject {
  const last = withDeclaredParents(before, node);
  const mergedSet = withDeclaredParents(fieldSet(node, merged), node);
  const keptIn = (value: JsonValue) => withDeclaredParents(fieldSet(node, value ?? {}), node);
  const without = removePaths(node, merged, last);
  const owned = unionOfTrees(keptIn(without), withDeclaredParents(managed, node));
  const restored = removePaths(node, merged, difference(mergedSet, owned));
  return (removePaths(node, merged, intersection(difference(mergedSet, keptIn(restored)), last)) ?? {}) as JsonObject;
}

interface Conflict {
  readonly entry: ManagedEntry;
  readonly fields: FieldTree;
}

function conflictsOf(
  before: JsonObject,
  after: JsonObject,
  entries: Entries,
  ownKey: string,
  comparison: FieldComparison,
  context: FieldContext,
): Conflict[] {
  const versions = new Map<string, FieldComparison | undefined>([[context.apiVersion, comparison]]);
  const conflicts: Conflict[] = [];
  for (const [key, entry] of entries) {
    if (key === ownKey) continue;
    const inVersion = comparisonIn(entry.apiVersion, before, after, versions, context);
    const fields = inVersion === undefined ? emptyTree : intersection(entry.fields, addedOrModified(inVersion));
    if (!fields.empty) conflicts.push({ entry, fields });
  }
  return conflicts;
}

/** Throws 409 for conflicts that `force` does not permit. */
function refuse(conflicts: readonly Conflict[], force: false | FieldTree): void {
  const rest = conflicts
    .map(({ entry, fields }) => ({ entry, fields: force === false ? fields : difference(fields, force) }))
    .filter(({ fields }) => !fields.empty);
  if (rest.length === 0) return;
  const ordered = rest.sort((a, b) => (label(a.entry) < label(b.entry) ? -1 : 1));
  const all = ordered.flatMap(({ entry, fields }) => {
    const message = `conflict with ${label(entry)}`;
    return [...pathsOf(fields)].map((path) => ({ message, field: formatFieldPath(path) }));
  });
  const shown = firstProblems(all);
  const lines = shown.flatMap(({ message, field }, index) => {
    const head = message === shown[index - 1]?.message ? [] : [`${message.replace('conflict', 'conflicts')}:`];
    return [...head, `- ${field}`];
  });
  if (shown.length < all.length) lines.push(`and ${all.length - shown.length} more`);
  const text = all.length === 1 ? `${all[0]?.message}: ${all[0]?.field}` : lines.join('\n');
  throw new ApiError({
    code: 409,
    reason: 'Conflict',
    message: `Apply failed with ${count(all.length, 'conflict')}: ${text}`,
    details: { causes: shown.map((each) => ({ reason: 'FieldManagerConflict', ...each })) },
  });
}

function label(entry: ManagedEntry): string {
  return (
    JSON.stringify(entry.manager) +
    (entry.subresource === '' ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`) +
    (entry.operation === 'Update' ? ` using ${entry.apiVersion}` : '')
  );
}

/** The set of paths that a configuration claims. */
export const claimedPaths = (node: ObjectNode, config: JsonValue): FieldTree =>
  difference(fieldSet(node, config), SYSTEM);
