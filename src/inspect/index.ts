/**
 * The read-only interface to what a controller knows: definitions, instances, the report of each node
 * and why it waits, and a stream of what happens. It serves an `InspectSource` over HTTP on a loopback
 * address with a token, and writes nothing.
 *
 * @packageDocumentation
 */
export type { DefinitionSummary, InspectEvent, InspectSource, InstanceReport, InstanceSummary } from './model.ts';
export { instanceRef } from './model.ts';
export type { InspectServer, InspectServerOptions } from './server.ts';
export { serveInspect } from './server.ts';
