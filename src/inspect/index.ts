/**
 * The read-only interface to the state of a controller: definitions, instances, the report of each node with its
 * reason, and a stream of events. The room serves an `InspectSource` over HTTP on a loopback address with a token, and
 * writes nothing.
 *
 * @packageDocumentation
 */
export type { DefinitionSummary, InspectEvent, InspectSource, InstanceReport, InstanceSummary } from './model.ts';
export { instanceRef } from './model.ts';
export type { InspectServer, InspectServerOptions } from './server.ts';
export { serveInspect } from './server.ts';
