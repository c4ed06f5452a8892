/**
 * The pure core. `step` takes a graph, an instance and a view of the cluster. It decides what to apply, delete, read
 * and watch next, computes the status, and explains why each node waits. `step` has no I/O, no clock and no state. Its
 * caller (controller, direct mode, plan, simulation) carries out the decision, observes the cluster and calls `step`
 * again.
 *
 * @packageDocumentation
 */
export { type ObjectType, ObjectTarget } from './objects/target.ts';
export type { AdoptionPolicy, ApplyAction, Condition, Decision, InstanceState, StepOptions } from './model.ts';
export { type EquivalentDigests, Fingerprint } from './objects/fingerprint.ts';
export { step } from './step.ts';
export { heldInstances } from './instance-propagation.ts';
export { StepMemory } from './step-memory.ts';
export { FieldDifference } from './objects/compare.ts';
export type { ForeignItem } from './objects/foreign-items.ts';
export * as keys from './objects/keys.ts';
export { type ObjectOutcome, Outcome } from './object-outcome.ts';
export { readConditions, ConditionContent } from './conditions.ts';
export { Tracking } from './tracking.ts';
export { ObjectLabels } from './objects/labels.ts';
export { ApplySet } from './reports/applyset.ts';
export { Failure } from './reports/failure.ts';
export { RefusedObject } from './reports/refusal-remedies.ts';
export { Explanation } from './reports/explain.ts';
export { Finalizers } from './reports/finalizer.ts';
export { ObjectKey } from './objects/identity.ts';
export { PlacedExpression } from './placed-expressions.ts';
export { NowSample } from './now-sample.ts';
export { WriteRules } from './reports/write-decision.ts';
export { Projection } from './reports/project-object.ts';
export { FieldWriter } from './objects/owned-fields.ts';
export { Member } from './members.ts';
export { FieldManager } from './objects/field-managers.ts';
export { WriteAttempt } from './reports/paused-write.ts';
export { RenderedInstance } from './render/render.ts';
export { RootCause } from './reports/root-causes.ts';
export type * as Observations from './observed-state.ts';
export type * as Decisions from './model.ts';
/** The types of the reports about nodes and objects, and of their reasons. */
export type * as Reports from './report.ts';
export { Secrets } from './secrets/mask-refusal.ts';
export { FailureMask } from './reports/failure-mask.ts';
export { NodeReport } from './report.ts';
export { Evaluate } from './template.ts';
export { projectStatus } from './status/project-status.ts';
export { RecordedStatus } from './status/status-writes.ts';
export { SpecialStep } from './unresolved.ts';
export type * as Targets from './objects/target.ts';
