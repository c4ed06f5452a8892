import { type JsonValue, definedMembers } from '@typekro/kit/core';
import { type Condition, ConditionContent } from '@typekro/engine/runtime';

/** The condition that sums up all others. */
export const ROOT = 'Ready';

/**
 * The object that a list of conditions describes: the types of its conditions, its generation, and its creation time.
 */
export interface ConditionSubject {
  /** The types of conditions, without the root. Conditions that are new to the object are written in this order. */
  readonly types: readonly string[];
  readonly generation: number;
  readonly creationTimestamp: string;
}

/**
 * The conditions after `changes`, in kro's order: by transition time, with the root last. A type without a value is
 * Unknown since the creation of the object. Types that the subject does not have are dropped. The transition time
 * changes only when the status changes. Equal input produces equal output, so that an unchanged status causes no write.
 */
export function setConditions(
  subject: ConditionSubject,
  current: readonly Condition[],
  changes: ReadonlyMap<string, ConditionContent>,
  now: string,
): Condition[] {
  const before = new Map(current.map((condition) => [condition.type, condition]));
  const dependents = subject.types.map((type) => {
    const known = before.get(type) ?? initial(type, subject);
    const change = changes.get(type);
    return change === undefined ? known : changed(known, change, subject.generation, now);
  });
  const root = rootOf(before.get(ROOT) ?? initial(ROOT, subject), dependents, subject.generation, now);
  return [...sortByTime(inOrderOf(current, dependents)), root];
}

/** Sorts conditions into their earlier order. New conditions follow in the order of the types. */
function inOrderOf(current: readonly Condition[], dependents: readonly Condition[]): Condition[] {
  const place = new Map(current.map(({ type }, index) => [type, index]));
  const placeOf = ({ type }: Condition) => place.get(type) ?? current.length;
  return dependents.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function initial(type: string, { creationTimestamp, generation }: ConditionSubject): Condition {
  return {
    type,
    status: 'Unknown',
    reason: 'AwaitingReconciliation',
    message: `condition "${type}" is awaiting reconciliation`,
    lastTransitionTime: creationTimestamp,
    observedGeneration: generation,
  };
}

function changed(known: Condition, value: ConditionContent, generation: number, now: string): Condition {
  const moved = known.status !== value.status || known.lastTransitionTime === undefined;
  return {
    type: known.type,
    status: value.status,
    reason: value.reason,
    message: value.message,
    lastTransitionTime: moved ? now : (known.lastTransitionTime ?? now),
    observedGeneration: generation,
  };
}

function rootOf(known: Condition, dependents: readonly Condition[], generation: number, now: string): Condition {
  const worst = worstOf(dependents);
  if (worst !== undefined) {
    const { status, reason = '', message = '' } = worst;
    return changed(known, { status, reason, message }, generation, now);
  }
  // All conditions are True, but at least one of them is of an earlier generation. The root does not change.
  if (dependents.some((condition) => condition.observedGeneration !== generation)) return known;
  return changed(known, { status: 'True', reason: 'Ready', message: '' }, generation, now);
}

/** The latest False condition, or the latest Unknown one when none is False; `undefined` when all are True. */
function worstOf(dependents: readonly Condition[]): Condition | undefined {
  for (const status of ['False', 'Unknown'] as const) {
    let found: Condition | undefined;
    for (const condition of dependents) {
      if (
        condition.status === status &&
        (found === undefined || ConditionContent.transitionTime(condition) > ConditionContent.transitionTime(found))
      )
        found = condition;
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

function sortByTime(conditions: readonly Condition[]): Condition[] {
  return conditions.toSorted((a, b) => ConditionContent.transitionTime(a) - ConditionContent.transitionTime(b));
}

/** The conditions as JSON for a status. An empty message is included, as in kro. */
export function conditionsToJson(conditions: readonly Condition[]): JsonValue[] {
  return conditions.map(({ type, status, reason, message, lastTransitionTime, observedGeneration }) => ({
    type,
    status,
    ...definedMembers({ lastTransitionTime, observedGeneration }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  }));
}
