import { createHash } from 'node:crypto';
import { type JsonObject, type JsonValue, type KubeObject, setOwn, isJsonObject } from '@typekro/kit/core';
import { applyWithOwnership } from '../fields/ownership.ts';
import { declaredBefore, rewriteLastApplied } from '../fields/last-applied.ts';
import { badRequest, conflict, internalError, notFound } from '../errors/api-error.ts';
import { DecodeError } from '../types/decode.ts';
import { authorizeCreate } from '../auth/authorize.ts';
import { type ApplyBody, checkDuplicates, readApply } from './apply-body.ts';
import { storeNew, unnamed } from './create.ts';
import { checkPatchedVersion, storeChange } from './update.ts';
import type { WriteResult, WriteRequest } from './write.ts';
import { emptyFor, ownershipContext, keyOfWrite, liveObject, redecode } from './write.ts';
import { copyJson } from '../types/parts.ts';
import { strategyFor } from './strategy-for.ts';

/** Maps a live object to the cached outcome of an apply that changes nothing. */
const settled = new WeakMap<KubeObject, Settled>();

interface Settled {
  /** The resource of the apply. A change of its definition creates another resource, so the entry becomes invalid. */
  readonly resource: WriteRequest['resource'];
  /** The namespace of the object. The outcome depends on it, because labels of a namespace can cause warnings. */
  readonly namespace: KubeObject | undefined;
  readonly warnings: Map<string, readonly string[]>;
}
const MAX_CACHED_WARNINGS = 8;

/**
 * Server-side apply of a request body. An apply that changes nothing has the same outcome until the object, its
 * resource or its namespace changes, so `settled` caches the outcome.
 */
export function applyText(write: WriteRequest, text: string): WriteResult {
  const { manager, force, fieldValidation } = write.options;
  // The key is computed only if the object has an entry or gets one. Most applies change the object, and most objects
  // have no entry.
  const keyOfText = () => {
    const digest = createHash('sha1').update(text).digest('base64');
    return `${digest} ${force} ${fieldValidation} ${write.subresource} ${manager}`;
  };
  const live = liveObject(write);
  const memory = live === undefined ? undefined : settledFor(write, live);
  const known = memory === undefined ? undefined : memory.warnings.get(keyOfText());
  if (live !== undefined && known !== undefined) {
    for (const each of known) write.warnings.push(each);
    return { status: 200, object: live };
  }
  const before = write.warnings.length;
  const outcome = applyConfiguration(write, readApply(write, text));
  if (live !== undefined && outcome.object === live && isCacheable(write)) {
    remember(write, live, keyOfText(), write.warnings.slice(before));
  }
  return outcome;
}

/**
 * May the outcome of an apply be cached? Not with webhooks and policies: they must see every apply, and the decision of
 * a webhook or policy is no longer valid after its removal. Not with an audit log, because each apply adds annotations
 * to its audit events.
 */
const isCacheable = ({ services: { admission, audit } }: WriteRequest): boolean =>
  admission === undefined && audit === undefined;

const namespaceOf = ({ services, namespace }: WriteRequest): KubeObject | undefined =>
  namespace === '' ? undefined : services.store.collection('', 'namespaces').get(namespace)?.object;

/**
 * The cached outcomes of applies to an object; `undefined` when the cache has no outcomes, or they are no longer valid.
 */
function settledFor(write: WriteRequest, live: KubeObject): Settled | undefined {
  const known = isCacheable(write) ? settled.get(live) : undefined;
  return known?.resource === write.resource && known.namespace === namespaceOf(write) ? known : undefined;
}

function remember(write: WriteRequest, live: KubeObject, key: string, warnings: readonly string[]) {
  const { resource } = write;
  const known = settledFor(write, live);
  if (known === undefined)
    settled.set(live, { resource, namespace: namespaceOf(write), warnings: new Map([[key, warnings]]) });
  else if (known.warnings.size < MAX_CACHED_WARNINGS) known.warnings.set(key, warnings);
}

