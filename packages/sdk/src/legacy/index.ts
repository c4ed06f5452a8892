/**
 * The entry point for programs that were written for TypeKro 0.33: all exports of `typekro`, the factories and the
 * namespaces of projects that the root of 0.33 exported, and the types of 0.33 under their old names. In such a
 * program, replace `from 'typekro'` with `from 'typekro/compat'`. New programs import from `typekro` and its other
 * entry points.
 *
 * @packageDocumentation
 */
import * as root from '../index.ts';
import type { ExternalReference, Manifest, ResourceOptions } from '../compose/index.ts';
import type { Enhanced } from './legacy-types.ts';

export * from '../index.ts';
export {
  certificateSigningRequest,
  clusterRole,
  clusterRoleBinding,
  componentStatus,
  configMap,
  cronJob,
  csiDriver,
  csiNode,
  customResource,
  customResourceDefinition,
  daemonSet,
  deployment,
  endpointSlice,
  endpoints,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  ingress,
  ingressClass,
  job,
  lease,
  limitRange,
  mutatingWebhookConfiguration,
  namespace,
  networkPolicy,
  node,
  persistentVolume,
  persistentVolumeClaim,
  pod,
  podDisruptionBudget,
  priorityClass,
  replicaSet,
  replicationController,
  resourceQuota,
  role,
  roleBinding,
  runtimeClass,
  secret,
  service,
  serviceAccount,
  statefulSet,
  storageClass,
  validatingWebhookConfiguration,
  volumeAttachment,
} from '../factories/kubernetes/index.ts';
export {
  helmRelease,
  helmReleaseReadinessEvaluator,
  helmRepository,
  simpleHelmChart,
} from '../factories/helm/index.ts';
export { gitRepository, kustomization, kustomizationReadinessEvaluator } from '../factories/flux/index.ts';
export { kroCustomResource, kroCustomResourceDefinition, resourceGraphDefinition } from '../factories/kro/index.ts';
export { ciliumClusterwideNetworkPolicy, ciliumNetworkPolicy } from '../factories/cilium/index.ts';
export * as certManager from '../factories/cert-manager/index.ts';
export * as externalDns from '../factories/external-dns/index.ts';
export * as nats from '../factories/nats/index.ts';
export * as ory from '../factories/ory/index.ts';
export * as rook from '../factories/rook/index.ts';
export * from './generated/moved.ts';
export type * from './legacy-types.ts';

/** `externalRef` of `typekro`, with the types of spec and status as type arguments, which older programs pass. */
export const externalRef = root.externalRef as unknown as <
  Spec extends object = Record<string, unknown>,
  Status extends object = Record<string, unknown>,
>(
  apiVersion: string | ExternalReference,
  kind?: string,
  name?: string,
  namespace?: string,
) => Enhanced<Spec, Status>;

/** `createResource` of `typekro`, with the types of spec and status as type arguments, which older programs pass. */
export const createResource = root.createResource as unknown as <
  Spec extends object = Record<string, unknown>,
  Status extends object = Record<string, unknown>,
>(
  manifest: Manifest,
  options?: ResourceOptions,
) => Enhanced<Spec, Status>;
