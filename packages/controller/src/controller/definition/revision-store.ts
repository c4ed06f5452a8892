import { type JsonObject, type KubeObject, jsonEquals, refOf, TypeKroError, getOrInsert } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import { type Graph, revisionHash } from '@typekro/engine/graph';
import { type Clock, type KubernetesApi, isNotFound, KubeError } from '@typekro/kube';
import type { CacheSet } from '../cache/cache-set.ts';
import { type ConditionContent, Finalizers, keys, readConditions } from '@typekro/engine/runtime';
import { conditionsToJson, setConditions } from '../set-conditions.ts';
import type { ControllerListener } from '../controller-event.ts';
import { type DefinitionObject, REVISION_TYPE } from './definition-object.ts';
import { graphStatus, lastGraphStatus } from './graph-status.ts';
import { type Revision, adoptedOwners, definitionOf, newRevision, readRevision } from './revision.ts';

/** The dependencies of a `RevisionStore`. */
export interface RevisionStoreOptions {
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
  readonly clock: Clock;
  readonly version: string;
  readonly onEvent: ControllerListener;
}

/** The GraphRevision objects of all definitions. They are read from the cache and written through the client. */
export class RevisionStore {
  readonly #options: RevisionStoreOptions;
  /** The hash of each revision's snapshot, by UID. A snapshot never changes. */
  readonly #hashes = new Map<string, string>();

  constructor(options: RevisionStoreOptions) {
    this.#options = options;
  }

  /** The revisions of a definition that are not being deleted, oldest first. */
  live(definition: string): Revision[] {
    return this.#all(definition).filter(({ deleting }) => !deleting);
  }

  /** The highest number in use, including revisions that are being deleted; 0 for none. */
  highest(definition: string): number {
    return this.#all(definition).at(-1)?.number ?? 0;
  }

