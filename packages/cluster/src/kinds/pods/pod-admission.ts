import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import {
  compareQuantities,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { forbidden } from '../../errors/api-error.ts';
import type { WriteContext } from '../strategy.ts';
import type { ObjectLookup } from '../../types/lookup.ts';
import { copyJson, ensureAt } from '../../types/parts.ts';

/** The labels of a node that the admission plugin `PodTopologyLabels` copies to the pod. */
const TOPOLOGY_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/**
 * Makes the 403 error with which an admission plugin refuses a pod. The message contains `generateName` if the name is
 * not generated yet.
 */
export const refusePod = (pod: KubeObject, problem: string) =>
  forbidden({ group: '', plural: 'pods' }, pod.metadata.name || (pod.metadata.generateName ?? ''), problem);

/** Maps the name of a built-in PriorityClass to its value. */
export const SYSTEM_PRIORITIES = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

interface Priority {
  readonly name: string;
  readonly value: number;
  readonly policy: string;
}

const NO_PRIORITY: Priority = { name: '', value: 0, policy: 'PreemptLowerPriority' };

/** The PriorityClass of pods without `priorityClassName`: the default class with the lowest value. */
export function defaultPriorityClass(store: ObjectLookup): KubeObject | undefined {
  const value = (one: KubeObject) => numberAt(one, 'value') ?? 0;
  return store
    .collection('scheduling.k8s.io', 'priorityclasses')
    .all()
    .map(({ object }) => object)
    .filter((one) => one['globalDefault'] === true)
    .reduce<KubeObject | undefined>(
      (low, one) => (low !== undefined && value(low) <= value(one) ? low : one),
      undefined,
    );
}

/**
 * Sets a pod's priority and preemption policy to those of its PriorityClass, or of the default class. Throws 403 for a
 * pod that declares another priority or policy.
 */
export function admitPriority(pod: KubeObject, { store }: WriteContext): void {
  const spec = ensureAt(pod, 'spec');
  const className = textAt(spec, 'priorityClassName');
  const found =
    className === ''
      ? defaultPriorityClass(store)
      : store.collection('scheduling.k8s.io', 'priorityclasses').get(className)?.object;
  let priority = NO_PRIORITY;
  if (found !== undefined) {
    const policy = textAt(found, 'preemptionPolicy') || NO_PRIORITY.policy;
    priority = { name: found.metadata.name ?? '', value: numberAt(found, 'value') ?? 0, policy };
  } else if (className !== '') {
    const value = SYSTEM_PRIORITIES.get(className);
    if (value === undefined) throw refusePod(pod, `no PriorityClass with name ${className} was found`);
    priority = { ...NO_PRIORITY, name: className, value };
  }
  const computed = (what: string, declared: unknown, value: unknown) =>
    refusePod(
      pod,
      `the ${what} (${String(declared)}) must not be provided in pod spec; priority admission controller computed ${String(value)} from the given PriorityClass name`,
    );
  const { priority: declared, preemptionPolicy } = spec;
  if (declared !== undefined && declared !== priority.value)
    throw computed('integer value of priority', declared, priority.value);
  if (preemptionPolicy !== undefined && preemptionPolicy !== priority.policy)
    throw computed('string value of PreemptionPolicy', preemptionPolicy, priority.policy);
  if (priority.name !== '') spec['priorityClassName'] = priority.name;
  spec['priority'] = priority.value;
  spec['preemptionPolicy'] = priority.policy;
}

/**
 * Gives a pod the overhead, the node selector and the tolerations of its RuntimeClass. Throws 403 when the class does
 * not exist, when the pod declares another overhead, and when the node selectors of pod and class conflict.
 */
export function admitRuntime(pod: KubeObject, { store }: WriteContext): void {
  const spec = ensureAt(pod, 'spec');
  const name = textAt(spec, 'runtimeClassName');
  const found = name === '' ? undefined : store.collection('node.k8s.io', 'runtimeclasses').get(name)?.object;
  if (name !== '' && found === undefined) throw refusePod(pod, `pod rejected: RuntimeClass ${goQuote(name)} not found`);
  const fixed = optionalAt(found, 'overhead');
  const declared = optionalAt(spec, 'overhead');
  if (fixed === undefined) {
    if (declared !== undefined)
      throw refusePod(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  } else {
    const overhead = objectAt(fixed, 'podFixed');
    if (declared !== undefined && Object.keys(declared).length > 0 && !sameAmounts(declared, overhead))
      throw refusePod(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    spec['overhead'] = copyJson(overhead);
  }
  const scheduling = optionalAt(found, 'scheduling');
  if (scheduling !== undefined) admitScheduling(pod, spec, scheduling);
}

function sameAmounts(a: JsonObject, b: JsonObject): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [one, other] = [quantityOf(a[name]), quantityOf(b[name])];
    return one !== undefined && other !== undefined && compareQuantities(one, other) === 0;
  });
}

function admitScheduling(pod: KubeObject, spec: JsonObject, scheduling: JsonObject): void {
  const own = objectAt(spec, 'nodeSelector');
  const wanted = objectAt(scheduling, 'nodeSelector');
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(own, key) || own[key] === value) continue;
    const place = 'runtimeClass.scheduling.nodeSelector';
    throw refusePod(
      pod,
      `conflict: ${place}[${key}] = ${String(value)}; pod.spec.nodeSelector[${key}] = ${String(own[key])}`,
    );
  }
  if (Object.keys(wanted).length > 0) spec['nodeSelector'] = { ...own, ...wanted };
  const tolerations = mergeTolerations([...objectsAt(spec, 'tolerations'), ...objectsAt(scheduling, 'tolerations')]);
  if (tolerations.length > 0) spec['tolerations'] = tolerations;
}

/** The tolerations that no other toleration covers. */
function mergeTolerations(all: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = [];
  for (const [index, toleration] of all.entries()) {
    if (merged.some((other) => covers(other, toleration))) continue;
    const later = all.slice(index + 1).filter((other) => !jsonEquals(other, toleration));
    if (!later.some((other) => covers(other, toleration))) merged.push(copyJson(toleration));
  }
  return merged;
}

/** Does `wide` tolerate everything that `narrow` tolerates? */
function covers(wide: JsonObject, narrow: JsonObject): boolean {
  if (jsonEquals(wide, narrow)) return true;
  const exists = textAt(wide, 'operator') === 'Exists';
  if (textAt(wide, 'key') !== textAt(narrow, 'key') && !(textAt(wide, 'key') === '' && exists)) return false;
  if (textAt(wide, 'effect') !== textAt(narrow, 'effect') && textAt(wide, 'effect') !== '') return false;
  if (textAt(wide, 'effect') === 'NoExecute') {
    const [longer, shorter] = [wide, narrow].map((toleration) => numberAt(toleration, 'tolerationSeconds'));
    if (longer !== undefined && (shorter === undefined || longer < shorter)) return false;
  }
  return exists || (textAt(narrow, 'operator') !== 'Exists' && textAt(wide, 'value') === textAt(narrow, 'value'));
}

/** The zone and region labels of a node; empty when the node does not exist. */
export function topologyLabels(store: ObjectLookup, nodeName: string): Readonly<Record<string, string>> {
  const labels = store.collection('', 'nodes').get(nodeName)?.object.metadata.labels ?? {};
  return Object.fromEntries(TOPOLOGY_LABELS.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}

/** Adds labels to an object, and overwrites existing labels with the same keys. */
export function addLabels({ metadata }: KubeObject, labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
}
