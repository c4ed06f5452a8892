/**
 * The executor of decisions: `carryOut` turns a `Decision` into requests, and puts the responses into the view of the
 * next decision. The controller and direct mode both supply their own view of the cluster, their own receiver of
 * events, and the object that owns the children. The executor decides nothing about graphs.
 *
 * @packageDocumentation
 */
export { apiFailure, writeRefusalText } from './api-failure.ts';
export { type ReadMemory, type ReadPorts, attemptRead } from './attempt-read.ts';
export { carryOut } from './carry-out.ts';
export { eachEffect } from './each-effect.ts';
export type * from './ports.ts';
export { TargetClaims } from './target-claims.ts';
export { ONCE, patchWriter, requestApply } from './write-children.ts';
