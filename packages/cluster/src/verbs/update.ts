import { type JsonObject, type KubeObject, setOwn, jsonEquals } from '@typekro/kit/core';
import { goParseUint, goQuote } from '@typekro/kit/golang';
import { updateOwnership } from '../fields/ownership.ts';
import { Problems } from '../errors/field-problems.ts';
import { conflict, internalError, invalid, notFound } from '../errors/api-error.ts';
import { validateMeta, validateMetaUpdate } from '../kinds/metadata.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { MutableObject, WriteContext } from '../kinds/strategy.ts';
import { shareUnchanged } from '../types/share-unchanged.ts';
import { checkStoredSize } from '../store/stored-size.ts';
import { authorizeCreate } from '../auth/authorize.ts';
import { checkName, checkPlace, createObject } from './create.ts';
import type { WriteResult, WriteRequest } from './write.ts';
import {
  admitChecked,
  admitCounted,
  checkAndStore,
  emptyFor,
  ownershipContext,
  keyOfWrite,
  liveObject,
  equalExcept,
  isNoOpWrite,
  putObject,
  storableObject,
} from './write.ts';
import { strategyFor } from './strategy-for.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

/**
 * Replaces an object with a decoded body (PUT). If the object is missing, creates it, or throws 404 if the kind does
 * not allow a create by PUT.
 */
