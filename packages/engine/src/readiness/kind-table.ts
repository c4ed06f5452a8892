import type { KubeObject } from '@typekro/kit/core';
import * as cluster from './kinds/cluster.ts';
import { resourceGraphDefinition } from './kinds/graphs.ts';
import { gateway, ingress, gatewayRoute, service } from './kinds/network.ts';
import * as projects from './kinds/projects.ts';
import { persistentVolume, persistentVolumeClaim, volumeAttachment } from './kinds/storage.ts';
import { daemonSet, deployment, job, pod, replicaSet, statefulSet } from './kinds/workloads.ts';
import { type Readiness, current, failed, inProgress } from './verdict.ts';
import { textAt } from '@typekro/kit/kubernetes';

/** The readiness rule of a kind. */
export interface KindRule {
  readonly judge: (object: KubeObject) => Readiness;
  /**
   * Does the controller of the kind write `status.observedGeneration`? If so, an object without the field is not ready.
   */
  readonly observed?: true;
  /**
   * Returns true for an object that no controller reconciles. Such an object is ready as soon as it exists; its status
   * is ignored.
   */
  readonly unattended?: (object: KubeObject) => boolean;
}

/** Kinds without a controller: their objects are ready as soon as they exist. */
const STATIC: KindRule = { judge: () => current() };

/** Maps `Kind.group` (`Kind` for the core group) to the kind's rule. All versions of a kind share one rule. */
export const KIND_TABLE: ReadonlyMap<string, KindRule> = new Map<string, KindRule>([
  ['Deployment.apps', { judge: deployment, observed: true }],
  ['StatefulSet.apps', { judge: statefulSet, observed: true }],
  ['DaemonSet.apps', { judge: daemonSet, observed: true }],
  ['ReplicaSet.apps', { judge: replicaSet, observed: true }],
  ['ReplicationController', { judge: replicaSet, observed: true }],
  ['Pod', { judge: pod }],
  ['Job.batch', { judge: job }],
  ['CronJob.batch', STATIC],
  ['Service', { judge: service }],
  ['Endpoints', { judge: cluster.endpoints }],
  ['Ingress.networking.k8s.io', { judge: ingress }],
  ['Gateway.gateway.networking.k8s.io', { judge: gateway }],
  ['HTTPRoute.gateway.networking.k8s.io', { judge: gatewayRoute }],
  ['GRPCRoute.gateway.networking.k8s.io', { judge: gatewayRoute }],
  ['TLSRoute.gateway.networking.k8s.io', { judge: gatewayRoute }],
  ['TCPRoute.gateway.networking.k8s.io', { judge: gatewayRoute }],
  ['UDPRoute.gateway.networking.k8s.io', { judge: gatewayRoute }],
  ['PersistentVolumeClaim', { judge: persistentVolumeClaim }],
  ['PersistentVolume', { judge: persistentVolume }],
  ['VolumeAttachment.storage.k8s.io', { judge: volumeAttachment }],
  ['Namespace', { judge: cluster.namespace }],
  ['Node', { judge: cluster.node }],
  ['ResourceQuota', { judge: cluster.resourceQuota }],
  ['PodDisruptionBudget.policy', { judge: cluster.podDisruptionBudget, observed: true }],
  ['HorizontalPodAutoscaler.autoscaling', { judge: cluster.horizontalPodAutoscaler }],
  ['CertificateSigningRequest.certificates.k8s.io', { judge: cluster.certificateSigningRequest }],
  ['CustomResourceDefinition.apiextensions.k8s.io', { judge: cluster.customResourceDefinition }],
  ['APIService.apiregistration.k8s.io', { judge: cluster.apiService }],
  ['ResourceGraphDefinition.kro.run', { judge: resourceGraphDefinition }],
  ['Application.argoproj.io', { judge: application }],
  ['CiliumNetworkPolicy.cilium.io', { judge: projects.ciliumPolicy }],
  ['CiliumClusterwideNetworkPolicy.cilium.io', { judge: projects.ciliumPolicy }],
  ['CiliumLoadBalancerIPPool.cilium.io', { judge: projects.ciliumPool }],
  ...['CiliumL2AnnouncementPolicy', 'CiliumBGPClusterConfig', 'CiliumBGPPeerConfig'].map((kind): [string, KindRule] => [
    `${kind}.cilium.io`,
    { judge: projects.ciliumProblems },
  ]),
  ...['Certificate', 'Issuer', 'ClusterIssuer'].map((kind): [string, KindRule] => [
    `${kind}.cert-manager.io`,
    { judge: projects.readyCondition },
  ]),
  ['CertificateRequest.cert-manager.io', { judge: projects.certificateRequest }],
  ['Order.acme.cert-manager.io', { judge: projects.acmeState }],
  ['Challenge.acme.cert-manager.io', { judge: projects.acmeState }],
  ['Cluster.postgresql.cnpg.io', { judge: projects.cnpgCluster }],
  ['Pooler.postgresql.cnpg.io', { judge: projects.cnpgPooler }],
  ['Backup.postgresql.cnpg.io', { judge: projects.cnpgBackup }],
  ['ScheduledBackup.postgresql.cnpg.io', STATIC],
  ['Database.postgresql.cnpg.io', { judge: projects.cnpgDatabase, observed: true }],
  // NACK, the controller of NATS JetStream, reads accounts and never writes their status.
  ['Account.jetstream.nats.io', STATIC],
  ['CephObjectStore.ceph.rook.io', { judge: projects.cephObject }],
  ['CephObjectStoreUser.ceph.rook.io', { judge: projects.cephObject }],
  ['ObjectBucketClaim.objectbucket.io', { judge: projects.objectBucketClaim }],
  ['Valkey.hyperspike.io', { judge: projects.valkey }],
  ['HelmRepository.source.toolkit.fluxcd.io', { judge: projects.helmRepository, unattended: projects.isRegistry }],
]);

/** Argo CD applications are ready when they are healthy and in sync. */
function application(object: KubeObject): Readiness {
  const health = textAt(object, 'status', 'health', 'status');
  const message = textAt(object, 'status', 'health', 'message');
  const sync = textAt(object, 'status', 'sync', 'status');
  const phase = textAt(object, 'status', 'operationState', 'phase');
  if (phase === 'Failed' || phase === 'Error') {
    return failed('SyncFailed', textAt(object, 'status', 'operationState', 'message') || 'the last sync has failed');
  }
  if (health === 'Degraded') return inProgress('Degraded', message || 'the application is degraded');
  if (health !== 'Healthy')
    return inProgress(health || 'NotObserved', message || `health is ${health || 'not known yet'}`);
  return sync === 'Synced'
    ? current('Healthy')
    : inProgress(sync || 'NotSynced', `sync status is ${sync || 'not known yet'}`);
}
