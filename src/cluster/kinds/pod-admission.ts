import type { JsonObject, KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { numberAt, textAt } from '../../kubernetes/index.ts';
import { forbidden } from '../errors/status.ts';
import type { WriteContext } from './strategy.ts';
import { ensureAt } from '../types/parts.ts';

const refuse = (pod: KubeObject, problem: string) =>
  forbidden({ group: '', plural: 'pods' }, pod.metadata.name ?? '', problem);

/** The priority classes that every cluster has. */
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

/**
 * Sets the priority of a pod's class, or of the default class. Refuses a pod that declares another priority. Throws
 * 403.
 */
export function admitPriority(pod: KubeObject, { store }: WriteContext): void {
  const spec = ensureAt(pod as unknown as JsonObject, 'spec');
  const classes = store
    .collection('scheduling.k8s.io', 'priorityclasses')
    .all()
    .map(({ object }) => object as unknown as JsonObject & KubeObject);
  const className = textAt(spec, 'priorityClassName');
  const found = classes.find((one) =>
    className === '' ? one['globalDefault'] === true : one.metadata.name === className,
  );
  let priority = NO_PRIORITY;
  if (found !== undefined) {
    const policy = textAt(found, 'preemptionPolicy') || NO_PRIORITY.policy;
    priority = { name: found.metadata.name ?? '', value: numberAt(found, 'value') ?? 0, policy };
  } else if (className !== '') {
    const value = SYSTEM_PRIORITIES.get(className);
    if (value === undefined) throw refuse(pod, `no PriorityClass with name ${className} was found`);
    priority = { ...NO_PRIORITY, name: className, value };
  }
  const computed = (what: string, said: unknown, value: unknown) =>
    refuse(
      pod,
      `the ${what} (${String(said)}) must not be provided in pod spec; priority admission controller computed ${String(value)} from the given PriorityClass name`,
    );
  const { priority: said, preemptionPolicy } = spec;
  if (said !== undefined && said !== priority.value) throw computed('integer value of priority', said, priority.value);
  if (preemptionPolicy !== undefined && preemptionPolicy !== priority.policy)
    throw computed('string value of PreemptionPolicy', preemptionPolicy, priority.policy);
  if (priority.name !== '') spec['priorityClassName'] = priority.name;
  spec['priority'] = priority.value;
  spec['preemptionPolicy'] = priority.policy;
}

/**
 * Checks that the runtime class of a pod exists. A pod with an overhead must have a class with an overhead. Throws 403.
 */
export function admitRuntime(pod: KubeObject, { store }: WriteContext): void {
  const spec = ensureAt(pod as unknown as JsonObject, 'spec');
  const name = textAt(spec, 'runtimeClassName');
  const found = store
    .collection('node.k8s.io', 'runtimeclasses')
    .all()
    .find(({ object }) => object.metadata.name === name);
  if (name !== '' && found === undefined) throw refuse(pod, `pod rejected: RuntimeClass ${goQuote(name)} not found`);
  const overhead = (found?.object as unknown as JsonObject | undefined)?.['overhead'];
  if (spec['overhead'] !== undefined && overhead === undefined)
    throw refuse(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
}
