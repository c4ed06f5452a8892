import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { type Clock, elapsed } from '@typekro/kube';
import { type Decision, type ObjectType, RecordedStatus } from '@typekro/engine/runtime';
import type { ActingIdentity } from '../acting-identity.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import { internString } from '../cache/intern.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKeyOf } from '../cache/scope-watch.ts';
import type { ControllerListener } from '../controller-event.ts';
import { RewriteSweep } from '../drift/rewrites.ts';
import { type GraphKind, makersOf } from '../graph/graph-kind.ts';
import { ANY_KIND } from '../graph/graph-object.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { WorkKey } from '../queue/work-queue.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import type { Canary, RevisionOutcome } from '../rollout/canary.ts';
import type { InstanceReconciler } from './instance-reconciler.ts';
import { type InstanceRecord, newRecord, deleteOrDrop, forgetFailures } from './record.ts';
import { type RevisionGraph, pinFailure, pinnedRevision } from '../definition/revision.ts';

/** The dependencies of an `InstanceDirectory`. */
export interface InstanceDirectoryOptions {
  readonly caches: CacheSet;
  readonly served: ServedKinds;
  readonly clock: Clock;
  readonly onEvent: ControllerListener;
  readonly reconciler: InstanceReconciler;
  /** The kind Graph; absent when the controller does not serve it. */
  readonly graphs?: GraphKind;
  /** Returns the graph of a revision. Called for an instance with a pin, or with an earlier revision in a roll-out. */
  readonly graphOf: (definition: string, revision: number, signal: AbortSignal) => Promise<RevisionGraph>;
  /**
   * Returns the identity that writes the children of an instance in this namespace. Called when the definition names no
   * account.
   */
  readonly identityIn: (namespace: string | undefined) => ActingIdentity | undefined;
  /** Queues a pass over an instance. */
  readonly enqueue: (work: WorkKey) => void;
  /** Queues a pass over a Graph. */
  readonly enqueueGraph: (work: WorkKey) => void;
  /** Called when an instance or a Graph stops using a set of caches. */
  readonly onReleased: () => void;
}

/** The instances and Graphs that the controller works on, with an `InstanceRecord` for each. */
export class InstanceDirectory {
  readonly #options: InstanceDirectoryOptions;
  readonly #records = new Map<string, InstanceRecord>();
  /** The owner of each ApplySet: the id of an instance. */
  readonly #applySets = new Map<string, string>();
  readonly #rewriteSweep: RewriteSweep;
  /** The records of running passes. A record may be dropped while its pass runs. */
  readonly #running = new Set<InstanceRecord>();

  constructor(options: InstanceDirectoryOptions) {
    this.#options = options;
    this.#rewriteSweep = new RewriteSweep(options.clock, () => this.#records.values());
  }

