import { definedMembers, namespacedName } from '@typekro/kit/core';
import type { LiveObject } from '../observed-state.ts';
import type { ObjectProblem } from '../node-texts.ts';
import type { Because } from '../report.ts';
import type { StepContext } from '../step-context.ts';
import { type ObjectTarget, refOfTarget } from '../objects/target.ts';
import { type OwnershipConflict, graphsWriting } from '../reports/write-decision.ts';

/** The problem of an object that another ApplySet owns, or that may not be adopted. */
export function ownerProblem(
  { applySet }: StepContext,
  target: ObjectTarget,
  { owner, instance }: OwnershipConflict,
): ObjectProblem {
  const object = refOfTarget(target);
  const because: Because = { kind: 'other-owner', object, ...definedMembers({ owner, instance }) };
  const { group, version, kind } = target.type;
  const gvk = `${group}/${version}, Kind=${kind}`;
  const message =
    owner === undefined
      ? `resource exists and is not managed: ${namespacedName(target)} (${gvk}) may not be adopted`
      : `resource belongs to a different ApplySet: ${namespacedName(target)} (${gvk}) belongs to ApplySet "${owner}", cannot reassign to "${applySet}"`;
  return { target, because, message };
}

/** The last words of kro's messages about a field that another manager owns. */
export const FOREIGN_FIELD = 'executor: field owned by a foreign field manager';

/**
 * The problem of an object that a template node of another Graph writes; undefined if there is no such Graph. The Graph
 * that wrote the object first keeps it.
 *
 * @param own the template manager of the Graph that wants the object; undefined for an instance
 */
export function graphProblem(
  target: ObjectTarget,
  live: LiveObject,
  own: string | undefined,
): ObjectProblem | undefined {
  const managers = graphsWriting(live).filter((manager) => manager !== own);
  if (managers.length === 0) return undefined;
  const where = `template ${target.type.kind} "${namespacedName(target)}"`;
  const ownership =
    own === undefined
      ? 'owned by a foreign kro Graph'
      : "owned by a peer kro Graph's template manager; refusing to co-manage";
  const message = `${where} ${ownership}: ${FOREIGN_FIELD}`;
  return { target, because: { kind: 'graph-owner', object: refOfTarget(target), managers }, message };
}
