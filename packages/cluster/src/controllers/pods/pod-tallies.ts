import { type KubeObject, oncePerObject, getOrInsert } from '@typekro/kit/core';
import type { Collection, Store, StoreEvent } from '../../store/store.ts';
import { controllerOf } from '../relation-index.ts';
import { conditionOf } from '@typekro/kit/kubernetes';

/** Is a stored pod ready? A stored object never changes. */
export const isReady = oncePerObject((pod: KubeObject) => conditionOf(pod, 'Ready')?.['status'] === 'True');

export const isTerminating = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp !== undefined;

/** The counts of those pods of a controller that have the same labels. */
export interface PodTally {
  readonly labels: Readonly<Record<string, string>>;
  /** The number of pods that have not ended and are not being deleted. */
  readonly active: number;
  /** The number of active pods that are ready. */
  readonly ready: number;
  /** The number of pods that are being deleted and have not ended. */
  readonly terminating: number;
}

type Tally = { -readonly [Member in keyof PodTally]: PodTally[Member] } & {
  readonly owner: string;
  readonly labelKey: string;
  /** The number of all pods of the tally, including those that have ended. */
  pods: number;
};

/** The contribution of one pod to a tally. */
interface Share {
  readonly tally: Tally;
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
}

/**
 * Counts the pods of ReplicaSets, ReplicationControllers and Jobs. The counts are updated by store events, so that no
 * controller reads all pods after an event of one pod. Pods with equal labels are counted together, because the labels
 * decide whether an owner keeps its pods.
 */
export class PodTallies {
  readonly #owners: ReadonlySet<string>;
  readonly #byOwner = new Map<string, Map<string, Tally>>();
  /** The shares, keyed by pod. When a pod is counted again, its new share replaces the earlier one. */
  readonly #shares = new Map<string, Share>();

  /** Counts the present pods of controllers of these kinds. */
  constructor(store: Store, owners: Iterable<string>) {
    this.#owners = new Set(owners);
    this.fill(store);
  }

  /** Recounts the present pods. */
  fill(store: Store): void {
    this.#byOwner.clear();
    this.#shares.clear();
    for (const { key, object } of store.collection('', 'pods').all()) this.#count(key, object);
  }

  /** Updates the counts for an event of the store. */
  take({ type, collection, stored }: StoreEvent): void {
    if (!isPods(collection)) return;
    this.#uncount(stored.key);
    if (type !== 'DELETED') this.#count(stored.key, stored.object);
  }

  /** Returns the counts of the pods of the controller with this uid. */
  of(uid: string): readonly PodTally[] {
    return [...(this.#byOwner.get(uid)?.values() ?? [])];
  }

  /** The number of controllers with counted pods, for tests that detect leaks. */
  get size(): number {
    return this.#byOwner.size;
  }

  #count(key: string, pod: KubeObject): void {
    const controller = controllerOf(pod);
    if (controller === undefined || !this.#owners.has(controller.kind)) return;
    const isActive = !isFinished(pod) && !isTerminating(pod);
    const share = {
      tally: this.#tallyOf(controller.uid, pod.metadata.labels ?? {}),
      active: +isActive,
      ready: +(isActive && isReady(pod)),
      terminating: +(isTerminating(pod) && !isFinished(pod)),
    };
    this.#shares.set(key, share);
    add(share, 1);
  }

  #uncount(key: string): void {
    const share = this.#shares.get(key);
    if (share === undefined) return;
    this.#shares.delete(key);
    add(share, -1);
    const { owner, labelKey, pods } = share.tally;
    if (pods > 0) return;
    const tallies = this.#byOwner.get(owner);
    tallies?.delete(labelKey);
    if (tallies?.size === 0) this.#byOwner.delete(owner);
  }

  #tallyOf(owner: string, labels: Readonly<Record<string, string>>): Tally {
    let tallies = this.#byOwner.get(owner);
    if (tallies === undefined) this.#byOwner.set(owner, (tallies = new Map()));
    const labelKey = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return getOrInsert(tallies, labelKey, () => ({
      owner,
      labelKey,
      labels,
      pods: 0,
      active: 0,
      ready: 0,
      terminating: 0,
    }));
  }
}

function add({ tally, active, ready, terminating }: Share, times: 1 | -1): void {
  tally.pods += times;
  tally.active += times * active;
  tally.ready += times * ready;
  tally.terminating += times * terminating;
}

export function sumOf(tallies: readonly PodTally[], part: (tally: PodTally) => number): number {
  return tallies.reduce((sum, tally) => sum + part(tally), 0);
}

const isPods = ({ group, plural }: Collection): boolean => plural === 'pods' && group === '';

/** Has the pod ended? */
export function isFinished(pod: KubeObject): boolean {
  const phase = pod.status?.['phase'];
  return phase === 'Succeeded' || phase === 'Failed';
}
