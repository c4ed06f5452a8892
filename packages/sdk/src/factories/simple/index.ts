/**
 * Factories with the few arguments that most programs need: each takes one flat object and makes a whole Kubernetes
 * object. The result has typed fields that other parts of a graph can read.
 *
 * @packageDocumentation
 */
export type { CommonConfig } from './common.ts';
export { type ConfigMapConfig, ConfigMap } from './config-map.ts';
export { type DeploymentConfig, Deployment } from './deployment.ts';
export { type IngressBackend, type IngressConfig, type IngressRule, Ingress } from './ingress.ts';
export type * from './kinds.ts';
export type { ContainerPort, EnvSource, EnvValue, EnvVar, PodConfig, Probe, ResourceRequirements } from './pods.ts';
export { type ServiceConfig, type ServicePort, Service } from './service.ts';
export { type HelmChartResource, HelmChart } from './helm-chart.ts';
export { type HpaConfig, type ScaleTarget, Hpa } from './hpa.ts';
export { type NetworkPolicyConfig, NetworkPolicy } from './network-policy.ts';
export { type SecretConfig, Secret } from './secret.ts';
export { type PersistentVolumeConfig, type PvcConfig, PersistentVolume, Pvc } from './storage.ts';
export type { CronJobConfig, DaemonSetConfig, JobConfig, StatefulSetConfig } from './workload-factories.ts';
export { CronJob, DaemonSet, Job, StatefulSet } from './workload-factories.ts';
export { simple } from './simple.ts';
export * from './generated/moved.ts';
