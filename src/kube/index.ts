/**
 * The client for a Kubernetes API: the `Transport` of requests, kubeconfig and in-cluster credentials, verbs and typed
 * errors, discovery, watches, leases, events, and the schema source of a live server. It decides nothing about graphs.
 * An import loads neither sockets nor yaml: the first connection and the first kubeconfig do.
 *
 * @packageDocumentation
 */
export type {
  ApiResource,
  ApplyOptions,
  CallOptions,
  Clock,
  DeleteOptions,
  Discovery,
  Impersonation,
  KubernetesApi,
  ListOptions,
  ObjectList,
  PatchOptions,
  PatchType,
  RawRequest,
  RawResponse,
  RepeatableOptions,
  ResourceType,
  Selection,
  Transport,
  TransportRequest,
  TransportResponse,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  RequestMeter,
  Credentials,
  ExecPlugin,
  KubeConfig,
} from './types.ts';
export type { KubeErrorDetails, StatusDetails } from './error.ts';
export { isAborted, isConflict, isNotFound, isUnanswered, KubeError } from './error.ts';
export { elapsed, pause, systemClock } from './clock.ts';
export type { KubeClientOptions } from './client.ts';
export { KubeClient } from './client.ts';
export type { LoadKubeConfigOptions } from './kubeconfig.ts';
export { loadKubeConfig } from './kubeconfig.ts';
export { inClusterConfig, isInCluster } from './in-cluster.ts';
export { createTransport } from './transport.ts';
export type { BackoffPolicy } from '../core/index.ts';
export type { RateLimit } from './rate-limit.ts';
export type { DocumentCacheOptions } from './document-cache.ts';
export type { LiveSchemaOptions, SchemaMeter } from './live-schemas.ts';
export { LiveSchemas } from './live-schemas.ts';
export type { ElectionOptions, LeaseApi } from './lease.ts';
export { runElection } from './lease.ts';
export type { Candidate, LeaseTimes } from './lease-step.ts';
export { DEFAULT_LEASE_TIMES, renewedLease } from './lease-step.ts';
export type { EventRecorderOptions, ObjectEvent } from './event-recorder.ts';
export { EventRecorder } from './event-recorder.ts';
export { isTimeout, limitOf, withDeadline } from './deadline.ts';
export { waitForObject } from './wait-for.ts';
export type { ReadCauses } from './read-causes.ts';
export { readCauses } from './read-causes.ts';
