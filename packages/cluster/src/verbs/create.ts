import type { KubeObject } from '@typekro/kit/core';
import { updateOwnership } from '../fields/ownership.ts';
import { alreadyExists, badRequest, forbidden, internalError, invalid, notFound } from '../errors/api-error.ts';
import { validateMeta } from '../kinds/metadata.ts';
import type { MutableObject, WriteContext } from '../kinds/strategy.ts';
import { storeKey } from '../store/store.ts';
import { checkStoredSize } from '../store/stored-size.ts';
import type { WriteResult, WriteRequest } from './write.ts';
import {
  admitChecked,
  admitCounted,
  checkAndStore,
  checkWrite,
  emptyFor,
  ownershipContext,
  putObject,
  storableObject,
} from './write.ts';
import { timestampOf } from '../cluster-clock.ts';
import { strategyFor } from './strategy-for.ts';
import { Problems } from '../errors/field-problems.ts';

/** Creates an object from a decoded body. */
export function createObject(write: WriteRequest, sent: KubeObject): WriteResult {
  checkPlace(write, sent);
  const { resourceVersion = '' } = sent.metadata;
  strategyFor(write.resource).defaults?.(sent);
  const tracked = updateOwnership(
    undefined,
    emptyFor(write.resource),
    sent,
    write.options.manager,
    ownershipContext(write),
  );
  return storeNew(write, tracked, resourceVersion);
}

const MAX_VERSION = 2n ** 64n - 1n;

/** Is the string a resource version? The server ignores zero, and strings that are not 64-bit numbers. */
function isVersion(text: string): boolean {
  const [digits = ''] = /^0*([1-9]\d{0,19})$/.exec(text)?.slice(1) ?? [];
  return digits !== '' && BigInt(digits) <= MAX_VERSION;
}

/**
 * Refuses an object whose namespace differs from the namespace in the path. Sets a missing namespace, and removes the
 * namespace of a cluster-scoped object.
 */
export function checkPlace(write: Pick<WriteRequest, 'resource' | 'namespace'>, object: KubeObject): void {
  const { namespace } = object.metadata;
  if (!write.resource.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (namespace !== undefined && namespace !== '' && namespace !== write.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = write.namespace;
}

/** Checks that the body and the path have the same name. */
export function checkName(write: WriteRequest, sent: KubeObject): void {
  const name = sent.metadata.name ?? '';
  if (name === '') throw unnamed(write);
  if (name !== write.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${write.name})`);
  }
}

/** The error for a body without a name. */
export const unnamed = (write: WriteRequest) =>
  badRequest(`the name of the object (${write.name} based on URL) was undeterminable: name must be provided`);

/** Refuses a namespace that does not exist or is being deleted. */
export function checkNamespace(write: WriteRequest, name: string): void {
  if (!write.resource.namespaced) return;
  const namespace = write.services.store.collection('', 'namespaces').get(write.namespace)?.object;
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, write.namespace);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    write.resource,
    name,
    `unable to create new content in namespace ${write.namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${write.namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}

/**
 * Completes, checks and stores a new object whose `managedFields` are already set. `sentVersion` is the resource
 * version in the body of a create. An object with a resource version cannot be created; only a dry run succeeds.
 */
export function storeNew(write: WriteRequest, created: MutableObject, sentVersion = ''): WriteResult {
  const { resource } = write;
  checkNamespace(write, created.metadata.name ?? '');
  // An apply may send a version for an object that does not exist.
  const applied = created.metadata.resourceVersion ?? '';
  const check = (hooks: WriteContext) => {
    const admitted = admitNew(write, created, hooks);
    const { resourceVersion = applied } = admitted.metadata;
    // Dry runs are refused too: the later steps and the response would handle the whole object.
    checkStoredSize(resource.group, admitted, undefined);
    const count = checkNew(write, admitted, resourceVersion === applied ? sentVersion : resourceVersion, hooks);
    if (resource.custom?.conversion !== undefined) storableObject(write, admitted);
    count();
    return admitted;
  };
  if (write.options.dryRun) {
    const object = checkWrite(write, check);
    if (sentVersion !== '') object.metadata.resourceVersion = sentVersion;
    return { status: 201, object };
  }
  const { stored, context } = checkAndStore(write, check, (object, hooks) => {
    const key = storeKey(write.namespace, object.metadata.name ?? '');
    return { stored: putObject(write, key, resource.settle(object)), context: hooks };
  });
  strategyFor(resource).afterCreate?.(stored.object, context);
  return { status: 201, object: stored.as(resource).object };
}

/**
 * Returns the new object after the mutating plugins, policies and webhooks have changed it. Throws `ApiError` when one
 * of them refuses the object.
 */
function admitNew(write: WriteRequest, created: MutableObject, context: WriteContext): MutableObject {
  const { admitMutating } = strategyFor(write.resource);
  const plugins = (object: KubeObject) => admitMutating?.(object, context);
  plugins(created);
  const object: MutableObject = write.services.admission?.mutate(write, created, undefined, plugins) ?? created;
  if (object === created) return object;
  checkPlace(write, object);
  if (write.name !== '') checkName(write, object);
  return object;
}

/**
 * Completes and checks a new object. Returns a function that adds the object to the usage of quotas. Throws `ApiError`
 * for an object that is invalid or refused.
 */
function checkNew(write: WriteRequest, object: MutableObject, sentVersion: string, context: WriteContext): () => void {
  const { resource, services } = write;
  const strategy = strategyFor(resource);
  const { metadata } = object;
  const generated = (metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '';
  if (generated) metadata.name = context.generateName(metadata.generateName ?? '');
  const name = metadata.name ?? '';
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete (metadata as { selfLink?: string }).selfLink;
  delete metadata.resourceVersion;
  metadata.uid = services.newUid();
  metadata.creationTimestamp = timestampOf(services.clock);
  if (resource.namespaced) metadata.namespace = write.namespace;
  else delete metadata.namespace;
  if (strategy.hasGeneration) metadata.generation = 1;
  if (strategy.hasStatus && strategy.keepsStatus !== true && write.subresource === '') clearStatus(write, object);
  strategy.admit?.(object, undefined, context);
  strategy.prepareCreate?.(object, context);
  const problems = new Problems();
  validateMeta(object, resource, strategy, problems);
  strategy.validate?.(object, problems, context);
  if (problems.length > 0) throw invalid(resource.group, resource.kind, name, problems);
  for (const text of strategy.warnings?.(object, undefined) ?? []) write.warnings.push(text);
  // Admission runs before the checks of the storage, which refuse a resource version and a taken name. Quotas count the
  // object only after these checks.
  strategy.admitValidating?.(object, undefined, context);
  admitChecked(write, object, undefined);
  const count = admitCounted(write, object, undefined);
  if (!write.options.dryRun && isVersion(sentVersion))
    throw internalError('resourceVersion should not be set on objects to be created');
  const existing = resource.collection.get(storeKey(write.namespace, name))?.object;
  if (existing !== undefined)
    throw alreadyExists(
      resource,
      name,
      existing.metadata.deletionTimestamp === undefined ? '' : 'object is being deleted: ',
    );
  return count;
}

/** Replaces the status of a new object with the status of an empty object of its type. */
function clearStatus(write: WriteRequest, object: MutableObject) {
  const status = emptyFor(write.resource)['status'];
  if (status === undefined) delete object.status;
  else object.status = structuredClone(status) as NonNullable<MutableObject['status']>;
}