export function replaceObject(write: WriteRequest, sent: KubeObject): WriteResult {
  checkName(write, sent);
  const live = liveObject(write);
  if (live === undefined) {
    if (!strategyFor(write.resource).createOnUpdate || write.subresource !== '')
      throw notFound(write.resource, write.name);
    checkPlace(write, sent);
    checkUid(write, undefined, sent);
    readVersion(sent, versionField);
    authorizeCreate(write.services, write.user, write);
    // A PUT that creates an object ignores a well-formed resource version in its body, whereas a POST refuses it.
    delete sent.metadata.resourceVersion;
    return createObject(write, sent);
  }
  checkPlace(write, sent);
  checkUid(write, live.metadata.uid, sent);
  if (readVersion(sent, versionField) === 0n && !strategyFor(write.resource).unconditionalUpdate) {
    throw invalid(write.resource.group, write.resource.plural, write.name, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  }
  strategyFor(write.resource).defaults?.(sent);
  return changeObject(write, live, sent);
}

/** Records the manager of the request as the owner of the changed fields, and stores the object. */
export function changeObject(
  write: WriteRequest,
  live: KubeObject,
  next: KubeObject,
  check = checkVersion,
): WriteResult {
  check(write, live, next);
  const tracked = updateOwnership(live, emptyFor(write.resource), next, write.options.manager, ownershipContext(write));
  return storeChange(write, live, tracked);
}

/**
 * Checks that the resource version and uid in the body, if present, equal the stored values. Throws 409 if one differs,
 * and 500 for a malformed version.
 */
export function checkVersion(write: WriteRequest, live: KubeObject, next: KubeObject): void {
  checkResourceVersion(write, live, next, versionField);
  checkUid(write, live.metadata.uid, next);
}

/**
 * Checks that the resource version in a patched object equals the stored version. Throws 409 if it differs, and 500 for
 * a malformed version. The uid is not checked here, because validation reports it together with other problems.
 */
export function checkPatchedVersion(write: WriteRequest, live: KubeObject, next: KubeObject): void {
  checkResourceVersion(write, live, next, () => '');
}

/** The prefix of the error message for a malformed resource version in the body of a request. */
const versionField = (quoted: string): string => `resourceVersion: Invalid value: ${quoted}: `;

/** Checks a resource version. For `prefix`, see `readVersion`. */
function checkResourceVersion(
  write: WriteRequest,
  live: KubeObject,
  next: KubeObject,
  prefix: (quoted: string) => string,
) {
  const version = readVersion(next, prefix);
  if (version !== 0n && String(version) !== live.metadata.resourceVersion)
    throw conflict(write.resource, write.name, MODIFIED);
}

/**
 * Parses the resource version of an object; zero if it has no version, or the version 0. Throws 500 for a malformed
 * version. `prefix` creates the beginning of the error message from the quoted version.
 */
function readVersion({ metadata: { resourceVersion = '' } }: KubeObject, prefix: (quoted: string) => string): bigint {
  if (resourceVersion === '') return 0n;
  const parsed = goParseUint(resourceVersion);
  if (parsed.ok) return parsed.value;
  throw internalError(`${prefix(goQuote(resourceVersion))}${parsed.error}`);
}

function checkUid(write: WriteRequest, live: string | undefined, { metadata: { uid = '' } }: KubeObject) {
  if (uid === '' || uid === live) return;
  const { group, plural, custom } = write.resource;
  const place = custom === undefined ? (STORED_AS.get(`${group}/${plural}`) ?? plural) : `${group}/${plural}`;
  const key = `/registry/${place}/${keyOfWrite(write)}`;
  throw conflict(
    write.resource,
    write.name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live ?? ''}`,
  );
}

/**
 * Maps the group and plural of a kind (`group/plural`) to its storage path. Contains only kinds that the API server
 * stores under a name other than their plural.
 */
const STORED_AS = new Map([
  ['/endpoints', 'services/endpoints'],
  ['/nodes', 'minions'],
  ['/replicationcontrollers', 'controllers'],
  ['/services', 'services/specs'],
  ['networking.k8s.io/ingresses', 'ingress'],
]);

/** Completes, checks and stores an update whose `managedFields` are already set. */
export function storeChange(write: WriteRequest, live: KubeObject, draft: MutableObject): WriteResult {
  return checkAndStore(
    write,
    (context) => checkChange(write, live, draft, context),
    (changed) => commit(write, live, changed),
  );
}

/** Completes and checks an update. Returns the object to store. Throws `ApiError`. */
function checkChange(
  write: WriteRequest,
  live: KubeObject,
  draft: MutableObject,
  context: WriteContext,
): MutableObject {
  const { resource } = write;
  const strategy = strategyFor(resource);
  const mutated: MutableObject = write.services.admission?.mutate(write, draft, live) ?? draft;
  if (mutated !== draft) {
    checkPlace(write, mutated);
    checkResourceVersion(write, live, mutated, versionField);
  }
  checkStoredSize(resource.group, mutated, live);
  const next = inherit(write, live, mutated);
  strategy.admit?.(next, live, context);
  strategy.prepareUpdate?.(next, live, context);
  shareParts(live, next);
  bumpGeneration(write, live, next);
  const problems = metadataProblems(resource, next, live);
  if (problems.length === 0 || resource.custom !== undefined) {
    if (strategy.validateUpdate === undefined) strategy.validate?.(next, problems, context, live);
    else strategy.validateUpdate(next, live, problems, context);
  }
  if (problems.length > 0) throw invalid(resource.group, resource.kind, write.name, problems);
  strategy.admitValidating?.(next, live, context);
  admitChecked(write, next, live);
  const count = admitCounted(write, next, live);
  if (resource.custom?.conversion !== undefined) storableObject(write, next);
  count();
  for (const text of strategy.warnings?.(next, live) ?? []) write.warnings.push(text);
  return next;
}

/**
 * The problems of the metadata. As in an API server, one problem can be reported several times. The problems of the new
 * metadata are reported once for custom resources, twice for built-in kinds, and three times for some kinds. The
 * problems of the change are always reported twice.
 */
function metadataProblems(resource: ServedResource, next: KubeObject, live: KubeObject): Problems {
  const own = new Problems();
  validateMeta(next, resource, strategyFor(resource), own);
  const changes = new Problems();
  validateMetaUpdate(next, live, changes);
  const ofKind = resource.custom === undefined ? own : [];
  const ofWhole = strategyFor(resource).validatesWholeOnUpdate === true ? own : [];
  own.push(...changes, ...ofKind, ...changes, ...ofWhole);
  return own;
}

/** Replaces the unchanged parts of `next` with the equal parts of `live`. */
function shareParts(live: KubeObject, next: MutableObject) {
  const { metadata: before, ...parts } = live;
  const { metadata } = next;
  shareMembers(parts, next);
  shareMembers(before, metadata);
}

function shareMembers(before: JsonObject, after: JsonObject) {
  for (const key of Object.keys(after)) {
    const shared = Object.hasOwn(before, key) ? shareUnchanged(before[key], after[key]) : after[key];
    if (shared !== undefined && shared !== after[key]) setOwn(after, key, shared);
  }
}

/**
 * Stores a checked object. If the object is being deleted and no finalizer or grace period keeps it, removes it
 * instead.
 */
export function commit(write: WriteRequest, live: KubeObject, changed: KubeObject): WriteResult {
  const { resource, options } = write;
  const next = resource.settle(changed);
  const finished =
    next.metadata.deletionTimestamp !== undefined &&
    (next.metadata.finalizers ?? []).length === 0 &&
    (next.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    strategyFor(resource).isHeld?.(next) !== true;
  if (!finished && isNoOpWrite(live, next) && !isStoredOtherwise(write)) return { status: 200, object: live };
  if (options.dryRun) return { status: 200, object: { ...next, metadata: { ...next.metadata, ...versionOf(live) } } };
  const key = keyOfWrite(write);
  if (finished) {
    // The changed object is not stored before the removal, so watchers get the object as it was before this request.
    const stored = resource.collection.remove(key);
    if (stored !== undefined) strategyFor(resource).afterDelete?.(stored.object, write.services);
    return { status: 200, object: { ...next, metadata: { ...next.metadata, ...versionOf(live) } } };
  }
  return { status: 200, object: putObject(write, key, next).as(resource).object };
}

/** Is the object stored in another version than its kind is now? As in an API server, any write then stores it again. */
function isStoredOtherwise(write: WriteRequest): boolean {
  const { custom, collection } = write.resource;
  const stored = custom === undefined ? undefined : collection.get(keyOfWrite(write))?.object.apiVersion;
  return stored !== undefined && stored !== custom?.storageVersion;
}

const versionOf = (live: KubeObject) =>
  live.metadata.resourceVersion === undefined ? {} : { resourceVersion: live.metadata.resourceVersion };

/** Copies from the stored object the fields that the client cannot change. */
function inherit(write: WriteRequest, live: KubeObject, draft: MutableObject): MutableObject {
  const strategy = strategyFor(write.resource);
  const metadata = { ...draft.metadata };
  const from = live.metadata;
  // Only missing values are filled in here; validation refuses a changed uid and a changed deletion time.
  if ((metadata.uid ?? '') === '' && from.uid !== undefined) metadata.uid = from.uid;
  if (from.creationTimestamp !== undefined) metadata.creationTimestamp = from.creationTimestamp;
  for (const field of ['deletionGracePeriodSeconds', 'generation'] as const) {
    delete metadata[field];
    if (from[field] !== undefined) Object.assign(metadata, { [field]: from[field] });
  }
  if (from.deletionTimestamp !== undefined) metadata.deletionTimestamp ??= from.deletionTimestamp;
  delete (metadata as { selfLink?: string }).selfLink;
  if (from.generateName !== undefined && metadata.generateName === undefined && write.resource.custom === undefined) {
    metadata.generateName = from.generateName;
  }
  if (changesStatus(write)) return withStatus(write, live, { ...draft, metadata });
  const next: MutableObject = { ...draft, metadata };
  if (strategy.hasStatus) {
    if (live.status === undefined) delete next.status;
    else next.status = live.status;
  }
  return next;
}

/** Does the subresource of the write change the status instead of the specification? */
const changesStatus = ({ resource, subresource }: WriteRequest): boolean =>
  subresource === 'status' || strategyFor(resource).statusSubresources?.includes(subresource) === true;

/**
 * Returns the stored object with the status of the write. For a built-in kind, the metadata of the write is also taken,
 * except the paths in `statusResets`.
 */
function withStatus(write: WriteRequest, live: KubeObject, draft: MutableObject): MutableObject {
  const { custom } = write.resource;
  const managedFields = draft.metadata.managedFields;
  if (custom !== undefined) {
    const metadata = { ...live.metadata };
    delete metadata.managedFields;
    if (managedFields !== undefined) metadata.managedFields = managedFields;
    const next: MutableObject = { ...live, metadata };
    delete next.status;
    return draft.status === undefined ? next : { ...next, status: draft.status };
  }
  const next: MutableObject = { ...live, metadata: draft.metadata };
  for (const path of strategyFor(write.resource).statusResets ?? []) {
    const [head, field] = path;
    if (head !== 'metadata' || field === undefined) continue;
    const value = (live.metadata as JsonObject)[field];
    if (value === undefined) delete (next.metadata as JsonObject)[field];
    else (next.metadata as JsonObject)[field] = value;
  }
  if (draft.status === undefined) delete next.status;
  else next.status = draft.status;
  return next;
}

function bumpGeneration(write: WriteRequest, live: KubeObject, next: MutableObject) {
  const { custom } = write.resource;
  const strategy = strategyFor(write.resource);
  if (!strategy.hasGeneration || changesStatus(write)) return;
  const counted = strategy.generationOf;
  const annotated = counted !== undefined && !jsonEquals(live.metadata[counted], next.metadata[counted]);
  const ignored = custom !== undefined && !strategy.hasStatus ? METADATA : METADATA_AND_STATUS;
  if (annotated || !equalExcept(ignored, live, next)) next.metadata.generation = (live.metadata.generation ?? 0) + 1;
}

const METADATA: ReadonlySet<string> = new Set(['metadata']);
const METADATA_AND_STATUS: ReadonlySet<string> = new Set(['metadata', 'status']);
