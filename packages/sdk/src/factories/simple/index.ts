/**
 * Factories with the few arguments that most programs need: each takes one flat object and makes a whole Kubernetes
 * object. The result has typed fields that other parts of a graph can read.
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
export type * from './kinds.ts';
export type { ContainerPort, EnvSource, EnvValue, EnvVar, PodConfig, Probe, ResourceRequirements } from './pods.ts';
export type { ServiceConfig, ServicePort } from './service.ts';
export { Service } from './service.ts';
export type { HelmChartResource } from './helm-chart.ts';
export { HelmChart } from './helm-chart.ts';
export type { HpaConfig, ScaleTarget } from './hpa.ts';
export { Hpa } from './hpa.ts';
export type { NetworkPolicyConfig } from './network-policy.ts';
export { NetworkPolicy } from './network-policy.ts';
export type { SecretConfig } from './secret.ts';
export { Secret } from './secret.ts';
export type { PersistentVolumeConfig, PvcConfig } from './storage.ts';
export { PersistentVolume, Pvc } from './storage.ts';
export type { CronJobConfig, DaemonSetConfig, JobConfig, StatefulSetConfig } from './workload-factories.ts';
export { CronJob, DaemonSet, Job, StatefulSet } from './workload-factories.ts';
export { simple } from './simple.ts';
export * from './generated/moved.ts';
