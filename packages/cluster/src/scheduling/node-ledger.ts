import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { type NodeUsage, type PodDemand, demandOf, NodeUsage as Usage } from './node-usage.ts';

/** The pods of a node, and the resources and host ports that they use. */
export interface NodeAccount {
  readonly usage: NodeUsage;
  /** Maps the key of a pod to its demand. */
  readonly pods: ReadonlyMap<string, PodDemand>;
  /** The lowest priority of the pods; `undefined` without pods. */
  readonly minPriority: number | undefined;
}

class Account implements NodeAccount {
  readonly usage = new Usage();
  readonly pods = new Map<string, PodDemand>();
  readonly #priorities = new Map<number, number>();

  get minPriority(): number | undefined {
    return this.#priorities.size === 0 ? undefined : Math.min(...this.#priorities.keys());
  }

  put(key: string, demand: PodDemand): void {
    this.drop(key);
    this.pods.set(key, demand);
    this.usage.add(demand);
    this.#priorities.set(demand.priority, (this.#priorities.get(demand.priority) ?? 0) + 1);
  }

  drop(key: string): void {
    const demand = this.pods.get(key);
    if (demand === undefined) return;
    this.pods.delete(key);
    this.usage.remove(demand);
    const count = this.#priorities.get(demand.priority) ?? 0;
    if (count > 1) this.#priorities.set(demand.priority, count - 1);
    else this.#priorities.delete(demand.priority);
  }

  /** Replaces the stored object of a pod whose demand is unchanged. */
  refresh(key: string, pod: KubeObject): void {
    const demand = this.pods.get(key);
    if (demand !== undefined) this.pods.set(key, { ...demand, pod });
  }
}

const EMPTY: NodeAccount = new Account();

/**
 * The accounts of all nodes. A change of a pod updates the sums of one node, so its cost does not depend on the number
 * of pods. `placeOf` returns the name of the node whose resources a pod uses, or `''` for a pod that belongs to no
 * account.
 */
export class NodeLedger {
  readonly #placeOf: (pod: KubeObject) => string;
  readonly #accounts = new Map<string, Account>();
  readonly #places = new Map<string, { readonly node: string; readonly spec: JsonObject | undefined }>();

  constructor(placeOf: (pod: KubeObject) => string) {
    this.#placeOf = placeOf;
  }

  /** The account of a node; an empty account for a node without pods. */
  account(node: string): NodeAccount {
    return this.#accounts.get(node) ?? EMPTY;
  }

  /**
   * Records the current state of a pod; `undefined` means that the pod is gone. Returns the name of the node on which
   * the change may have freed resources; `undefined` when it freed no resources.
   */
  take(key: string, pod: KubeObject | undefined): string | undefined {
    const before = this.#places.get(key);
    const node = pod === undefined ? '' : this.#placeOf(pod);
    if (pod !== undefined && before?.node === node && before.spec === pod.spec) {
      this.#accounts.get(node)?.refresh(key, pod);
      return undefined;
    }
    if (before !== undefined) this.#drop(key, before.node);
    if (pod !== undefined && node !== '') {
      let account = this.#accounts.get(node);
      if (account === undefined) this.#accounts.set(node, (account = new Account()));
      account.put(key, demandOf(pod));
      this.#places.set(key, { node, spec: pod.spec });
    }
    return before?.node;
  }

  clear(): void {
    this.#accounts.clear();
    this.#places.clear();
  }

  #drop(key: string, node: string): void {
    this.#places.delete(key);
    const account = this.#accounts.get(node);
    account?.drop(key);
    if (account?.pods.size === 0) this.#accounts.delete(node);
  }
}

/** The name of the node that a pod uses; `''` for a pod that is not bound, or that has ended. */
export function boundNodeOf(pod: KubeObject): string {
  const phase = textAt(pod.status, 'phase');
  return phase === 'Succeeded' || phase === 'Failed' ? '' : textAt(pod.spec, 'nodeName');
}
