/**
 * The engine of `factory('direct')` and `factory('kro')`. Direct mode runs `step` of `runtime`, as the controller does,
 * but in the caller's process. It keeps a record in the cluster, so that any later process can find, update, roll back
 * or delete the deployed objects. Kro mode applies the definition and the instance, and waits for the controller. The
 * factory of a composition loads this folder when it first uses a cluster.
 *
 * @packageDocumentation
 */
export type { ControllerInstance, DirectDeployment } from './change-owner.ts';
export {
  findDirectDeployments,
  hasInventoryOf,
  instanceOfDeployment,
  moveToController,
  moveToDirect,
  recordRefOf,
} from './change-owner.ts';
export { createDeployEngine, installRuntimeOnDemand } from './engine.ts';
export { DeploymentTimeoutError, InvalidGraphError, ResourceGraphFactoryError } from './errors.ts';
export type { RuntimeInstallation } from './install-runtime.ts';
export { type ObserveInstanceOptions, isBookkeeping, observeInstance } from './observe-instance.ts';
export { type ObserveMembersOptions, observeMembers } from './observe-members.ts';
export { actionKey, tryWrites } from './try-writes.ts';
export type { KnownFailure } from './direct-run.ts';
export { type ObserveGraphOptions, observeGraph, ServedTypes } from './observe-graph.ts';
export { listKey, observedObjects, memberKey, objectReadKey, ObservedStore, targetOfObject } from './observed-store.ts';
export { type ValueChange, changedFields, changedValues } from './changed-fields.ts';
export { laidOver, underSchema } from './new-schema.ts';
