/**
 * `typekro/controller`: the controller in a program's own process. It reconciles definitions, graph revisions,
 * instances and, with the feature `graphKind`, Graphs. Events of watches and due retries start its passes.
 *
 * @packageDocumentation
 */
export { type Logger, type LogLevel, consoleLogger, jsonLogger, silentLogger } from './logger.ts';
export type { Controller, ControllerOptions } from './controller-options.ts';
export type { ConversionAddress, ConversionService } from './conversions/conversion-address.ts';
export { LocalConversions } from './conversions/local-conversions.ts';
export type {
  AdoptionPolicy,
  Condition,
  ForeignItem,
  InstanceState,
  NodeReport,
  ObjectOutcome,
  Reports,
} from '@typekro/engine/runtime';
export type {
  DefinitionSummary,
  InspectEvent,
  InspectSource,
  InstanceReport,
  InstanceSummary,
} from '../inspect/index.ts';
export type { ServiceAccountRef } from './acting-identity.ts';
export type { DefinitionShare } from './shards/shard-share.ts';
export type { SpanAttributes, TraceApi, Tracer, TraceSpan } from './telemetry/traces.ts';
export { controllerCrds } from '@typekro/engine/graph';
export { createController } from './controller.ts';
export type { ControllerFlag, FlagType, ParsedFlags } from './flags.ts';
export { CONTROLLER_FLAGS, parseControllerFlags } from './flags.ts';
export { optionsFromFlags } from './options-from-flags.ts';
export { type ProbeServer, type ProbeSource, serveProbes } from './probes.ts';
export type { ControllerDashboardOptions, OpenControllerDashboard, RunControllerOptions } from './run-controller.ts';
export { runController } from './run-controller.ts';
export type { DefinitionRights, DefinitionRoles, DefinitionRolesOptions } from './install/definition-roles.ts';
export { definitionRoles } from './install/definition-roles.ts';
export { type GraphRoles, graphRoles } from './install/graph-roles.ts';
export { type KeptCrd, type SafeInstallation, keptText, safeInstallation } from './install/safe-installation.ts';
export { type ManifestOptions, controllerManifests } from './install/manifests.ts';
