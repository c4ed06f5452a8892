import type { KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { Clock } from '../../kube/index.ts';
import type { Decision, ObjectType } from '../../runtime/index.ts';
import type { Access } from '../access.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import { internString } from '../cache/intern.ts';
import type { ControllerListener } from '../controller-event.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { WorkKey } from '../queue/work-queue.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import type { Outcome } from '../rollout/canary.ts';
import type { InstanceReconciler } from './instance-reconciler.ts';
import type { InstanceRecord } from './record.ts';
import { newRecord, without } from './record.ts';

/** The graph of a revision, or why it has none. */
export type RevisionGraph =
  | { readonly graph: Graph; readonly missing?: undefined }
  | { readonly graph?: undefined; readonly missing: string };

/** What the directory works with. */
export interface InstanceDirectoryOptions {
  readonly caches: CacheSet;
  readonly served: ServedKinds;
  readonly clock: Clock;
  readonly onEvent: ControllerListener;
  readonly reconciler: InstanceReconciler;
  /** The graph of an older revision, for instances that are pinned to it. */
  readonly graphOf: (definition: string, revision: number, signal: AbortSignal) => Promise<RevisionGraph>;
  /** As whom children of an instance in this namespace are read and written, when its definition does not say. */
  readonly accessIn: (namespace: string | undefined) => Access | undefined;
  /** Queues a pass over an instance. */
  readonly enqueue: (work: WorkKey) => void;
}

/** Which instances are worked on, and what is remembered of each. */
export class InstanceDirectory {
  readonly #options: InstanceDirectoryOptions;
  readonly #records = new Map<string, InstanceRecord>();
  /** Which instance has an ApplySet. */
  readonly #applySets = new Map<string, string>();

  constructor(options: InstanceDirectoryOptions) {
    this.#options = options;
  }

  /** Something that concerns the instance happened. Instances of kinds that nobody serves are left alone. */
  wake(id: string): void {
    const served = this.#servedOf(id);
    if (served !== undefined) this.#options.enqueue({ group: served.definition, key: id });
  }

  /** A member of an ApplySet changed. */
  wakeOwner(applySet: string): void {
    const id = this.#applySets.get(applySet);
    if (id !== undefined) this.wake(id);
  }

  /** All instances of a definition are to be looked at. */
  wakeAllOf(definition: string): void {
    const { caches, served } = this.#options;
    const kind = served.ofDefinition(definition);
    if (kind === undefined) return;
    for (const key of caches.peek(kind.type)?.keys() ?? []) this.wake(instanceId(kind.type, key));
  }

  /**
   * A kind that was served by nobody may be there now: who found it missing looks again, and who has no graph, which is
   * perhaps for want of it.
   */
  kindMayExist(group: string, kind: string): void {
    const key = `${group}/${kind}`;
    for (const record of this.#records.values()) {
      const wasMissing = record.memberKinds?.get(key) === 'unserved';
      if (wasMissing) record.memberKinds = without(record.memberKinds, key);
      if (wasMissing || record.served?.failure !== undefined) this.wake(record.id);
    }
  }

  /** The definition serves nothing any more: what is remembered of its instances goes. */
  forgetAllOf(definition: string): void {
    for (const record of this.#records.values()) if (record.definition === definition) this.#forget(record);
  }

  /** Notes whose an ApplySet is. */
  noteApplySet({ applySet, id }: InstanceRecord): void {
    if (applySet !== undefined) this.#applySets.set(applySet, id);
  }

  /** One pass over an instance. */
  async pass({ key: id }: WorkKey, signal: AbortSignal): Promise<WorkResult> {
    const { caches, clock, onEvent, reconciler } = this.#options;
    const latest = this.#servedOf(id);
    const known = this.#records.get(id);
    const instances = latest === undefined ? undefined : caches.peek(latest.type);
    // While instances are being read (again), their watch will wake them when they are all there.
    if (latest !== undefined && instances?.synced !== true) return {};
    const key = internString(keyOfId(id));
    const instance = instances?.get(key)?.object;
    if (latest === undefined || instances === undefined || instance === undefined) {
      if (known !== undefined) this.#forget(known);
      return {};
    }
    const followed = await this.#followed(latest, instance, id, signal);
    // Who follows which revision is not decided yet; the decision wakes all.
    if (followed === undefined) {
      onEvent({ kind: 'instance-deferred', served: latest });
      return {};
    }
    const served = this.#identified(followed, instance);
    const record = known ?? newRecord(id, key, served.definition, served.access.caches);
    this.#records.set(id, record);
    if (record.caches !== served.access.caches) {
      record.caches.setInterest(record.id, []);
      record.caches = served.access.caches;
    }
    // What is being read just now wakes it again: after a restart there is one pass, once all is known.
    if (served.graph !== undefined && record.caches.awaitsReading(served.graph, id)) return {};
    const began = clock.now();
    const result = await reconciler.pass(record, served, instances, signal);
    onEvent({ kind: 'instance-passed', served, milliseconds: clock.now() - began, result });
    return result;
  }

  /** How many instances of each served kind are looked after. */
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

  /** What there is to say of an instance now; nothing of one that was never stepped, or is gone. */
  explain(id: string): Decision | undefined {
    const record = this.#records.get(id);
    if (record?.served === undefined) return undefined;
    const instance = this.#options.caches.peek(record.served.type)?.get(record.key)?.object;
    return instance && this.#options.reconciler.explain(record, record.served, instance);
  }

  /** What came of the last pass over an instance. */
  outcomeOf(id: string): Outcome | undefined {
    return this.#records.get(id)?.outcome;
  }

  /** The revision that an instance asks for by its annotation; without it, the one that it is to follow. */
  async #followed(
    latest: ServedKind,
    instance: KubeObject,
    id: string,
    signal: AbortSignal,
  ): Promise<ServedKind | undefined> {
    const { canary } = latest;
    const revision = pinnedRevision(instance);
    if (revision === undefined && canary !== undefined && canary.members?.has(id) !== true) {
      return canary.members === undefined ? undefined : { ...latest, ...canary.base };
    }
    if (revision === undefined || revision === latest.revision) return latest;
    const { graph: _graph, failure: _failure, ...rest } = latest;
    const { graph, missing }: RevisionGraph = Number.isNaN(revision)
      ? { missing: 'that is no number' }
      : await this.#options.graphOf(latest.definition, revision, signal);
    if (graph !== undefined) return { ...rest, revision, graph };
    const text = instance.metadata.annotations?.[PIN] ?? '';
    return {
      ...rest,
      revision,
      failure: `pinned graph revision ${text} not available: ${missing}; change annotation ${PIN} or take it away`,
    };
  }

  /** The kind as the instance's own identity works on it. */
  #identified(served: ServedKind, { metadata }: KubeObject): ServedKind {
    if (served.policies.serviceAccount !== undefined) return served;
    const access = this.#options.accessIn(metadata.namespace);
    if (access === undefined) return served;
    if (metadata.namespace !== undefined) return { ...served, access };
    // The controller's own rights must not stand in for those of nobody.
    const { graph: _graph, ...rest } = served;
    return { ...rest, access, failure: NOBODY };
  }

  #servedOf(id: string): ServedKind | undefined {
    const [group = '', kind = ''] = id.split('/', 2);
    return this.#options.served.of(group, kind);
  }

  #forget(record: InstanceRecord): void {
    record.caches.setInterest(record.id, []);
    if (record.applySet !== undefined) this.#applySets.delete(record.applySet);
    this.#records.delete(record.id);
    this.#options.onEvent({ kind: 'instance-gone', recordId: record.id });
  }
}

/** Why nothing is done for a cluster-scoped instance where each namespace has its own ServiceAccount. */
const NOBODY =
  'a cluster-scoped instance is in no namespace whose ServiceAccount could work on it; name one on the definition: annotation typekro.dev/service-account: <namespace>/<name>';

/** Annotation of an instance that wants to stay with a revision. */
const PIN = 'typekro.dev/revision';

/** The revision that an instance is pinned to: a number, `NaN` for a text that is none, `undefined` without a pin. */
export function pinnedRevision(instance: KubeObject): number | undefined {
  const annotations = instance.metadata.annotations ?? {};
  const text = Object.hasOwn(annotations, PIN) ? annotations[PIN] : undefined;
  if (text === undefined || text === '') return undefined;
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
}

/** The id of an instance: `group/kind/namespace/name`. `key` is that of its cache. */
export function instanceId(type: ObjectType, key: string): string {
  return `${type.group}/${type.kind}/${key}`;
}

function keyOfId(id: string): string {
  return id.split('/').slice(2).join('/');
}
