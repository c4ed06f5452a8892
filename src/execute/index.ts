/**
 * The one executor: `carryOut` turns a `Decision` into requests, and their answers into what the next decision knows.
 * The controller and direct mode run it with views, sinks and parents of their own. It decides nothing about graphs.
 *
 * @packageDocumentation
 */
export { apiFailure, writeRefusalText } from './api-failure.ts';
export type { ReadMemory, ReadPorts } from './attempt-read.ts';
export { attemptRead } from './attempt-read.ts';
export { carryOut } from './carry-out.ts';
export type {
  ExecutionPorts,
  ExecutionSink,
  ExecutionView,
  ParentPort,
  RememberedRead,
  RememberedWrite,
  WriteRules,
} from './ports.ts';
export { ONCE } from './write-children.ts';
