import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { ADMIN } from '../auth/cluster-access.ts';
import { sameEntries } from '../fields/entries.ts';
import type { FieldContext } from '../fields/ownership.ts';
import { type BodyType, decodeTyped, bodyTypeOf } from './body.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { AuditTrail } from '../protocol/request.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { unknownResource } from '../errors/api-error.ts';
import { admitPodSecurity } from '../kinds/pods/pod-security-admission.ts';
import { callEach } from '../call-each.ts';
import type { Work } from '../work.ts';
import { type QuotaRequest, admitQuota } from '../kinds/quota/quota-admission.ts';
import type { WriteContext } from '../kinds/strategy.ts';
import { NotStored, throwOthersThanNotStored } from '../store/journal.ts';
import type { Conversions, Stored } from '../store/stored.ts';
import { storeKey } from '../store/store.ts';
import { decodeObject, emptyObject } from '../types/decode.ts';
import type { DeleteRequestOptions, WriteRequestOptions } from './request-options.ts';
import { resetFields } from './strategy-for.ts';
import { type ClusterClock, timestampOf } from '../cluster-clock.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import type { Registry } from '../registry/registry.ts';
import type { UncheckedObjectStore } from '../types/lookup.ts';
import type { ServiceAddresses } from '../kinds/network/service-addresses.ts';

/**
 * The characters of generated names, as in Kubernetes. Vowels are absent, so that names contain no words. The digits 0,
 * 1 and 3 are absent, because they look like letters.
 */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

const SUFFIX_LENGTH = 5;

const MAX_PREFIX_LENGTH = 58;

/** A name made of the prefix and five random characters. */
const generateName = (prefix: string): string => prefix.slice(0, MAX_PREFIX_LENGTH) + randomSuffix();

/** A function that changes an object as `Strategy.admitMutating` does. */
export type MutatingPlugins = (object: KubeObject) => void;

/** The object that webhooks and policies see instead of the stored object, such as a Scale. */
export interface ReviewedAs {
  readonly type: BodyType;
  readonly show: (object: KubeObject) => KubeObject;
  /** Returns `object` with the changes that webhooks and policies have made to `shown`. */
  readonly take: (object: KubeObject, shown: KubeObject) => KubeObject;
}

/**
 * The decisions of webhooks and policies about one write. A method throws while its decision still needs the response
 * of a webhook. When the webhook has responded, the write runs again from its start, with the live object of that time.
 */
export interface WriteAdmission {
  /**
   * Returns the object with the changes of mutating webhooks and policies, before it is validated. `old` is the stored
   * object; `undefined` for a create.
   *
   * @throws ApiError when one of them refuses the write.
   */
  mutate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined, plugins?: MutatingPlugins): KubeObject;
  /** Refuses an object that has passed validation if a validating webhook or policy denies it. */
  validate(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): void;
  /** Refuses a deletion that a webhook or policy denies. */
  admitDelete(write: WriteRequest, old: KubeObject, options: DeleteRequestOptions): void;
  /**
   * Decides about a request whose object is not stored, such as an eviction or a connection. Refuses the request if a
   * webhook or policy denies it. Otherwise returns the object with the changes of webhooks and policies. `type` is the
   * type of the object. For a connection, the object contains the options of the connection, and `type` is `undefined`.
   */
  admitRequest(
    write: WriteRequest,
    operation: 'CONNECT' | 'CREATE',
    object: KubeObject,
    type: BodyType | undefined,
  ): KubeObject;
  /** Returns the result of `make`. When the write runs again, returns the same result. */
  once(use: 'name' | 'uid', make: () => string): string;
}

/** The parts of the cluster that a write uses, in addition to its resource. */
export interface WriteServices {
  /** Present while a write may have to wait for a webhook, a policy or a conversion webhook (`AdmissionGate`). */
  readonly admission?: WriteAdmission | undefined;
  /**
   * The store. A write looks up other objects in it: the namespace, quotas, and the objects that the rules of the kind
   * use.
   */
  readonly store: UncheckedObjectStore;
  readonly registry: Registry;
  /** Is every request of every user allowed? If so, hooks that check permissions refuse nothing. */
  readonly allowsAll: boolean;
  /** Does the admission plugin `ServiceAccount` run? */
  readonly hasServiceAccountAdmission: boolean;
  /** The addresses and ports of Services. */
  readonly addresses: ServiceAddresses;
  readonly clock: ClusterClock;
  readonly work: Pick<Work, 'count' | 'enqueue'>;
  readonly newUid: () => string;
  readonly schemas: SchemaEngineSource;
  /** The conversions that webhooks make for the write. Present together with `admission`. */
  readonly conversions?: Conversions | undefined;
  /** The audit events of the request. */
  readonly audit?: AuditTrail | undefined;
}

