/**
 * The pure core. `step` takes a graph, an instance and a view of the cluster. It decides what to apply, delete, read
 * and watch next, computes the status, and explains why each node waits. `step` has no I/O, no clock and no state. Its
 * caller (controller, direct mode, plan, simulation) carries out the decision, observes the cluster and calls `step`
 * again.
 *
 * @packageDocumentation
 */
export type { ListTarget, MemberTarget, ObjectTarget, ObjectType } from './target.ts';
export { refOfTarget } from './target.ts';

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
export { isNamespaceMissing, NAMESPACE_TYPE } from './missing-namespace.ts';
export { CORRECT_REFUSED, isImmutableMessage, refusalRemedy, refusedItems } from './refusal-remedies.ts';
export { readWithDefault, remedyOf } from './remedies.ts';
export { step } from './step.ts';
export type { RenderedInstance, RenderedNode } from './render/render.ts';
export { renderInstance } from './render/render.ts';
export { evaluateToJson } from './evaluate.ts';
export { variablesOfItem } from './item-variables.ts';
export { fillTemplate } from './template.ts';
export { heldInstances } from './instance-propagation.ts';
export { readsTime, readNowSample } from './now-sample.ts';
export { TIME_PAUSE_MS } from './propagate.ts';
export { recordedRevision } from './revision-condition.ts';
export { projectStatus } from './project-status.ts';
export { statusWrites } from './status-writes.ts';
export { selectorText } from './selector.ts';
export { StepMemory } from './step-memory.ts';
export { stepUnresolved } from './unresolved.ts';
export { stepGraphDeletion, stepRefusedGraph } from './graph-deletion.ts';
export { RELEASE } from './graph-retired.ts';
export { ORPHAN, memberNamespaces, memberTarget, reportOfLive } from './members.ts';
export { isPatchNodeManager, isTemplateManager, patchManager, patchPrefix, templateManager } from './field-managers.ts';
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
export { applySetIdOf, recordedInventory, recordedScope } from './applyset.ts';
export type { FieldDifference } from './compare.ts';
export { fieldManagers } from './compare.ts';
export type { ForeignItem } from './foreign-items.ts';
export type { Fingerprint } from './fingerprint.ts';
export { digestText, isSameFingerprint, digestOf, equivalenceOf } from './fingerprint.ts';
export { hasFinalizer, isSuspended, otherFinalizers } from './finalizer.ts';
export { failureMask, writeMask } from './failure-mask.ts';
export { failureClass, failureText, isRefusal, missingRight } from './failure.ts';
export type { WriteAttempt } from './paused-write.ts';
export { isSameWrite } from './paused-write.ts';
export { groupKindText, objectKey, targetKey, writeKey } from './identity.ts';
export * as keys from './keys.ts';
export type { PlacedExpression } from './placed-expressions.ts';
export { expressionsOf, SPEC_NODE, statusExpressions } from './placed-expressions.ts';
export { maskedSecretRefusal, refusalMask } from './secrets/mask-refusal.ts';
export { expressionsIntoSecrets, secretExpressions, secretFields, secretLiveFields } from './secrets/secret-fields.ts';
export { SECRET_MASK } from './secrets/secret-failures.ts';
export { canBeSecret, hidesInSecret, liveNodesOf, unversionedKey } from './secrets/secret-nodes.ts';
export { secretSpec } from './secrets/secret-spec.ts';
export type { ObjectOutcome } from './object-outcome.ts';
export { outcomeOfApply, outcomeOfWrite } from './object-outcome.ts';
export { isOwned, nodeIdOf, nodeLabel, objectsByNode, releasePatch } from './labels.ts';
export { engineFieldsOf, graphsWriting, OWNER_FIELD, withEngineEquivalence, mayForce } from './write-decision.ts';
export { ownedFingerprint, ownedValues, withoutWriter, writerName, writerOf } from './owned-fields.ts';
export { engineFieldsIn, isAlwaysKept, projectObject } from './project-object.ts';
export type { ConditionContent } from './conditions.ts';
export { INSTANCE_CONDITIONS, readConditions, transition, transitionTime } from './conditions.ts';
export type { RootCause } from './root-causes.ts';
export { rootCausesOf } from './root-causes.ts';
export { dependencyText, explainNode, refusedText, readOfExpression } from './explain.ts';
