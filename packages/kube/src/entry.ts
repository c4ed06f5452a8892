/**
 * `typekro/kube`: a client for the Kubernetes API. A `Transport` sends requests, a `KubeClient` has the verbs and typed
 * errors, and `LiveSchemas` provides the schemas of a live server. Importing the module loads neither the socket code
 * nor the YAML library. The first connection loads the socket code. A kubeconfig loads the YAML library only if it uses
 * more than the basic syntax of YAML.
 *
 * @packageDocumentation
 */
export type * from './kube-api.ts';
export type { KubeErrorDetails, StatusDetails } from './kube-error.ts';
export { isAborted, isConflict, isNotFound, isUnanswered, KubeError } from './kube-error.ts';
export { type RateLimit, systemClock } from './clock.ts';
export { type KubeClientOptions, KubeClient } from './client.ts';
export { type LoadKubeConfigOptions, loadKubeConfig } from './config/load-kube-config.ts';
export { type Environment, inClusterConfig, isInCluster } from './config/in-cluster.ts';
export { createTransport } from './http/transport.ts';
export type { BackoffPolicy } from '@typekro/kit/core';
export type { DocumentCacheOptions } from './document-cache.ts';
export { type LiveSchemaOptions, type SchemaMeter, LiveSchemas } from './live-schemas.ts';
export { waitForObject } from './wait-for.ts';
