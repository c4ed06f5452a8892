import {
  type JsonObject,
  type KubeObject,
  formatApiVersion,
  namespacedName,
  refOf,
  RETRY_POLICIES,
} from '@typekro/kit/core';
import { asText, listAt, numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { CrdRules } from '@typekro/engine/schema';
import type { ConditionContent, ObjectType } from '@typekro/engine/runtime';
import { type Clock, type KubernetesApi, KubeError } from '@typekro/kube';
import type { CacheSet } from '../cache/cache-set.ts';
import { CRD_KIND, CRD_TYPE, type DefinitionObject } from './definition-object.ts';

/** The number of objects that are written again in each second, if the caller sets no other. */
export const DEFAULT_RATE = 20;
export const PAUSE_MS = 1000;
/**
 * How long a CRD must have its stored version before the first object is written again. Other API servers of the
 * cluster read a changed CRD a moment later, and until then store the former version.
 */
export const SETTLE_MS = 10_000;

/** The dependencies of a `StorageMigration`. */
export interface StorageMigrationOptions {
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
  readonly clock: Clock;
  readonly migrationRate?: number;
}

/** The state of a migration, as `status.migration` of the definition has it. */
interface Progress {
  readonly to: string;
  readonly migrated: number;
  readonly total: number;
  /** The last object that was written, as `namespace/name`. The next pass continues after it. */
  readonly after: string;
}

/** What a pass has found and done. */
export interface MigrationState {
  readonly condition: ConditionContent;
  /** `status.migration`; absent when nothing is left to do. */
  readonly progress?: JsonObject;
  /** The time of the next pass, in milliseconds since the epoch. */
  readonly retryAt?: number;
}

/**
 * Writes the objects of a kind again after its stored version has changed, so that none is stored in the former one.
 * Each pass writes a few objects, in the order of their names, and the status of the definition records the last one.
 * After a crash, another process continues there. A write without a change is enough: the API server stores the object
 * in the present version. At the end, `status.storedVersions` of the CRD has only the present version.
 */
export class StorageMigration {
  readonly #options: StorageMigrationOptions;
  /** When this process first saw a stored version, by the name of the CRD and the version. */
  readonly #seen = new Map<string, number>();

  constructor(options: StorageMigrationOptions) {
    this.#options = options;
  }

  /** Continues the migration of the instances of a definition. `undefined` when all are stored in the version. */
  async step(definition: DefinitionObject, type: ObjectType, signal: AbortSignal): Promise<MigrationState | undefined> {
    const { caches, clock } = this.#options;
    const name = `${type.plural}.${type.group}`;
    const crd = caches.peek(CRD_TYPE)?.get(`/${name}`)?.object;
    const instances = caches.peek(type);
    const stored = listAt(crd?.status, 'storedVersions').map(asText);
    const key = `${name} ${type.version}`;
    const isDone = crd === undefined || stored.every((version) => version === type.version);
    if (isDone || !CrdRules.isEstablished(crd)) {
      this.#seen.delete(key);
      return undefined;
    }
    const since = this.#seen.get(key) ?? clock.now();
    this.#seen.set(key, since);
    const from = stored.filter((version) => version !== type.version).join(', ');
    const progress = progressOf(definition, type.version, instances?.size ?? 0);
    const { error } = instances ?? {};
    if (error !== undefined)
      return this.#held(progress, `the objects cannot be listed in ${type.version}: ${error.message}`);
    // Until the list is complete, an object that is stored in the former version could be missed. The end of the list
    // wakes the definition.
    if (instances?.synced !== true || clock.now() < since + SETTLE_MS) {
      const retryAt = Math.max(since + SETTLE_MS, clock.now() + PAUSE_MS);
      return { condition: waiting(from, type.version), progress: toJson(progress), retryAt };
    }
    const keys = [...instances.keys()].sort().filter((each) => each > progress.after);
    const rate = this.#options.migrationRate ?? DEFAULT_RATE;
    // Only a complete list tells the total. Objects may also have been created or deleted since the last pass.
    let at = { ...progress, total: progress.migrated + keys.length };
    for (const each of keys.slice(0, rate)) {
      const object = instances.get(each)?.object;
      const refusal = object === undefined ? undefined : await this.#write(object, type, signal);
      if (refusal !== undefined) return this.#held(at, refusal);
      at = { ...at, migrated: at.migrated + 1, after: each };
    }
    if (keys.length > rate) {
      const message = `${at.migrated} of ${at.total} objects are stored in ${type.version}; the others in ${from}`;
      const condition = unknown('Migrating', message);
      return { condition, progress: toJson(at), retryAt: clock.now() + PAUSE_MS };
    }
    const refusal = await this.#finish(name, type.version, signal);
    if (refusal !== undefined) return this.#held(at, refusal);
    return { condition: migrated(type.version) };
  }

  #held(progress: Progress, message: string): MigrationState {
    return held(this.#options.clock, toJson(progress), message);
  }

  /** Writes an object without a change. Returns the reason for which the API server refuses the write. */
  async #write(object: KubeObject, type: ObjectType, signal: AbortSignal): Promise<string | undefined> {
    const ref = { ...refOf(object), apiVersion: formatApiVersion(type) };
    try {
      await this.#options.client.patch(ref, {}, { fieldManager: 'kro', signal });
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || thrown.status === undefined) throw thrown;
      const { status, message } = thrown;
      // A deleted object is not stored at all, and a conflict means that somebody else has just written the object.
      if (status === 404 || status === 409) return undefined;
      return `${type.kind} ${namespacedName(object.metadata)} cannot be stored in ${type.version}: ${message}`;
    }
  }

  /** Records in the CRD that all objects are stored in one version. */
  async #finish(name: string, version: string, signal: AbortSignal): Promise<string | undefined> {
    const { client, caches } = this.#options;
    const ref = { ...CRD_KIND, name };
    const live = await client.find(ref, { signal });
    const storage = objectsAt(live?.spec, 'versions').find((each) => each['storage'] === true);
    if (live === undefined || textAt(storage, 'name') !== version)
      return `the stored version of the CustomResourceDefinition ${name} is no longer ${version}`;
    const { resourceVersion = null } = live.metadata;
    const patch = { metadata: { resourceVersion }, status: { storedVersions: [version] } };
    try {
      const written = await client.patch(ref, patch, { subresource: 'status', fieldManager: 'kro', signal });
      caches.peek(CRD_TYPE)?.observe(written);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || thrown.status === undefined || thrown.status === 409) throw thrown;
      return `the stored versions of ${name} cannot be written: ${thrown.message}`;
    }
  }
}

