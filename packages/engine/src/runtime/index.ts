/**
 * The pure core. `step` takes a graph, an instance and a view of the cluster. It decides what to apply, delete, read
 * and watch next, computes the status, and explains why each node waits. `step` has no I/O, no clock and no state. Its
 * caller (controller, direct mode, plan, simulation) carries out the decision, observes the cluster and calls `step`
 * again.
 *
 * @packageDocumentation
 */
export type { ListTarget, MemberTarget, ObjectTarget, ObjectType } from './objects/target.ts';
export { refOfTarget } from './objects/target.ts';

export type {
  AdoptionPolicy,
  ApplyAction,
  Condition,
  Contest,
  Decision,
  DeleteAction,
  OrphanAction,
  EngineFields,
  FailedRead,
  FailedWrite,
  InstanceState,
  ListObservation,
  LiveObject,
  NewEquivalence,
  Observation,
  Observed,
  ParentWrite,
  ReadRequest,
  ReleaseAction,
  EquivalentDigests,
  StepOptions,
  WatchRequest,
  WatchState,
} from './model.ts';
export { INSTANCE_STATES } from './model.ts';
export { CORRECT_REFUSED, isImmutableMessage, refusalRemedy, refusedItems } from './reports/refusal-remedies.ts';
export { readWithDefault, remedyOf } from './reports/remedies.ts';
export { step } from './step.ts';
export type { RenderedInstance, RenderedNode } from './render/render.ts';
export { renderInstance } from './render/render.ts';
export { evaluateToJson } from './evaluate.ts';
export { variablesOfItem } from './nodes/item-variables.ts';
export { fillTemplate } from './template.ts';
export { heldInstances } from './instance-propagation.ts';
export { readsTime, readNowSample } from './now-sample.ts';
export { TIME_PAUSE_MS } from './nodes/propagate.ts';
export { recordedRevision } from './revision-condition.ts';
export { projectStatus } from './status/project-status.ts';
export { statusWrites } from './status/status-writes.ts';
export { selectorText } from './objects/selector.ts';
export { StepMemory } from './step-memory.ts';
export { stepUnresolved } from './unresolved.ts';
export { stepGraphDeletion, stepRefusedGraph } from './graph-deletion.ts';
export { RELEASE } from './graph-retired.ts';
export { ORPHAN, memberNamespaces, memberTarget, reportOfLive } from './members.ts';
export {
  isPatchNodeManager,
  isTemplateManager,
  patchManager,
  patchPrefix,
  templateManager,
} from './objects/field-managers.ts';
export { contributionKey, mergedTracking, recordedTracking, resourceKey, trackingStatus } from './tracking.ts';
export type {
  Because,
  Contested,
  NodeReport,
  NodeState,
  ObjectReport,
  Terminating,
  ApiFailure,
  MissingPermission,
  ReadData,
} from './report.ts';
export { isDone } from './report.ts';
export { applySetIdOf, recordedInventory, recordedScope } from './reports/applyset.ts';
export type { FieldDifference } from './objects/compare.ts';
export { fieldManagers } from './objects/compare.ts';
export type { ForeignItem } from './objects/foreign-items.ts';
export type { Fingerprint } from './objects/fingerprint.ts';
export { digestText, isSameFingerprint, digestOf, equivalenceOf } from './objects/fingerprint.ts';
export { hasFinalizer, isSuspended, otherFinalizers } from './reports/finalizer.ts';
export { failureMask, writeMask } from './reports/failure-mask.ts';
export { failureClass, failureText, isRefusal, missingRight } from './reports/failure.ts';
export type { WriteAttempt } from './reports/paused-write.ts';
export { isNamespaceMissing, isSameWrite, NAMESPACE_TYPE } from './reports/paused-write.ts';
export { groupKindText, objectKey, targetKey, writeKey } from './objects/identity.ts';
export * as keys from './objects/keys.ts';
export type { PlacedExpression } from './placed-expressions.ts';
export { expressionsOf, SPEC_NODE, statusExpressions } from './placed-expressions.ts';
export { maskedSecretRefusal, refusalMask } from './secrets/mask-refusal.ts';
export { expressionsIntoSecrets, secretExpressions, secretFields, secretLiveFields } from './secrets/secret-fields.ts';
export { SECRET_MASK } from './secrets/secret-failures.ts';
export { canBeSecret, hidesInSecret, liveNodesOf, unversionedKey } from './secrets/secret-nodes.ts';
export { secretSpec } from './secrets/secret-spec.ts';
export type { ObjectOutcome } from './object-outcome.ts';
export { outcomeOfApply, outcomeOfWrite } from './object-outcome.ts';
export { isOwned, nodeIdOf, nodeLabel, objectsByNode, releasePatch } from './objects/labels.ts';
export {
  engineFieldsOf,
  graphsWriting,
  OWNER_FIELD,
  withEngineEquivalence,
  mayForce,
} from './reports/write-decision.ts';
export { ownedFingerprint, ownedValues, withoutWriter, writerName, writerOf } from './objects/owned-fields.ts';
export { engineFieldsIn, isAlwaysKept, projectObject } from './reports/project-object.ts';
export type { ConditionContent } from './conditions.ts';
export { INSTANCE_CONDITIONS, readConditions, transition, transitionTime } from './conditions.ts';
export type { RootCause } from './reports/root-causes.ts';
export { rootCausesOf } from './reports/root-causes.ts';
export { dependencyText, explainNode, refusedText, readOfExpression } from './reports/explain.ts';
