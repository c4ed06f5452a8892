/**
 * Factories with the few arguments that most programs need: one flat object makes a whole Kubernetes
 * object, typed for what other parts of a graph read of it.
 *
 * @packageDocumentation
 */
export type { CommonConfig } from './common.ts';
export type { ConfigMapConfig } from './config-map.ts';
export { ConfigMap } from './config-map.ts';
export type { DeploymentConfig } from './deployment.ts';
export { Deployment } from './deployment.ts';
export type { IngressBackend, IngressConfig, IngressRule } from './ingress.ts';
export { Ingress } from './ingress.ts';
export type {
  Condition,
  ConfigMapResource,
  ContainerFields,
  CronJobResource,
  DaemonSetResource,
  DeploymentResource,
  HpaResource,
  IngressAddress,
  IngressResource,
  JobResource,
  NetworkPolicyResource,
  PersistentVolumeResource,
  PodTemplateFields,
  PvcResource,
  SecretResource,
  ServiceResource,
  StatefulSetResource,
} from './kinds.ts';
export type { ContainerPort, EnvValue, EnvVar, PodConfig, Probe, ResourceRequirements } from './pods.ts';
export type { ServiceConfig, ServicePort } from './service.ts';
export { Service } from './service.ts';