/** A write: the resource and name of its target, its user and its options. The object is a separate argument. */
export interface WriteRequest {
  readonly services: WriteServices;
  readonly resource: ServedResource;
  readonly namespace: string;
  /** The name in the path; `''` for a create with POST. */
  readonly name: string;
  readonly subresource: string;
  readonly user: UserInfo;
  readonly options: WriteRequestOptions;
  /** Messages for the `Warning` header. The steps of the write append to this list. */
  readonly warnings: string[];
  /** The kind of the request's options. Default: the kind that belongs to the verb (create, update or delete). */
  readonly optionsKind?: 'PatchOptions';
  /** The object that webhooks and policies see. Default: the stored object. */
  readonly reviewed?: ReviewedAs;
}

/** The write with which the API server itself sets the status of a cluster-scoped object that it serves. */
export function serverStatusWrite(services: WriteServices, resource: ServedResource, name: string): WriteRequest {
  const options = { dryRun: false, manager: 'kube-apiserver', fieldValidation: 'Ignore' as const, force: false };
  return { services, resource, namespace: '', name, subresource: 'status', user: ADMIN, options, warnings: [] };
}

/** The result of a write. */
export interface WriteResult {
  readonly status: 200 | 201;
  /** The object in the API version of the request. */
  readonly object: KubeObject;
}

/** The key of the object to write. */
export const keyOfWrite = (write: WriteRequest): string => storeKey(write.namespace, write.name);

/** The stored object in the version of the request; `undefined` when it does not exist. */
export function liveObject(write: WriteRequest): KubeObject | undefined {
  const { resource } = write;
  return resource.collection.get(keyOfWrite(write))?.as(resource, write.services.conversions).object;
}

/**
 * The object in the storage version. Called before the write changes the store, so that a write which must wait for a
 * conversion webhook has not changed anything yet.
 */
export function storableObject(write: WriteRequest, object: KubeObject): KubeObject {
  const { resource, services } = write;
  const storable = resource.toStorage(object, services.conversions);
  // The response contains the stored object in the version of the request, so the conversion back must also be
  // available.
  if (resource.isConverted(storable)) resource.fromStorage(storable, services.conversions);
  return storable;
}

/** Stores an object. Also converts it to the version of the request, and caches this form in the result. */
export function putObject(write: WriteRequest, key: string, object: KubeObject): Stored {
  const { resource, services } = write;
  const stored = resource.collection.put(key, storableObject(write, object));
  stored.as(resource, services.conversions);
  return stored;
}

/**
 * Calls `check` with the context for the hooks of the kind. If `check` throws, undoes the changes that the hooks made
 * outside the object (such as an allocated address), in reverse order.
 */
export function checkWrite<T>(write: WriteRequest, check: (context: WriteContext) => T): T {
  return checkAndStore(write, check, (checked) => checked);
}

/**
 * Like `checkWrite`, and then stores the result of the check. The changes of the hooks are also undone if the store
 * refuses the object. After any other failure of `store` they are kept, because the object may have been stored.
 */
export function checkAndStore<T, R>(
  write: WriteRequest,
  check: (context: WriteContext) => T,
  store: (checked: T, context: WriteContext) => R,
): R {
  // A definition can be deleted while its request runs. An object of an unserved kind could not be read or removed.
  const { custom, group, plural } = write.resource;
  if (custom !== undefined && write.services.registry.findAny(group, plural) === undefined) throw unknownResource();
  const undos: (() => void)[] = [];
  const context = writeContext(write, (undo) => void undos.push(undo));
  let isChecked = false;
  try {
    const checked = check(context);
    isChecked = true;
    return store(checked, context);
  } catch (thrown) {
    if (isChecked && !(thrown instanceof NotStored)) throw thrown;
    for (const undo of undos.toReversed()) undo();
    throw thrown;
  }
}

function writeContext(write: WriteRequest, whenRefused: WriteContext['whenRefused']): WriteContext {
  const { services, user, options, subresource, warnings } = write;
  const { store, registry, allowsAll, hasServiceAccountAdmission, addresses, schemas, newUid, clock } = services;
  const warn = (text: string) => void warnings.push(text);
  return {
    store,
    kinds: registry,
    allowsAll,
    hasServiceAccountAdmission,
    addresses,
    schemas,
    newUid,
    generateName(prefix) {
      const make = () => generateName(prefix);
      return services.admission?.once('name', make) ?? make();
    },
    user,
    dryRun: options.dryRun,
    subresource,
    timestamp: () => timestampOf(clock),
    warn,
    whenRefused,
  };
}

/**
 * Refuses an object that has passed validation if it violates the Pod Security level of its namespace, or if a webhook
 * or policy denies it. `old` is the stored object; `undefined` for a create. Throws `ApiError`.
 */