  /**
   * The hash of a revision's spec. It is computed, not read from the label, because versions of the controller may hash
   * differently.
   */
  hashOf(revision: Revision): string {
    const { uid = '' } = revision.object.metadata;
    return getOrInsert(this.#hashes, uid, () => revisionHash(revision.spec));
  }

  /**
   * Stores a new revision with these annotations. When a revision of this number and with this spec exists already,
   * returns it unchanged.
   *
   * @throws TypeKroError `controller/revision-taken` when the existing revision has another spec. The cache has this
   * revision by then, so that the next pass issues a revision with a later number.
   */
  async issue(
    definition: DefinitionObject,
    number: number,
    hash: string,
    annotations: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
  ): Promise<Revision> {
    const { client, version } = this.#options;
    const object = newRevision(definition, number, hash, version, annotations);
    try {
      return this.#observe(await client.create(object, { fieldManager: 'kro', signal }));
    } catch (thrown) {
      // The response to an earlier attempt was lost, or the cache lags behind the server.
      if (!(thrown instanceof KubeError) || thrown.reason !== 'AlreadyExists') throw thrown;
      const found = this.#observe(await client.get(refOf(object), { signal }));
      if (definitionOf(found.object) === definition.name && this.hashOf(found) === hash) return found;
      throw new TypeKroError(`the graph revision "${found.name}" exists already, with another spec`, {
        code: 'controller/revision-taken',
        object: refOf(object),
        cause: thrown,
      });
    }
  }

  /** Makes the definition the owner of revisions that an earlier definition of the same name left behind. */
  async adopt(definition: DefinitionObject, signal: AbortSignal): Promise<void> {
    for (const revision of this.live(definition.name)) {
      const ownerReferences = adoptedOwners(revision, definition);
      if (ownerReferences === undefined) continue;
      const { resourceVersion } = revision.object.metadata;
      const body = {
        metadata: {
          ownerReferences: ownerReferences.map((owner) => ({ ...owner })),
          ...(resourceVersion === undefined ? {} : { resourceVersion }),
        },
      };
      this.#observe(await this.#options.client.patch(refOf(revision.object), body, { fieldManager: 'kro', signal }));
    }
  }

  /** Records that the revision compiles, with the order and the dependencies of its graph. */
  verified(revision: Revision, graph: Graph, signal: AbortSignal): Promise<void> {
    const value: ConditionContent = {
      status: 'True',
      reason: 'Verified',
      message: 'graph revision compiled and verified',
    };
    return this.#writeStatus(revision, value, graphStatus(graph), signal);
  }

  /** Records the reason why the revision does not compile. */
  failed(revision: Revision, message: string, signal: AbortSignal): Promise<void> {
    const value: ConditionContent = {
      status: 'False',
      reason: 'InvalidGraph',
      message: `failed to compile graph revision "${revision.name}": ${message}`,
    };
    return this.#writeStatus(revision, value, lastGraphStatus(revision.object.status ?? {}), signal);
  }

  /**
   * Deletes the revisions that are neither pinned nor among the `keep` newest revisions. A `keep` of 0 or less keeps
   * all revisions.
   */
  async retire(definition: string, keep: number, pinned: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    if (keep <= 0) return;
    const revisions = this.live(definition);
    for (const { object, number } of revisions.slice(0, Math.max(0, revisions.length - keep))) {
      if (pinned.has(number)) continue;
      const { uid } = object.metadata;
      // The client must not retry, because an instance may be pinned to the revision in the meantime.
      const options = { signal, repeat: false, ...(uid === undefined ? {} : { preconditions: { uid } }) };
      const { client, onEvent } = this.#options;
      const left = await missingIsFine(client.delete(refOf(object), options)).catch((thrown: unknown) => {
        onEvent({ kind: 'revision-retire-failed' });
        throw thrown;
      });
      onEvent({ kind: 'revision-retired' });
      if (left !== undefined) this.#observe(left);
    }
    if (revisions.length > keep) await this.releaseDeleted(definition, signal);
  }

  /** Removes the controller's finalizer from revisions that are being deleted. */
  async releaseDeleted(definition: string, signal: AbortSignal): Promise<void> {
    for (const { object, deleting, hasFinalizer } of this.#all(definition)) {
      if (!deleting || !hasFinalizer) continue;
      const { resourceVersion, uid = '' } = object.metadata;
      const left = Finalizers.others(object);
      const body = { metadata: { finalizers: left, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
      const answer = await missingIsFine(
        this.#options.client.patch(refOf(object), body, { fieldManager: 'kro', signal }),
      );
      this.#options.onEvent({ kind: 'revision-released' });
      if (answer === undefined || left.length === 0) this.#gone(object, uid);
      else this.#observe(answer);
    }
  }

  /** Sets annotations of a revision. */
  async annotate(revision: Revision, annotations: Record<string, string>, signal: AbortSignal): Promise<void> {
    const body = { metadata: { annotations } };
    this.#observe(await this.#options.client.patch(refOf(revision.object), body, { fieldManager: 'kro', signal }));
  }

  async #writeStatus(
    revision: Revision,
    value: ConditionContent,
    shown: JsonObject,
    signal: AbortSignal,
  ): Promise<void> {
    const object = revision.hasFinalizer ? revision.object : await this.#addFinalizer(revision, signal);
    const { client, clock } = this.#options;
    const { generation = 1, creationTimestamp, uid = '' } = object.metadata;
    const now = formatTime(clock.now());
    const conditions = setConditions(
      { types: ['GraphVerified'], generation, creationTimestamp: creationTimestamp ?? now },
      readConditions(object.status?.['conditions']),
      new Map([['GraphVerified', value]]),
      now,
    );
    const status = { ...shown, conditions: conditionsToJson(conditions) };
    if (jsonEquals(object.status, status)) return;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/status', value: status },
    ];
    const options = { type: 'json', subresource: 'status', fieldManager: 'kro', signal } as const;
    const { onEvent } = this.#options;
    try {
      this.#observe(await client.patch(refOf(object), body, options));
    } catch (thrown) {
      onEvent({ kind: 'revision-status-failed' });
      throw thrown;
    }
    const from = stateOf(object);
    const to = value.status === 'True' ? 'active' : 'failed';
    if (from !== to) onEvent({ kind: 'revision-moved', from, to });
  }

  async #addFinalizer(revision: Revision, signal: AbortSignal): Promise<KubeObject> {
    const { finalizers = [], resourceVersion } = revision.object.metadata;
    const body = {
      metadata: {
        finalizers: [...finalizers, keys.FINALIZER],
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
    return this.#observe(
      await this.#options.client.patch(refOf(revision.object), body, { fieldManager: 'kro', signal }),
    ).object;
  }

  /** The number of revisions in each state. */
  states(): Map<string, number> {
    const counts = new Map([...STATES].map((state) => [state, 0]));
    for (const { object } of this.#options.caches.peek(REVISION_TYPE)?.values() ?? []) {
      const state = stateOf(object);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  #all(definition: string): Revision[] {
    const found = this.#options.caches.peek(REVISION_TYPE)?.indexed(definition) ?? [];
    return found.map(({ object }) => readRevision(object)).sort((a, b) => a.number - b.number);
  }

  #observe(object: KubeObject): Revision {
    this.#options.caches.peek(REVISION_TYPE)?.observe(object);
    return readRevision(object);
  }

  #gone(object: KubeObject, uid: string): void {
    this.#options.onEvent({ kind: 'revision-evicted' });
    this.#hashes.delete(uid);
    this.#options.caches.peek(REVISION_TYPE)?.observeGone(`/${object.metadata.name ?? ''}`, uid);
  }
}

async function missingIsFine<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

const STATES = ['pending', 'active', 'failed'] as const;

/** The state of a revision, in kro's words. */
function stateOf({ status }: KubeObject): (typeof STATES)[number] {
  const verified = readConditions(status?.['conditions']).find(({ type }) => type === 'GraphVerified')?.status;
  return verified === 'True' ? 'active' : verified === 'False' ? 'failed' : 'pending';
}
