import { type JsonValue, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { conditionOf, textAt } from '@typekro/kit/kubernetes';
import { claimsOfPod } from '../pods/bound-pod.ts';
import { namedNodes } from './node-affinity.ts';
import { type PodDemand, demandOf } from './node-usage.ts';
import { nominationOf } from './schedule.ts';

interface Entry {
  readonly demand: PodDemand;
  readonly group: string;
  readonly nomination: string;
}

/** Waiting pods with the same scheduling requirements. */
interface Group {
  readonly priority: number;
  /** The names of the nodes to which the pods are restricted, or only `ANY_NODE`. */
  readonly places: readonly string[];
  /** The keys of the pods. The first pod is tried first. */
  readonly keys: Set<string>;
}

const ANY_NODE = '';

/** A waiting pod. */
export interface WaitingPod {
  readonly key: string;
  readonly demand: PodDemand;
}

/**
 * The pods whose status says that the scheduler found no node for them. Pods with the same scheduling requirements form
 * a group. If one pod of a group does not fit, the others do not fit either, so after an event only the first pod of
 * each group is tried. The next pod follows when the first pod leaves the group. An event in a full cluster therefore
 * costs one attempt per group instead of one attempt per pod.
 */
export class WaitingPods {
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new Map<string, Group>();
  /** Maps a node name, or `ANY_NODE`, to the groups that may use it. */
  readonly #places = new Map<string, Set<Group>>();
  /**
   * Caches the groups in `#places`, sorted by priority, the highest first. An entry is dropped when its groups change.
   */
  readonly #sorted = new Map<string, readonly Group[]>();
  /** The keys of the pods that are nominated for a node. */
  readonly #nominated = new Map<string, Set<string>>();

  /** Is no pod waiting? */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /**
   * Records the current state of a pod; `undefined` means that the pod is gone. When the pod leaves its group, returns
   * the key of the first pod that remains in the group.
   */
  take(key: string, pod: KubeObject | undefined): string | undefined {
    const before = this.#entries.get(key);
    if (pod === undefined || !isWaiting(pod)) return before === undefined ? undefined : this.#remove(key, before);
    const group = before !== undefined && isSameNeed(before.demand.pod, pod) ? before.group : groupOf(pod);
    const left = before === undefined || before.group === group ? undefined : this.#remove(key, before);
    this.#add(key, { demand: demandOf(pod), group, nomination: nominationOf(pod) });
    return left;
  }

  /** The first pod of each group that may use the node, sorted by priority, the highest first. */
  *firstsOn(node: string): Iterable<WaitingPod> {
    for (const group of this.#groupsOn(node)) {
      const [key = ''] = group.keys;
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield { key, demand: entry.demand };
    }
  }

  /** The keys of all waiting pods that may use the node: first the pods of `firstsOn`, then all others. */
  *keysOn(node: string): Iterable<string> {
    const groups = this.#groupsOn(node);
    for (const group of groups) {
      const [first] = group.keys;
      if (first !== undefined) yield first;
    }
    for (const { keys } of groups) {
      const others = keys.values();
      others.next();
      yield* others;
    }
  }

  /** The pods that are nominated for a node. */
  nominated(node: string): readonly PodDemand[] {
    const keys = this.#nominated.get(node);
    return keys === undefined ? NONE : [...keys].flatMap((key) => this.#entries.get(key)?.demand ?? []);
  }

  /** Is this the key of a waiting pod? */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The node for which a pod is nominated; `''` for a pod without a nomination. */
  nominationOf(key: string): string {
    return this.#entries.get(key)?.nomination ?? '';
  }

  clear(): void {
    for (const map of [this.#entries, this.#groups, this.#places, this.#sorted, this.#nominated]) map.clear();
  }

  #groupsOn(node: string): readonly Group[] {
    const [any, own] = [this.#sortedOn(ANY_NODE), this.#sortedOn(node)];
    return own.length === 0 ? any : [...any, ...own].toSorted(compareGroups);
  }

  #sortedOn(place: string): readonly Group[] {
    let groups = this.#sorted.get(place);
    if (groups !== undefined) return groups;
    const present = this.#places.get(place);
    if (present === undefined) return [];
    this.#sorted.set(place, (groups = [...present].toSorted(compareGroups)));
    return groups;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    let group = this.#groups.get(entry.group);
    if (group === undefined) {
      const { pod, priority } = entry.demand;
      group = { priority, places: [...(namedNodes(pod) ?? [ANY_NODE])], keys: new Set() };
      this.#groups.set(entry.group, group);
      for (const place of group.places) {
        addTo(this.#places, place, group);
        this.#sorted.delete(place);
      }
    }
    group.keys.add(key);
    if (entry.nomination !== '') addTo(this.#nominated, entry.nomination, key);
  }

  /** Returns the first remaining key of the group. */
  #remove(key: string, { group: name, nomination }: Entry): string | undefined {
    this.#entries.delete(key);
    dropFrom(this.#nominated, nomination, key);
    const group = this.#groups.get(name);
    if (group === undefined) return undefined;
    group.keys.delete(key);
    const [first] = group.keys;
    if (first !== undefined) return first;
    this.#groups.delete(name);
    for (const place of group.places) {
      dropFrom(this.#places, place, group);
      this.#sorted.delete(place);
    }
    return undefined;
  }
}

const compareGroups = (a: Group, b: Group): number => b.priority - a.priority;

const NONE: readonly PodDemand[] = [];

function addTo<Value>(map: Map<string, Set<Value>>, name: string, value: Value): void {
  const values = map.get(name);
  if (values === undefined) map.set(name, new Set([value]));
  else values.add(value);
}

function dropFrom<Value>(map: Map<string, Set<Value>>, name: string, value: Value): void {
  const values = map.get(name);
  values?.delete(value);
  if (values?.size === 0) map.delete(name);
}

/** Does the status of the pod say that the scheduler found no node for the pod? */
function isWaiting(pod: KubeObject): boolean {
  if (textAt(pod.spec, 'nodeName') !== '' || pod.metadata.deletionTimestamp !== undefined) return false;
  return conditionOf(pod, 'PodScheduled')?.['reason'] === 'Unschedulable';
}

const isSameNeed = (before: KubeObject, after: KubeObject): boolean =>
  before.spec === after.spec &&
  before.metadata.annotations === after.metadata.annotations &&
  nominationOf(before) === nominationOf(after);

/** A string that is equal for pods with the same scheduling requirements. */
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
    // Simulation annotations can hold or delay a single pod, and such a pod must not block the other pods of a group.
    Object.entries(annotations).filter(([name]) => name.startsWith('typekro.dev/')),
  ];
  return stringifyJson(needs);
}
