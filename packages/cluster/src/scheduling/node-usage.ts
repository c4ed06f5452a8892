import type { KubeObject } from '@typekro/kit/core';
import { numberAt } from '@typekro/kit/kubernetes';
import { type HostPort, HostPortTable, hostPortsOf } from './host-ports.ts';
import { type Resources, requestsOf } from './requested-resources.ts';

/** The resources and host ports that a pod needs on its node. */
export interface PodDemand {
  readonly pod: KubeObject;
  readonly requests: Resources;
  readonly ports: readonly HostPort[];
  readonly priority: number;
}

export function demandOf(pod: KubeObject): PodDemand {
  const priority = numberAt(pod.spec, 'priority') ?? 0;
  return { pod, requests: requestsOf(pod), ports: hostPortsOf(pod), priority };
}

/** The total resources and host ports that the pods of a node use. */
export class NodeUsage {
  readonly #requested = new Map<string, bigint>();
  #ports = new HostPortTable();
  #pods = 0;

  /** The number of pods. */
  get pods(): number {
    return this.#pods;
  }

  get requested(): Resources {
    return this.#requested;
  }

  add({ requests, ports }: PodDemand): void {
    this.#pods += 1;
    for (const [name, amount] of requests) this.#requested.set(name, (this.#requested.get(name) ?? 0n) + amount);
    this.#ports.add(ports);
  }

  remove({ requests, ports }: PodDemand): void {
    this.#pods -= 1;
    for (const [name, amount] of requests) {
      const left = (this.#requested.get(name) ?? 0n) - amount;
      if (left === 0n) this.#requested.delete(name);
      else this.#requested.set(name, left);
    }
    this.#ports.remove(ports);
  }

  hasPortsFor({ ports }: PodDemand): boolean {
    return ports.length === 0 || !this.#ports.conflictsWith(ports);
  }

  copy(): NodeUsage {
    const copy = new NodeUsage();
    for (const [name, amount] of this.#requested) copy.#requested.set(name, amount);
    copy.#ports = this.#ports.copy();
    copy.#pods = this.#pods;
    return copy;
  }
}
