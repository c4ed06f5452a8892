/**
 * The HTTP interface to the state of a cluster: definitions, instances, the state of each node with its reason, details
 * of one object, plans, and a stream of events. The room defines the JSON types and the paths of the interface, and
 * contains its server. A controller or a command passes the sources of the data to the server. By default, the server
 * listens only on a loopback address. Every request under `/api/` except `proof` needs a token. The server changes
 * objects only if actions are allowed.
 *
 * @packageDocumentation
 */
export type * from './inspect-model.ts';
export type * from './versions-detail.ts';
export { CLUSTER_TOKEN, INSTANCE_SORTS, INSTANCE_STATES_BY_URGENCY, STATUS_NODE } from './inspect-model.ts';
export type * from './instance-reports.ts';
export { splitCommand, withCommand, type Advice } from './remedy-command.ts';
export type * from './plan-report.ts';
export { parentText, recreatedText, UNREAD, writeNotes } from './plan-words.ts';
export type * from './inspect-source.ts';
export type * from './details.ts';
export { EventLog } from './event-log.ts';
export { InspectFailure } from './inspect-failure.ts';
export { type InspectIndex, byDefinition, indexOfReports } from './inspect-index.ts';
export { countStates, isInstanceState, withInstanceCounts, matchesWords } from './instance-page.ts';
export { ownViewer } from './details.ts';
export { visibleRows } from './visible-rows.ts';
export { INSPECT_PREFIX, inspectPaths, instanceRef, parseInstanceRef, proofMessage } from './paths.ts';
export { MAX_BODY_BYTES } from './read-body.ts';
export type { InspectServer, InspectServerOptions } from './server.ts';
export { newInspectToken, proofOf, serveInspect, tokenOf } from './server.ts';
export { type ShownRead, edgesWith } from './shown-reads.ts';
export * from './expression-value.ts';
