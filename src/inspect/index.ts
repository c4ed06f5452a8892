/**
 * The interface to the state of a cluster with definitions: definitions, instances, the state of each node with its
 * reason, details of one object, plans, and a stream of events. The room has the JSON of the interface, its paths, and
 * the server. A controller or a command passes the sources of the data to the server. The server listens on a loopback
 * address with a token, and changes nothing unless actions are allowed.
 *
 * @packageDocumentation
 */
export type * from './model.ts';
export { INSTANCE_SORTS, SECRET_MASK, SPEC_NODE, STATUS_NODE } from './model.ts';
export type * from './instance-reports.ts';
export type * from './plan.ts';
export type * from './reports.ts';
export type * from './details.ts';
export { EventLog } from './event-log.ts';
export { InspectFailure } from './failure.ts';
export type { InspectIndex } from './inspect-index.ts';
export { byDefinition, indexOfReports } from './inspect-index.ts';
export { countStates, isInstanceState } from './instance-page.ts';
export { ownViewer } from './viewer.ts';
export { visibleRows } from './visible-rows.ts';
export { INSPECT_PREFIX, inspectPaths, instanceRef, parseInstanceRef } from './paths.ts';
export { MAX_BODY_BYTES } from './read-body.ts';
export type { InspectServer, InspectServerOptions } from './server.ts';
export { newInspectToken, serveInspect, tokenOf } from './server.ts';
export type { PlacedExpression, ShownRead } from './graph-edges.ts';
export { edgesWith, expressionsOf, statusExpressions } from './graph-edges.ts';
export { countObjects, presentValue } from './present-values.ts';
