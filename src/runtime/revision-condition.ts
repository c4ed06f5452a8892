import type { KubeObject } from '../core/index.ts';
import { readConditions, transition } from './conditions.ts';
import type { Condition, StepOptions } from './model.ts';

/**
 * The condition with the revision that an instance follows, as in the proposal for kro. Its reason is the number of the
 * revision. A new process reads this condition to find the revision of an instance that waits for a newer revision.
 */
export const REVISION_CONDITION = 'RevisionReconciled';

/** The condition `RevisionReconciled`, as a list of one. Empty when the definition has no `propagateWhen`. */
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
          message: `the instance stays with revision ${reason}, and not ${newest}`,
        } as const);
  const before = readConditions(instance.status?.['conditions']).find(({ type }) => type === REVISION_CONDITION);
  return [transition(REVISION_CONDITION, value, before, instance.metadata.generation ?? 0, now)];
}

/** The revision that the status of an instance records; `undefined` without a record. */
export function recordedRevision(instance: KubeObject): number | undefined {
  const found = readConditions(instance.status?.['conditions']).find(({ type }) => type === REVISION_CONDITION);
  return found?.reason !== undefined && /^\d{1,12}$/.test(found.reason) ? Number(found.reason) : undefined;
}
