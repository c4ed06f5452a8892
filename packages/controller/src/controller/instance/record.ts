import type { RememberedRead, RememberedWrite } from '../../execute/index.ts';
import type { Graph } from '@typekro/engine/graph';
import type { ObjectType, StepMemory } from '@typekro/engine/runtime';
import type { CacheSet } from '../cache/cache-set.ts';
import type { Rewrites } from '../drift/rewrites.ts';
import type { ServedKind } from '../served-kinds.ts';
import type { RevisionOutcome } from '../rollout/canary.ts';
import type { UnwatchedObjects } from './unwatched-objects.ts';

/** A map that is `undefined` while it is empty. Only a few of thousands of instances have an entry. */
export type Sparse<K, V> = Map<K, V> | undefined;

/** Deletes an entry. Returns the map, or `undefined` when the map is now empty. */
export function deleteOrDrop<K, V>(map: Sparse<K, V>, key: K): Sparse<K, V> {
  map?.delete(key);
  return map?.size === 0 ? undefined : map;
}

/**
 * The controller's memory of an instance between passes. When this memory is lost, the controller reads more, but
 * writes nothing wrong.
 */
export interface InstanceRecord {
  /** `group/kind/namespace/name`. The instance subscribes to watches under this id. */
  readonly id: string;
  /** The key of the instance in the cache of its kind: `namespace/name`. */
  readonly key: string;
  readonly definition: string;
  /** The caches with the subscriptions of the instance. */
  caches: CacheSet;
  /** Failed writes of children, by `writeKey`. */
  failed: Sparse<string, RememberedWrite>;
  /**
   * Failed reads: of objects by `targetKey`, of lists by `listKeyOf`, and look-ups of a kind's version by `group/kind`.
   */
  unread: Sparse<string, RememberedRead>;
  /** The objects of the instance that no watch delivers; `undefined` while watches deliver all its objects. */
  unwatched: UnwatchedObjects | undefined;
  /** The UIDs of the objects that this pass has deleted. */
  deleted: Set<string> | undefined;
  /** The keys of the objects whose state the API server reported to this pass. Only the steps of Graphs use them. */
  confirmed: Set<string> | undefined;
  /** The number of consecutive pauses of a Graph that waits. */
  waits: number;
  /** The end of the latest pause of a Graph that waits; 0 while it does not wait. */
  waitsUntil: number;
  /** When failures and contests were forgotten, by the clock; 0 if never. */
  forgottenAt: number;
  /**
   * The controller's own recent changes and creations of each child, by `targetKey`; `undefined` while there are none.
   */
  rewrites: Rewrites | undefined;
  /**
   * Kinds of the ApplySet that the graph does not have, with the type that discovery found. `unserved` when discovery
   * found none.
   */
  memberKinds: Sparse<string, ObjectType | 'unserved'>;
  /**
   * The time that `now()` has in templates (`at`), and the generation and revision for which it was sampled (`sample`).
   */
  templateNow: { readonly sample: string; readonly at: number } | undefined;
  statusNow: number | undefined;
  /** When the first write after the last write of the status was decided, by the elapsed time of the clock. */
  unreportedSince: number | undefined;
  /**
   * The reconcile request (`reconcileRequest`) for which the objects were read; `undefined` after the annotation is
   * removed.
   */
  request: string | undefined;
  /** Was the instance suspended in the last pass? */
  isSuspended: boolean;
  applySet: string | undefined;
  /** The served kind of the last step. For a Graph it lacks the compiled graph, which only the compiler keeps. */
  served: ServedKind | undefined;
  /** The graph of a Graph, as long as the compiler keeps it. */
  graph: WeakRef<Graph> | undefined;
  outcome: RevisionOutcome | undefined;
  /**
   * The cache of rendered objects. It is kept between passes while an expression fails, because each evaluation may
   * cost the whole budget.
   */
  memory: StepMemory | undefined;
  steppedAt: number;
}

/** The memory of an instance before its first pass. */
export function newRecord(id: string, key: string, definition: string, caches: CacheSet): InstanceRecord {
  return {
    id,
    key,
    definition,
    caches,
    failed: undefined,
    unread: undefined,
    unwatched: undefined,
    deleted: undefined,
    confirmed: undefined,
    waits: 0,
    waitsUntil: 0,
    forgottenAt: 0,
    rewrites: undefined,
    memberKinds: undefined,
    templateNow: undefined,
    statusNow: undefined,
    unreportedSince: undefined,
    request: undefined,
    isSuspended: false,
    applySet: undefined,
    served: undefined,
    graph: undefined,
    outcome: undefined,
    memory: undefined,
    steppedAt: 0,
  };
}

/** Clears failures and contests, so that the next step waits for no pause. */
export function forgetFailures(record: InstanceRecord, now: number): void {
  record.forgottenAt = now;
  record.failed = undefined;
  record.unread = undefined;
  record.rewrites = undefined;
  record.memberKinds = undefined;
  record.memory = undefined;
}