export function admitChecked(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): void {
  const { resource, subresource, services } = write;
  if (resource.custom === undefined) {
    const warn = (text: string) => void write.warnings.push(text);
    const annotate = (key: string, value: string) => services.audit?.annotate(key, value);
    admitPodSecurity(services.store, { resource, subresource, object, old, warn, annotate });
  }
  services.admission?.validate(write, object, old);
}

/**
 * Refuses an admitted object that would exceed a quota (throws 403). Returns a function that adds the object to the
 * usage of quotas. `old` has the same meaning as in `admitChecked`.
 */
export function admitCounted(write: WriteRequest, object: KubeObject, old: KubeObject | undefined): () => void {
  const { resource, subresource, options, services } = write;
  if (services.store.collection('', 'resourcequotas').size === 0) return () => {};
  const now = services.clock.now();
  const work: QuotaRequest['work'] = {
    count: (units) => services.work.count(units),
    // If the amounts cannot be stored, no other object can be, and the quota controller counts again later.
    enqueue: (task) => services.work.enqueue(() => throwOthersThanNotStored(callEach([task]))),
  };
  return admitQuota(services.store, { resource, subresource, object, old, dryRun: options.dryRun, now, work });
}

/** Builds the `FieldContext` of a write. */
export function ownershipContext(write: WriteRequest): FieldContext {
  const { resource, subresource } = write;
  return {
    apiVersion: resource.apiVersion,
    node: resource.node,
    builtin: resource.custom === undefined,
    subresource,
    resetFields: resetFields(resource, subresource),
    time: subresource === 'scale' ? undefined : timestampOf(write.services.clock),
    inVersion(apiVersion, object) {
      const other = resource.inVersion(apiVersion);
      if (other === undefined) return undefined;
      const from = typeof object['apiVersion'] === 'string' ? object['apiVersion'] : resource.apiVersion;
      const kube = { ...object, apiVersion: from, kind: resource.kind } as KubeObject;
      const source = resource.inVersion(from) ?? resource;
      // Without a conversion webhook, only `apiVersion` changes. As in the API server, the object is not pruned here.
      if (other.custom !== undefined && other.custom.conversion === undefined) {
        return { node: other.node, object: { ...object, apiVersion, kind: other.kind } };
      }
      const converted = source.convert(kube, other, write.services.conversions);
      const typed = other.custom === undefined ? decodeObject(other.node, converted).value : converted;
      return { node: other.node, object: typed };
    },
  };
}

/** An empty object of the resource's type, with which a new object is compared. */
export function emptyFor(resource: ServedResource): JsonObject {
  return resource.custom === undefined ? emptyObject(resource.node) : {};
}

/**
 * Decodes a changed object, such as the result of a patch. Throws DecodeError for a value that its type does not allow.
 * For `frozenIsTyped`, see `decodeObject`.
 */
export function redecode(
  resource: ServedResource,
  value: JsonObject,
  frozenIsTyped = false,
): { value: KubeObject; unknown: readonly string[] } {
  const { kind, apiVersion } = resource;
  // An object with hundreds of thousands of members is not copied without need.
  const typed = value['kind'] === kind && value['apiVersion'] === apiVersion ? value : { ...value, kind, apiVersion };
  const decoded = decodeTyped(typed, bodyTypeOf(resource), frozenIsTyped);
  return { value: decoded.value as KubeObject, unknown: decoded.unknown };
}

/**
 * Members of `metadata` that may differ although a write changes nothing. `isNoOpWrite` ignores `resourceVersion`, and
 * compares `managedFields` without their times.
 */
const ALWAYS_NEW: ReadonlySet<string> = new Set(['managedFields', 'resourceVersion']);
const METADATA: ReadonlySet<string> = new Set(['metadata']);

/** Are all fields equal, except `resourceVersion` and the times in `managedFields`? */
export function isNoOpWrite(before: KubeObject, after: KubeObject): boolean {
  return (
    equalExcept(METADATA, before, after) &&
    equalExcept(ALWAYS_NEW, before.metadata, after.metadata) &&
    sameEntries(before.metadata.managedFields, after.metadata.managedFields)
  );
}

/** Are all members equal except those in `ignored`? */
export function equalExcept(ignored: ReadonlySet<string>, a: object, b: object): boolean {
  const [left, right] = [a as JsonObject, b as JsonObject];
  let counted = 0;
  for (const key of Object.keys(left)) {
    if (ignored.has(key)) continue;
    counted++;
    if (!Object.hasOwn(right, key) || !jsonEquals(left[key], right[key])) return false;
  }
  for (const key of Object.keys(right)) if (!ignored.has(key)) counted--;
  return counted === 0;
}

/** Five random characters from `ALPHABET`. */
export function randomSuffix(): string {
  let suffix = '';
  for (let count = 0; count < SUFFIX_LENGTH; count++)
    suffix += ALPHABET.charAt(Math.floor(Math.random() * ALPHABET.length));
  return suffix;
}
