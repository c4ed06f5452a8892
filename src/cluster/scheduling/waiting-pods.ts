import type { JsonValue, KubeObject } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import { conditionOf, textAt } from '../../kubernetes/index.ts';
import { claimsOfPod } from '../pods/claims-of-pod.ts';
import { namedNodes } from './node-affinity.ts';
import type { PodDemand } from './node-usage.ts';
import { demandOf } from './node-usage.ts';
import { nominationOf } from './schedule.ts';

interface Entry {
  readonly demand: PodDemand;
  readonly group: string;
  readonly nomination: string;
}

/** Pods with the same needs. */
interface Group {
  readonly priority: number;
  /** The names of the nodes to which the pods are restricted, or `ANY_NODE` alone. */
  readonly places: readonly string[];
  /** The first key is tried first. */
  readonly keys: Set<string>;
}

const ANY_NODE = '';

/** A waiting pod. */
export interface WaitingPod {
  readonly key: string;
  readonly demand: PodDemand;
}

/**
 * The pods whose status says that the scheduler has not placed them. Pods with the same needs form a group. When one
 * pod of a group does not fit, the others do not fit either, so an event concerns only the first pod of each group. The
 * next pod follows when the first one leaves the group. An event in a full cluster therefore costs one try per group,
 * and not one per pod.
 */
export class WaitingPods {
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new Map<string, Group>();
  /** The groups that may use a node. */
  readonly #places = new Map<string, Set<Group>>();
  /** The groups of a place with the highest priority first, until the groups of this place change. */
  readonly #sorted = new Map<string, readonly Group[]>();
  /** The keys of the pods that are nominated for a node. */
  readonly #nominated = new Map<string, Set<string>>();

  /** Is no pod waiting? */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /**
   * Takes the present state of a pod; `undefined` means that the pod is gone. When the pod leaves its group, returns
   * the key of the first pod that is left there.
   */
  take(key: string, pod: KubeObject | undefined): string | undefined {
    const before = this.#entries.get(key);
    if (pod === undefined || !isWaiting(pod)) return before === undefined ? undefined : this.#remove(key, before);
    const group = before !== undefined && isSameNeed(before.demand.pod, pod) ? before.group : groupOf(pod);
    const left = before === undefined || before.group === group ? undefined : this.#remove(key, before);
    this.#add(key, { demand: demandOf(pod), group, nomination: nominationOf(pod) });
    return left;
  }

  /** The first pod of each group that may use the node, those of higher priority first. */
  *firstsOn(node: string): Iterable<WaitingPod> {
    for (const group of this.#groupsOn(node)) {
      const [key = ''] = group.keys;
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield { key, demand: entry.demand };
    }
  }

  /** The keys of the pods that may use the node: first those of `firstsOn`, then the others. */
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

  /** Does the pod wait? */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The node for which a pod is nominated; `''` for any other pod. */
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

  /** Returns the first key that is left in the group. */
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

/** Does the status of the pod say that the scheduler has not placed the pod? */
function isWaiting(pod: KubeObject): boolean {
  if (textAt(pod.spec, 'nodeName') !== '' || pod.metadata.deletionTimestamp !== undefined) return false;
  return conditionOf(pod, 'PodScheduled')?.['reason'] === 'Unschedulable';
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
