import type { Clock } from '../../kube/index.ts';
import type { ObjectType } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { ControllerObserver } from '../observer.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { WorkKey } from '../queue/work-queue.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import type { InstanceReconciler } from './instance-reconciler.ts';
import type { InstanceRecord } from './record.ts';
import { newRecord } from './record.ts';

/** What the directory works with. */
export interface InstanceDirectoryOptions {
  readonly caches: CacheSet;
  readonly served: ServedKinds;
  readonly clock: Clock;
  readonly observer: ControllerObserver;
  readonly reconciler: InstanceReconciler;
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

  /** A kind that was served by nobody may be there now: who found it missing looks again. */
  kindMayExist(group: string, kind: string): void {
    const key = `${group}/${kind}`;
    for (const record of this.#records.values()) {
      if (record.memberKinds.get(key) !== 'unserved') continue;
      record.memberKinds.delete(key);
      this.wake(record.id);
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
    const { caches, clock, observer, reconciler } = this.#options;
    const served = this.#servedOf(id);
    const known = this.#records.get(id);
    const instances = served === undefined ? undefined : caches.peek(served.type);
    // While instances are being read (again), their watch will wake them when they are all there.
    if (served !== undefined && instances?.synced !== true) return {};
    const key = keyOfId(id);
    if (served === undefined || instances?.get(key) === undefined) {
      if (known !== undefined) this.#forget(known);
      return {};
    }
    const record = known ?? newRecord(id, key, served.definition);
    this.#records.set(id, record);
    const began = clock.now();
    const result = await reconciler.pass(record, served, instances, signal);
    observer.instancePassed(served, clock.now() - began);
    return result;
  }

  #servedOf(id: string): ServedKind | undefined {
    const [group = '', kind = ''] = id.split('/', 2);
    return this.#options.served.of(group, kind);
  }

  #forget(record: InstanceRecord): void {
    this.#options.caches.setInterest(record.id, []);
    if (record.applySet !== undefined) this.#applySets.delete(record.applySet);
    this.#records.delete(record.id);
    this.#options.observer.instanceGone(record.id);
  }
}

/** The id of an instance: `group/kind/namespace/name`. `key` is that of its cache. */
export function instanceId(type: ObjectType, key: string): string {
  return `${type.group}/${type.kind}/${key}`;
}

function keyOfId(id: string): string {
  return id.split('/').slice(2).join('/');
}
