import type { KubeObject } from '@typekro/kit/core';
import { readConditions, transition } from './conditions.ts';
import type { Condition, StepOptions } from './model.ts';

/**
 * The condition that records the revision that an instance follows, as in the proposal for kro. The condition's reason
 * is the revision number. From this reason, a new process finds the revision of an instance that does not follow the
 * newest revision yet.
 */
export const REVISION_CONDITION = 'RevisionReconciled';

/** A list with the condition `RevisionReconciled`. The list is empty if the definition has no `propagateWhen`. */
export function revisionConditions(
  instance: KubeObject,
  { now, revision, newestRevision: newest }: Pick<StepOptions, 'now' | 'revision' | 'newestRevision'>,
): Condition[] {
  if (newest === undefined || revision === undefined) return [];
  const reason = String(revision);
  const value =
    revision === newest
      ? ({ status: 'True', reason, message: `the instance follows revision ${reason}` } as const)
      : ({
          status: 'False',
          reason,
          message: `the instance stays with revision ${reason}, although the newest is ${newest}`,
        } as const);
  const before = readConditions(instance.status?.['conditions']).find(({ type }) => type === REVISION_CONDITION);
  return [transition(REVISION_CONDITION, value, before, instance.metadata.generation ?? 0, now)];
}

/** The revision number that an instance's status records; `undefined` if there is none. */
export function recordedRevision(instance: KubeObject): number | undefined {
  const found = readConditions(instance.status?.['conditions']).find(({ type }) => type === REVISION_CONDITION);
  return found?.reason !== undefined && /^\d{1,12}$/.test(found.reason) ? Number(found.reason) : undefined;
}
