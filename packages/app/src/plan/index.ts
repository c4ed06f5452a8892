/** The plan of files: what the controller would do with each instance, checked by dry runs, saved and compared. */
export { type AdoptedField, type Adoption, type BlockedNode, adoptionOf, refusedAdoptionRemedy } from './adoption.ts';
export { type ObjectRemover, removeObject, waitUntilGone } from './apply-object.ts';
export { applyPlan, replacedBy } from './apply-plan.ts';
export { blockerOfDeletion } from './being-deleted.ts';
export { type ClusterBasics, unreadBecause } from './cluster-basics.ts';
export { droppedLines } from './dropped-lines.ts';
export {
  type Shape,
  boolean,
  isTooDeepValue,
  kubeObject,
  listWith,
  number,
  optional,
  record,
  text,
} from './file-shape.ts';
export { type Fold, allWrites, fold } from './fold.ts';
export { type InputObject, describeInputPlace, inputPosition } from './input-object.ts';
export { instancePlan, withoutSecretInputs } from './instance-plan.ts';
export { type PlannedFiles, makePlan } from './make-plan.ts';
export { maskSecrets } from './mask-secrets.ts';
export { maskedTemplate } from './masked-values.ts';
export { waitUntilEstablished } from './object-observed.ts';
export type { PlanContext } from './plan-context.ts';
export { fieldLines } from './plan-objects.ts';
export { refuseMissingNamespace } from './planned-namespace.ts';
export {
  type ComparedPlan,
  type MadePlan,
  type PlanTarget,
  type Planning,
  type PlanningOptions,
  openPlanning,
} from './planning.ts';
export { withoutNames } from './replace-name.ts';
export { FILE_MANAGER } from './replacement.ts';
export {
  type SavedPlan,
  isOfCluster,
  movedSince,
  newSalt,
  parseSavedPlan,
  planAgain,
  savedPlan,
  savedPlanText,
  withDigests,
} from './saved-plan.ts';
export { SharedFields } from './simulation/shared-fields.ts';
export { snapshotText } from './snapshot-file.ts';
export { snapshotTarget } from './snapshot-target.ts';
export { hasBlocked, hasChanges } from './summary-of-plan.ts';
export { takeSnapshot } from './take-snapshot.ts';
export { isOfController, valueLine } from './value-lines.ts';
export { inputsOfSecrets, secretMask } from './secret-places.ts';
export { changeNotes } from './version-lines.ts';
