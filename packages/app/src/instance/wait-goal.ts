import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type Condition, readConditions } from '@typekro/engine/runtime';
import { recordedState } from './observation.ts';

/** The goal of `typekro wait`. */
export type WaitGoal =
  | { readonly kind: 'active' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'condition'; readonly type: string; readonly status: string };

/**
 * Parses `active`, `deleted`, `condition=TYPE` or `condition=TYPE=STATUS`. The default of STATUS is `True`.
 *
 * @throws TypeKroError `cli/usage` for any other text.
 */
export function parseGoal(text: string): WaitGoal {
  if (text === 'active' || text === 'deleted') return { kind: text };
  const match = /^condition=([^=\s]+)(?:=([A-Za-z]+))?$/.exec(text);
  const [, type, status = 'True'] = match ?? [];
  if (type !== undefined) return { kind: 'condition', type, status };
  throw new TypeKroError(`--for cannot wait for ${text}`, {
    code: 'cli/usage',
    remedy: 'write active, deleted, condition=Ready or condition=Ready=False',
  });
}

/** Prints the goal: `ACTIVE`, `deleted`, `Ready=True`. */
export function goalText(goal: WaitGoal): string {
  if (goal.kind === 'condition') return `${goal.type}=${goal.status}`;
  return goal.kind === 'active' ? 'ACTIVE' : 'deleted';
}

/**
 * Has the instance reached the goal? A condition about an older generation does not count. If the definition declares
 * its own conditions, the instance can lack the condition `Ready`. It is then active only if no condition is about an
 * older generation. An absent instance reaches only the goal `deleted`. An instance that is being deleted is not
 * active.
 */
export function isReached(goal: WaitGoal, instance: KubeObject | undefined): boolean {
  if (instance === undefined) return goal.kind === 'deleted';
  const { generation = 0, deletionTimestamp } = instance.metadata;
  const conditions = readConditions(instance.status?.['conditions']);
  const isCurrent = ({ observedGeneration = generation }: Condition): boolean => observedGeneration >= generation;
  const has = (type: string, status: string): boolean | undefined => {
    const found = conditions.find((condition) => condition.type === type);
    if (found === undefined) return undefined;
    return found.status.toLowerCase() === status.toLowerCase() && isCurrent(found);
  };
  switch (goal.kind) {
    case 'deleted':
      return false;
    case 'condition':
      return has(goal.type, goal.status) ?? false;
    case 'active':
      if (deletionTimestamp !== undefined || recordedState(instance).state !== 'ACTIVE') return false;
      return has('Ready', 'True') ?? conditions.every(isCurrent);
  }
}