/** Server-side apply. Creates the object when it is missing. */
function applyConfiguration(write: WriteRequest, body: ApplyBody): WriteResult {
  const config = body.value;
  const live = liveObject(write);
  checkIdentity(write, config);
  if (live === undefined && write.subresource !== '') throw notFound(write.resource, write.name);
  const empty = emptyFor(write.resource);
  const { manager, force } = write.options;
  const declared = force ? undefined : declaredBefore(live, manager, write.resource.node);
  const start = live === undefined ? startOf(empty) : empty;
  const applied = applyWithOwnership(live, start, config, manager, declared ?? force, ownershipContext(write));
  checkDuplicates(write, body);
  const { managedFields } = applied.object.metadata;
  const { managedFields: _, ...metadata } = applied.object.metadata;
  const stored = write.resource.collection.get(keyOfWrite(write))?.object;
  const object = typed(write, { ...applied.object, metadata }, live !== undefined && live === stored);
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  object.metadata.name = write.name;
  takeIdentity(object, config);
  rewriteLastApplied(object, config, manager);
  if (write.resource.namespaced) object.metadata.namespace = write.namespace;
  else delete object.metadata.namespace;
  strategyFor(write.resource).defaults?.(object);
  if (live !== undefined) {
    checkPatchedVersion(write, live, object);
    return storeChange(write, live, object);
  }
  const { uid = '' } = object.metadata;
  if (uid !== '') {
    throw conflict(
      write.resource,
      write.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  }
  authorizeCreate(write.services, write.user, write);
  return storeNew(write, object);
}

/**
 * Copies `resourceVersion` and `uid` of the configuration to the object, so that they are checked even when no manager
 * owns metadata.
 */
function takeIdentity(object: KubeObject, { metadata }: JsonObject) {
  if (!isJsonObject(metadata)) return;
  for (const field of ['resourceVersion', 'uid'] as const) {
    if (typeof metadata[field] === 'string') object.metadata[field] = metadata[field];
  }
}

const startOf = (empty: JsonObject) => copyJson(empty);

function typed(write: WriteRequest, object: KubeObject, inStorageVersion: boolean): KubeObject {
  try {
    // Frozen parts belong to the live object, so they need no decoding.
    const { value } = redecode(write.resource, object, inStorageVersion);
    return write.resource.custom === undefined ? value : (withNulls(object, value) as KubeObject);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    throw internalError(thrown.message);
  }
}

/** Checks that the configuration has the resource's type and the name in the path. */
function checkIdentity(write: WriteRequest, config: JsonObject) {
  const { resource } = write;
  const kind = typeof config['kind'] === 'string' ? config['kind'] : '';
  const apiVersion = typeof config['apiVersion'] === 'string' ? config['apiVersion'] : '';
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  if (kind === '' || apiVersion === '') throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`);
  if (kind !== resource.kind || apiVersion !== resource.apiVersion) {
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`);
  }
  const metadata = isJsonObject(config['metadata']) ? config['metadata'] : {};
  const { name, namespace } = metadata;
  if (name === undefined || name === '') throw unnamed(write);
  if (name !== write.name) {
    throw badRequest(`the name of the object (${String(name)}) does not match the name on the URL (${write.name})`);
  }
  if (resource.namespaced && namespace !== undefined && namespace !== '' && namespace !== write.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/**
 * Restores nulls that defaulting has dropped, because in an apply, nulls belong to the configuration and are validated.
 */
function withNulls(sent: JsonObject, decoded: JsonObject): JsonObject {
  let out = decoded;
  for (const [key, value] of Object.entries(sent)) {
    if (key === 'metadata') continue;
    const kept = Object.hasOwn(decoded, key) ? decoded[key] : undefined;
    const next = value === null && kept === undefined ? null : nullsWithin(value, kept);
    if (next === kept || next === undefined) continue;
    if (out === decoded) out = { ...decoded };
    setOwn(out, key, next);
  }
  return out;
}

function nullsWithin(sent: JsonValue | undefined, kept: JsonValue | undefined): JsonValue | undefined {
  if (sent === kept) return kept;
  if (isJsonObject(sent) && isJsonObject(kept)) return withNulls(sent, kept);
  if (!Array.isArray(sent) || !Array.isArray(kept) || sent.length !== kept.length) return kept;
  const list = kept.map((element, index) => nullsWithin(sent[index], element) ?? null);
  return list.some((element, index) => element !== kept[index]) ? list : kept;
}
