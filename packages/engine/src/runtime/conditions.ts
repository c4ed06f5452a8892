import { type JsonValue, type KubeObject, isJsonObject, textPrefix } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import type { Condition } from './model.ts';

/** kro's condition types of an instance, except `Ready`, which summarises these types. */
const DEPENDENT_CONDITIONS = ['InstanceManaged', 'GraphResolved', 'ResourcesReady'] as const;
const ROOT_CONDITION = 'Ready';

/** kro's condition types of an instance. */
export const INSTANCE_CONDITIONS: readonly string[] = [ROOT_CONDITION, ...DEPENDENT_CONDITIONS];

/** One of the conditions that `Ready` summarises. */
export type DependentCondition = (typeof DEPENDENT_CONDITIONS)[number];

/** A condition without its times. */
export interface ConditionContent {
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

/** Reads conditions from a status; skips entries that are not conditions. */
export function readConditions(value: JsonValue | undefined): Condition[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    if (!isJsonObject(entry) || typeof entry['type'] !== 'string' || !isStatus(entry['status'])) return [];
    const { type, status, reason, message, lastTransitionTime, observedGeneration } = entry;
    return [
      {
        type,
        status,
        ...(typeof reason === 'string' ? { reason } : {}),
        ...(typeof message === 'string' ? { message } : {}),
        ...(typeof lastTransitionTime === 'string' ? { lastTransitionTime } : {}),
        ...(typeof observedGeneration === 'number' ? { observedGeneration } : {}),
      },
    ];
  });
}

function isStatus(value: JsonValue | undefined): value is Condition['status'] {
  return value === 'True' || value === 'False' || value === 'Unknown';
}

/**
 * kro's conditions of an instance after a change. A missing condition becomes Unknown, with the creation time of the
 * instance as its transition time. A transition time changes only with the status. `Ready` is True if all other
 * conditions are True. If not, `Ready` repeats the latest False condition or, if none is False, the latest Unknown
 * condition. If all are True, but some have an older generation, `Ready` does not change. With `authored`, the
 * conditions in the status are the author's, so kro's conditions are all made again.
 */
export function instanceConditions(
  instance: KubeObject,
  values: Partial<Record<DependentCondition, ConditionContent>>,
  now: number,
  authored: boolean,
): Condition[] {
  return summarisedConditions(DEPENDENT_CONDITIONS, instance, values, now, authored);
}

/** kro's condition types of a Graph, except `Ready`, which summarises these types. */
const GRAPH_CONDITIONS = ['Accepted', 'ResourcesConverged'] as const;

/** One of the conditions of a Graph that `Ready` summarises. */
export type GraphCondition = (typeof GRAPH_CONDITIONS)[number];

/** kro's content of a condition that has no value yet. */
export function awaiting(type: string): ConditionContent {
  const message = `condition "${type}" is awaiting reconciliation`;
  return { status: 'Unknown', reason: 'AwaitingReconciliation', message };
}

/** kro's conditions of a Graph after a change, by the rules of `instanceConditions`. */
export function graphConditions(
  graph: KubeObject,
  values: Partial<Record<GraphCondition, ConditionContent>>,
  now: number,
): Condition[] {
  return summarisedConditions(GRAPH_CONDITIONS, graph, values, now, false);
}

function summarisedConditions<Type extends string>(
  types: readonly Type[],
  instance: KubeObject,
  values: Partial<Record<Type, ConditionContent>>,
  now: number,
  authored: boolean,
): Condition[] {
  const generation = instance.metadata.generation ?? 0;
  const deleting = instance.metadata.deletionTimestamp !== undefined;
  const before = authored ? [] : readConditions(instance.status?.['conditions']);
  const previous = new Map(before.map((entry) => [entry.type, entry]));
  const createdAt = instance.metadata.creationTimestamp ?? formatTime(now);
  const dependents = types.map((type): Condition => {
    const value = values[type];
    const known = previous.get(type);
    if (value !== undefined) return transition(type, value, known, generation, now);
    if (known !== undefined) return deleting ? { ...known, observedGeneration: generation } : known;
    return { type, ...awaiting(type), lastTransitionTime: createdAt, observedGeneration: generation };
  });
  const root = rootCondition(dependents, previous.get(ROOT_CONDITION), generation, now);
  // The sort is stable: conditions with equal times keep their previous order.
  const place = new Map([...previous.keys()].map((type, index) => [type, index]));
  const placeOf = ({ type }: Condition) => place.get(type) ?? previous.size;
  const inEarlierOrder = dependents.toSorted((a, b) => placeOf(a) - placeOf(b));
  return [...orderByTime(inEarlierOrder), root];
}

/**
 * The limit for condition messages in Kubernetes' built-in kinds. A message can quote a large value of the instance or
 * name a thousand objects, and the server refuses a status that is too large for its store.
 */
const MAX_MESSAGE_LENGTH = 32_768;

function shortened(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${textPrefix(message, MAX_MESSAGE_LENGTH - 1)}…`;
}

/** A condition with this value. The transition time changes only when the status changes. */
export function transition(
  type: string,
  value: ConditionContent,
  before: Condition | undefined,
  generation: number,
  now: number,
): Condition {
  const { status, reason, message } = value;
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  return {
    type,
    status,
    ...(reason === '' ? {} : { reason }),
    message: shortened(message),
    lastTransitionTime: since ?? formatTime(now),
    observedGeneration: generation,
  };
}

function rootCondition(
  dependents: readonly Condition[],
  before: Condition | undefined,
  generation: number,
  now: number,
): Condition {
  const worst = latest(dependents, 'False') ?? latest(dependents, 'Unknown');
  if (worst !== undefined) {
    const { status, reason = '', message = '' } = worst;
    return transition(ROOT_CONDITION, { status, reason, message }, before, generation, now);
  }
  const current = dependents.every((condition) => condition.observedGeneration === generation);
  if (!current && before !== undefined) return before;
  return transition(ROOT_CONDITION, { status: 'True', reason: 'Ready', message: '' }, before, generation, now);
}

function latest(conditions: readonly Condition[], status: Condition['status']): Condition | undefined {
  return conditions
    .filter((condition) => condition.status === status)
    .reduce<Condition | undefined>(
      (best, entry) => (best === undefined || transitionTime(entry) > transitionTime(best) ? entry : best),
      undefined,
    );
}

function orderByTime(conditions: readonly Condition[]): Condition[] {
  return [...conditions].sort((a, b) => transitionTime(a) - transitionTime(b));
}

/** The transition time in milliseconds since the epoch; 0 for a condition without a transition time. */
export function transitionTime(condition: Condition): number {
  const value = Date.parse(condition.lastTransitionTime ?? '');
  return Number.isNaN(value) ? 0 : value;
}

/** Conditions, and their transitions. */
export const ConditionContent = { transition, transitionTime, OF_INSTANCES: INSTANCE_CONDITIONS };
