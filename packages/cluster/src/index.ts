/**
 * An embedded Kubernetes API server: a store of objects with watches, discovery, every verb and patch type, custom
 * resource definitions, access control, and the built-in kinds with their names, verbs, subresources and printer
 * columns. Clients in any language use it over HTTPS. Clients in the same process use a `Transport`, which passes the
 * same bytes to the same request handler. The simulated controllers are in `controllers/`.
 *
 * @packageDocumentation
 */
export { type Cluster, type CommonCluster, createEmbeddedCluster } from './cluster.ts';
export type { ControllerSettings } from './controllers/index.ts';
export { createCertificateAuthority, createServingCertificate } from './http/secure-server.ts';
export type * from './cluster-options.ts';
export type { Fault, FaultMatch, FaultOptions, FaultRequest, FaultRule, Faults, KubeVerb } from './faults/fault.ts';
export type * from './stand-in.ts';
export { STAND_IN_NAMES, isStandInFile, requireStandIn } from './stand-in.ts';
export type { LogLine, SnapshotLog } from './pod-logs.ts';
export type { PodMatch, PodSimulation, SimulatedPods } from './pods/pod-rule-set.ts';
export type { PodRules } from './pods/pod-rules.ts';
export type { PresentedProcess, PresentOptions } from './present-process.ts';
export type { ClusterSnapshot, SnapshotCollection } from './snapshot.ts';
export type * from './audit-options.ts';
export type { ClusterClock, ManualClock, Timer } from './cluster-clock.ts';
export { createManualClock, systemClusterClock } from './cluster-clock.ts';
export { type FaultMistake, neverHits } from './faults/never-hits.ts';
export { type MovableClock, createMovableClock } from './movable-clock.ts';
export type { Transport, TransportRequest, TransportResponse } from '@typekro/kube';
export { type DryRun, type RefusalCause, openDryRun } from './dry-run.ts';