  /** Queues a pass over an instance. Ignores instances of kinds that no definition serves. */
  wake(id: string): void {
    // Each Graph is a separate group of the work queue, because a Graph belongs to no definition.
    if (this.#isGraph(id)) return this.#options.enqueueGraph({ group: id, key: id });
    const served = this.#servedOf(id);
    if (served !== undefined) this.#options.enqueue({ group: served.definition, key: id });
  }

  /**
   * Queues all Graphs. With a group and a kind, queues only the Graphs that name this kind, and the Graphs in which an
   * expression yields a kind. Does nothing when the controller does not serve Graphs.
   */
  wakeGraphs(group?: string, kind?: string): void {
    const graphs = this.#options.graphs === undefined ? undefined : this.#options.caches.peek(GraphObject.TYPE);
    if (graphs === undefined) return;
    if (group === undefined || kind === undefined) {
      for (const key of graphs.keys()) this.wake(instanceId(GraphObject.TYPE, key));
      return;
    }
    for (const text of [`${group}/${kind}`, ANY_KIND]) {
      for (const { object } of graphs.indexed(text)) this.wake(instanceId(GraphObject.TYPE, cacheKeyOf(object)));
    }
  }

  /** Queues the owner of an ApplySet after a member of the ApplySet changed. */
  wakeOwner(applySet: string): void {
    const id = this.#applySets.get(applySet);
    if (id !== undefined) this.wake(id);
  }

  /** Queues all instances of a definition. */
  wakeAllOf(definition: string): void {
    const { caches, served } = this.#options;
    const kind = served.ofDefinition(definition);
    if (kind === undefined) return;
    for (const key of caches.peek(kind.type)?.keys() ?? []) this.wake(instanceId(kind.type, key));
  }

  /** Queues all instances of a definition. Their next pass does not wait for the end of a pause after a failure. */
  retryAllOf(definition: string): void {
    const now = this.#options.clock.now();
    for (const record of this.#records.values()) if (record.definition === definition) forgetFailures(record, now);
    this.wakeAllOf(definition);
  }

  /**
   * Queues the instances whose record says that the cluster does not serve the kind. Also queues the instances without
   * a graph, because their graph may not compile without that kind.
   */
  kindMayExist(group: string, kind: string): void {
    const key = `${group}/${kind}`;
    for (const record of this.#records.values()) {
      const wasMissing = record.memberKinds?.get(key) === 'unserved';
      if (wasMissing) record.memberKinds = deleteOrDrop(record.memberKinds, key);
      if (wasMissing || record.served?.failure !== undefined) this.wake(record.id);
    }
  }

  /** Drops all instances of a definition that is no longer served. */
  forgetAllOf(definition: string): void {
    for (const record of this.#records.values()) if (record.definition === definition) this.#forget(record);
  }

  /** Drops the Graphs that another replica works on. */
  forgetGraphs(left: (id: string) => boolean): void {
    for (const record of this.#records.values()) if (this.#isGraph(record.id) && left(record.id)) this.#forget(record);
  }

  /** Records the instance that owns an ApplySet. */
  noteApplySet({ applySet, id }: InstanceRecord): void {
    if (applySet !== undefined) this.#applySets.set(applySet, id);
  }

  /** One pass over an instance. */
  async pass({ key: id }: WorkKey, signal: AbortSignal): Promise<WorkResult> {
    if (this.#isGraph(id)) return this.#passGraph(id, signal);
    const { caches, onEvent } = this.#options;
    const latest = this.#servedOf(id);
    const known = this.#records.get(id);
    const instances = latest === undefined ? undefined : caches.peek(latest.type);
    // No pass runs while instances are being listed. The end of the list wakes all instances.
    if (latest !== undefined && instances?.synced !== true) return {};
    const key = internString(keyOfId(id));
    const instance = instances?.get(key)?.object;
    if (latest === undefined || instances === undefined || instance === undefined) {
      if (known !== undefined) this.#forget(known);
      return {};
    }
    const followed = await this.#followed(latest, instance, id, signal);
    // The roll-out is not decided yet. When it is decided, it wakes all instances.
    if (followed === undefined) {
      onEvent({ kind: 'instance-deferred', served: latest });
      return {};
    }
    const isCurrent = () => this.#servedOf(id) === latest;
    // The definition may have changed during the look-up of the revision.
    if (!isCurrent()) return { requeueAt: this.#options.clock.now() };
    return this.#passAs(this.#identified(followed, instance), id, key, instances, isCurrent, signal);
  }

  /** One pass over a Graph. */
  async #passGraph(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { caches, graphs: kind } = this.#options;
    const graphs = caches.peek(GraphObject.TYPE);
    if (kind === undefined || graphs?.synced !== true) return {};
    const key = internString(keyOfId(id));
    const graph = graphs.get(key);
    if (graph !== undefined) {
      const served = await kind.serve(graph.object, makersOf(graph, graphs), signal);
      // The identity is looked up when the pass begins, because unused identities are dropped.
      return this.#passAs({ ...served, identity: kind.identityOf(graph.object) }, id, key, graphs, ALWAYS, signal);
    }
    const known = this.#records.get(id);
    if (known !== undefined) this.#forget(known);
    return {};
  }

  async #passAs(
    served: ServedKind,
    id: string,
    key: string,
    instances: KindCache,
    isCurrent: () => boolean,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { clock, onEvent, reconciler } = this.#options;
    const known = this.#records.get(id);
    const record = known ?? newRecord(id, key, served.definition, served.identity.caches);
    this.#records.set(id, record);
    if (record.caches !== served.identity.caches) {
      record.caches.setInterest(record.id, []);
      record.caches = served.identity.caches;
      this.#options.onReleased();
      // Failures and reads of the former account do not apply to the present account.
      forgetFailures(record, clock.now());
      record.unwatched = undefined;
    }
    // While a kind that the graph reads is being listed, no pass runs; the end of the list wakes the instance again.
    // After a restart, an instance therefore gets only one pass, when all these kinds are listed.
    if (served.graph !== undefined && record.caches.awaitsReading(served.graph, id)) return {};
    const began = elapsed(clock);
    this.#running.add(record);
    const result = await reconciler
      .pass(record, served, instances, isCurrent, signal)
      .finally(() => this.#passed(record));
    if (record.rewrites !== undefined) this.#rewriteSweep.schedule();
    onEvent({ kind: 'instance-passed', served, milliseconds: elapsed(clock) - began, result });
    return result;
  }

  /** Ends the watches of a record that was dropped while its pass ran. The pass may have opened them again. */
  #passed(record: InstanceRecord): void {
    this.#running.delete(record);
    if (this.#records.get(record.id) === record) return;
    record.caches.setInterest(record.id, []);
    this.#options.onReleased();
  }

  /** The caches that instances and Graphs use. */
  *usedCaches(): Generator<CacheSet> {
    for (const { caches } of this.#records.values()) yield caches;
    for (const { caches } of this.#running) yield caches;
  }

  /** Cancels the timer of the directory. */
  stop(): void {
    this.#rewriteSweep.stop();
  }

  /** The number of instances and Graphs that the controller works on. */
  get size(): number {
    return this.#records.size;
  }

  /** The number of instances of each served kind. */
  counts(): { readonly type: ObjectType; readonly instances: number }[] {
    const byDefinition = new Map<string, number>();
    for (const { definition } of this.#records.values()) {
      byDefinition.set(definition, (byDefinition.get(definition) ?? 0) + 1);
    }
    return [...this.#options.served.all()].map(({ type, definition }) => ({
      type,
      instances: byDefinition.get(definition) ?? 0,
    }));
  }

  /**
   * The decision that a step would make for an instance at this moment. `undefined` when no step was made for the
   * instance yet, or when the instance does not exist. For a Graph whose compiled spec was dropped to save memory,
   * returns `undefined` and queues a pass. A call after that pass returns the decision.
   */
  explain(id: string): Decision | undefined {
    const record = this.#records.get(id);
    if (record?.served === undefined) return undefined;
    const instance = this.#options.caches.peek(record.served.type)?.get(record.key)?.object;
    if (instance === undefined) return undefined;
    const graph = record.graph?.deref();
    if (record.graph !== undefined && graph === undefined) {
      this.wake(id);
      return undefined;
    }
    return this.#options.reconciler.explain(record, { ...record.served, ...definedMembers({ graph }) }, instance);
  }

  /** The outcome of the last pass over an instance. */
  outcomeOf(id: string): RevisionOutcome | undefined {
    return this.#records.get(id)?.outcome;
  }

  /**
   * The revision to which an instance is pinned; without a pin, the revision that the roll-out assigns. `undefined`
   * while the roll-out is not decided.
   */
  async #followed(
    latest: ServedKind,
    instance: KubeObject,
    id: string,
    signal: AbortSignal,
  ): Promise<ServedKind | undefined> {
    const { canary } = latest;
    const revision = pinnedRevision(instance);
    if (revision === undefined && canary !== undefined && canary.members?.has(id) !== true) {
      return canary.members === undefined ? undefined : this.#kept(latest, canary, instance, signal);
    }
    if (revision === undefined || revision === latest.revision) return latest;
    const { graph: _graph, failure: _failure, ...rest } = latest;
    const { graph, missing } = await this.#options.graphOf(latest.definition, revision, signal);
    return { ...rest, revision, ...(graph === undefined ? { failure: pinFailure(instance, missing) } : { graph }) };
  }

  /**
   * The revision that an instance follows if the roll-out has not chosen the instance. With `propagateWhen`, this is
   * the revision in the status of the instance, if that revision exists and compiles. Otherwise it is the base of the
   * roll-out: the revision that instances keep until the roll-out reaches them.
   */
  async #kept(latest: ServedKind, canary: Canary, instance: KubeObject, signal: AbortSignal): Promise<ServedKind> {
    const recorded = canary.keepsRecorded === true ? RecordedStatus.revision(instance) : undefined;
    // The roll-out does not choose an instance that is suspended or being deleted, but the instance may already follow
    // the newest revision. It then keeps that revision.
    if (recorded === latest.revision) return latest;
    if (recorded === undefined || recorded > latest.revision || recorded === canary.base.revision) {
      return { ...latest, ...canary.base };
    }
    const { graph } = await this.#options.graphOf(latest.definition, recorded, signal);
    return { ...latest, ...(graph === undefined ? canary.base : { revision: recorded, graph }) };
  }

  /** The served kind with the identity that writes the children of this instance. */
  #identified(served: ServedKind, { metadata }: KubeObject): ServedKind {
    if (served.policies.serviceAccount !== undefined) return served;
    const identity = this.#options.identityIn(metadata.namespace);
    if (identity === undefined) return served;
    if (metadata.namespace !== undefined) return { ...served, identity };
    // A cluster-scoped instance has no ServiceAccount. It fails, because the controller must not write its children
    // with the controller's own rights.
    const { graph: _graph, ...rest } = served;
    return { ...rest, identity, failure: NO_ACCOUNT };
  }

  #isGraph(id: string): boolean {
    return this.#options.graphs !== undefined && id.startsWith(GRAPH_PREFIX);
  }

  #servedOf(id: string): ServedKind | undefined {
    const [group = '', kind = ''] = id.split('/', 2);
    return this.#options.served.of(group, kind);
  }

  #forget(record: InstanceRecord): void {
    record.caches.setInterest(record.id, []);
    if (record.applySet !== undefined) this.#applySets.delete(record.applySet);
    this.#records.delete(record.id);
    this.#options.onReleased();
    this.#options.onEvent({ kind: 'instance-gone', recordId: record.id });
  }
}

/**
 * The failure of a cluster-scoped instance. Used when the controller acts as a ServiceAccount of each instance's
 * namespace.
 */
const NO_ACCOUNT =
  'a cluster-scoped instance has no namespace with a ServiceAccount; set the annotation typekro.dev/service-account: <namespace>/<name> on the definition';

/**
 * `isCurrent` for a pass over a Graph: a definition can change how its kind is served, but the kind Graph is always
 * served in the same way.
 */
const ALWAYS = () => true;

/** The beginning of the ids of Graphs. */
const GRAPH_PREFIX = `${GraphObject.TYPE.group}/${GraphObject.TYPE.kind}/`;

/** The id of an instance: `group/kind/namespace/name`. `key` is the instance's key in the cache. */
export function instanceId(type: ObjectType, key: string): string {
  return `${type.group}/${type.kind}/${key}`;
}

function keyOfId(id: string): string {
  return id.split('/').slice(2).join('/');
}
