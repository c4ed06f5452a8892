/**
 * The pure heart: `step` looks at a graph, an instance and what is known of the cluster, and says what to
 * apply, delete, read and watch next, what the status is, and why each node waits. No I/O, no clock, no
 * memory: whoever carries out decisions (controller, direct mode, plan, simulation) observes and steps
 * again.
 *
 * @packageDocumentation
 */
export type {
  AdoptionPolicy,
  ApiFailure,
  ApplyAction,
  ApplyReason,
  Condition,
  Decision,
  DeleteAction,
  FailedWrite,
  InstanceState,
  Inventory,
  InventoryScope,
  ListObservation,
  ListTarget,
  LiveObject,
  MemberTarget,
  MissingPermission,
  ObjectReadiness,
  ObjectTarget,
  ObjectType,
  Observation,
  Observed,
  ParentWrite,
  ReadRequest,
  SettledPair,
  StepOptions,
  WatchRequest,
} from './model.ts';
export { refOfTarget } from './model.ts';
export type { Because, NodeReport, NodeState, ObjectReport, Terminating } from './report.ts';