/** The progress in the status of the definition, or the start of a migration to the version. */
function progressOf({ status }: DefinitionObject, to: string, size: number): Progress {
  if (textAt(status, 'migration', 'to') !== to) return { to, migrated: 0, total: size, after: '' };
  return {
    to,
    migrated: numberAt(status, 'migration', 'migrated') ?? 0,
    total: numberAt(status, 'migration', 'total') ?? size,
    after: textAt(status, 'migration', 'after'),
  };
}

/** The state of work that waits for an administrator. It is tried again after a pause. */
export const held = (clock: Clock, progress: JsonObject, message: string): MigrationState => ({
  condition: { status: 'False', reason: 'Failed', message },
  progress,
  retryAt: clock.now() + RETRY_POLICIES.refusedDefinition.initialMs,
});

/** The condition of work that continues by itself. */
export const unknown = (reason: string, message: string): ConditionContent => ({ status: 'Unknown', reason, message });

const toJson = (progress: Progress): JsonObject => ({ ...progress });

const waiting = (from: string, to: string): ConditionContent =>
  unknown('Waiting', `objects are stored in ${from}, and will be written again in ${to}`);

/** The condition when all objects are stored in the version. */
export const migrated = (version: string): ConditionContent => ({
  status: 'True',
  reason: 'Stored',
  message: `all objects are stored in ${version}`,
});
