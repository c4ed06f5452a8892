import type { JsonValue, KubeObject } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import { conditionOf, textAt } from '../../kubernetes/index.ts';
import { claimsOfPod } from '../pods/claims-of-pod.ts';
import type { PodDemand } from './node-usage.ts';
import { demandOf } from './node-usage.ts';
import { nominationOf } from './schedule.ts';

interface Entry {
  readonly demand: PodDemand;
  readonly group: string;
  /** Why the pod waits. */
  readonly message: string;
  readonly nomination: string;
}

/**
 * The pods whose status says that they fit no node. Pods with the same needs form a group. When one pod of a group does
 * not fit, the others do not fit either, so an event concerns only the first pod of each group. The next pod follows
 * when the first one is bound. An event in a full cluster therefore costs one try per group, and not one per pod.
 */
export class WaitingPods {
  readonly #entries = new Map<string, Entry>();
  /** The keys of each group. The first key is tried first. */
  readonly #groups = new Map<string, Set<string>>();
  /** The keys of the pods that are nominated for a node. */
  readonly #nominated = new Map<string, Set<string>>();

  /**
   * Takes the present state of a pod; `undefined`: the pod is gone. Returns the key of a pod of the same group that is
   * to be tried now: the first pod that is left, or the first pod that waits for another reason.
   */
  take(key: string, pod: KubeObject | undefined): string | undefined {
    const before = this.#entries.get(key);
    const message = pod === undefined ? undefined : waitReason(pod);
    if (pod === undefined || message === undefined) return before === undefined ? undefined : this.#remove(key, before);
    const group = before !== undefined && isSameNeed(before.demand.pod, pod) ? before.group : groupOf(pod);
    const isMoved = before !== undefined && (before.group !== group || before.message !== message);
    const left = isMoved ? this.#remove(key, before) : undefined;
    this.#add(key, { demand: demandOf(pod), group, message, nomination: nominationOf(pod) });
    if (before !== undefined && before.group !== group) return left;
    const [first = key] = this.#groups.get(group) ?? [];
    return this.#entries.get(first)?.message === message ? undefined : first;
  }

  /** The first pod of each group, those of higher priority first. */
  firsts(): { readonly key: string; readonly demand: PodDemand }[] {
    const found: { readonly key: string; readonly demand: PodDemand }[] = [];
    for (const [key = ''] of this.#groups.values()) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) found.push({ key, demand: entry.demand });
    }
    return found.toSorted((a, b) => b.demand.priority - a.demand.priority);
  }

  /** The pods that are nominated for a node. */
  nominated(node: string): readonly PodDemand[] {
    const keys = this.#nominated.get(node);
    return keys === undefined ? NONE : [...keys].flatMap((key) => this.#entries.get(key)?.demand ?? []);
  }

  /** Has the scheduler refused the pod? */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The node for which a pod is nominated; `''` for any other pod. */
  nominationOf(key: string): string {
    return this.#entries.get(key)?.nomination ?? '';
  }

  clear(): void {
    for (const map of [this.#entries, this.#groups, this.#nominated]) map.clear();
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    addTo(this.#groups, entry.group, key);
    if (entry.nomination !== '') addTo(this.#nominated, entry.nomination, key);
  }

  /** Removes a pod from its group. Returns the first key that is left in the group. */
  #remove(key: string, { group, nomination }: Entry): string | undefined {
    this.#entries.delete(key);
    dropFrom(this.#nominated, nomination, key);
    dropFrom(this.#groups, group, key);
    const [first] = this.#groups.get(group) ?? [];
    return first;
  }
}

const NONE: readonly PodDemand[] = [];

function addTo(map: Map<string, Set<string>>, name: string, key: string): void {
  const keys = map.get(name);
  if (keys === undefined) map.set(name, new Set([key]));
  else keys.add(key);
}

function dropFrom(map: Map<string, Set<string>>, name: string, key: string): void {
  const keys = map.get(name);
  keys?.delete(key);
  if (keys?.size === 0) map.delete(name);
}

/** Why the pod waits, by its status; `undefined` for a pod that the scheduler has not refused. */
function waitReason(pod: KubeObject): string | undefined {
  if (textAt(pod.spec, 'nodeName') !== '' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const condition = conditionOf(pod, 'PodScheduled');
  return condition?.['reason'] === 'Unschedulable' ? textAt(condition, 'message') : undefined;
}

const isSameNeed = (before: KubeObject, after: KubeObject): boolean =>
  before.spec === after.spec &&
  before.metadata.annotations === after.metadata.annotations &&
  nominationOf(before) === nominationOf(after);

/** A text that is equal for pods with equal chances on every node. */
function groupOf(pod: KubeObject): string {
  const { namespace = '', annotations = {} } = pod.metadata;
  const { requests, ports, priority } = demandOf(pod);
  const claims = claimsOfPod(pod);
  const of = (field: string): JsonValue => pod.spec?.[field] ?? null;
  const needs: JsonValue[] = [
    ...['nodeSelector', 'affinity', 'tolerations', 'preemptionPolicy', 'schedulerName'].map(of),
    priority,
    [...requests].map(([name, amount]) => `${name} ${amount}`),
    ports.map(({ protocol, address, port }) => [protocol, address, port]),
    claims.length === 0 ? null : [namespace, ...claims],
    nominationOf(pod),
    // Annotations can hold or delay the work on a single pod. Such a pod must not stop the others.
    Object.entries(annotations).filter(([name]) => name.startsWith('typekro.dev/')),
  ];
  return stringifyJson(needs);
}
