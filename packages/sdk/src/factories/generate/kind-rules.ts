import type { ReadinessRule } from './kind-plan.ts';

/** The rule of kinds that are ready as soon as they exist. */
export const EXISTS: ReadinessRule = { words: 'it exists' };

/** CEL that is true when the controller of an object has observed the newest generation. */
export const OBSERVED = 'self.?status.?observedGeneration.orValue(0) >= self.metadata.?generation.orValue(0)';

/** CEL for the conditions of an object; an empty list when the object has none yet. */
export const CONDITIONS = 'self.?status.?conditions.orValue([])';

const isTrue = (type: string) => `${CONDITIONS}.exists(c, c.type == ${JSON.stringify(type)} && c.status == "True")`;

/**
 * CEL that is true when the status of condition `c` is True and the condition was not written for an earlier generation
 * of the object.
 */
const TRUE_NOW =
  'c.status == "True" && c.?observedGeneration.orValue(self.metadata.?generation.orValue(0)) >= self.metadata.?generation.orValue(0)';

const isTrueNow = (type: string) => `${CONDITIONS}.exists(c, c.type == ${JSON.stringify(type)} && ${TRUE_NOW})`;

/** The rule of a kind that is ready when a condition is True. */
export const byCondition = (type: string): ReadinessRule => ({
  cel: isTrue(type),
  words: `condition \`${type}\` is True`,
});

const phase = (...phases: readonly string[]): ReadinessRule => ({
  cel: phases.map((name) => `self.?status.?phase.orValue("") == ${JSON.stringify(name)}`).join(' || '),
  words: `its phase is ${phases.join(' or ')}`,
});

const status = (name: string) => `self.?status.?${name}.orValue(0)`;
const REPLICAS = 'self.spec.?replicas.orValue(1)';

const WORKLOADS: readonly [string, ReadinessRule][] = [
  [
    'Deployment.apps',
    {
      cel: `${OBSERVED} && ${status('updatedReplicas')} >= ${REPLICAS} && ${status('replicas')} <= ${status('updatedReplicas')} && ${status('availableReplicas')} >= ${REPLICAS}`,
      words: 'all replicas are available and of the newest revision, and no replica of an older revision is left',
    },
  ],
  [
    'StatefulSet.apps',
    {
      cel: `${OBSERVED} && ${status('readyReplicas')} >= ${REPLICAS} && (self.spec.?updateStrategy.?type.orValue("") == "OnDelete" || ${status('updatedReplicas')} >= ${REPLICAS} - self.spec.?updateStrategy.?rollingUpdate.?partition.orValue(0))`,
      words: 'all replicas are ready, and the replicas that its strategy updates are of the newest revision',
    },
  ],
  [
    'DaemonSet.apps',
    {
      cel: `${OBSERVED} && (self.spec.?updateStrategy.?type.orValue("") == "OnDelete" || ${status('updatedNumberScheduled')} >= ${status('desiredNumberScheduled')}) && ${status('numberAvailable')} >= ${status('desiredNumberScheduled')}`,
      words: 'the pods of all nodes are available, and with a rolling update also of the newest revision',
    },
  ],
  ...['ReplicaSet.apps', 'ReplicationController'].map((kind): [string, ReadinessRule] => [
    kind,
    {
      cel: `${OBSERVED} && ${status('availableReplicas')} >= ${REPLICAS} && ${status('replicas')} <= ${REPLICAS}`,
      words: 'the desired number of replicas is available, and no other replica is left',
    },
  ]),
  [
    'Pod',
    {
      cel: `self.?status.?phase.orValue("") == "Succeeded" || self.?status.?phase.orValue("") == "Running" && ${isTrue('Ready')}`,
      words: 'it has succeeded, or it runs and condition `Ready` is True',
    },
  ],
  ['Job.batch', byCondition('Complete')],
];

const CLUSTER: readonly [string, ReadinessRule][] = [
  ['Namespace', phase('Active')],
  ['Node', byCondition('Ready')],
  ['PersistentVolumeClaim', phase('Bound')],
  ['PersistentVolume', phase('Available', 'Bound')],
  [
    'VolumeAttachment.storage.k8s.io',
    { cel: 'self.?status.?attached.orValue(false)', words: 'the volume is attached' },
  ],
  ['ResourceQuota', { cel: 'has(self.status) && has(self.status.hard)', words: 'its status has the limits' }],
  [
    'CertificateSigningRequest.certificates.k8s.io',
    { cel: 'has(self.status) && has(self.status.certificate)', words: 'the certificate is issued' },
  ],
  [
    'HorizontalPodAutoscaler.autoscaling',
    {
      cel: 'has(self.status) && (has(self.status.currentReplicas) || has(self.status.desiredReplicas))',
      words: 'its status has the replicas of the target',
    },
  ],
  [
    'PodDisruptionBudget.policy',
    {
      cel: `${OBSERVED} && (${status('expectedPods')} == 0 || ${status('currentHealthy')} >= ${status('desiredHealthy')})`,
      words: 'the required number of pods is healthy',
    },
  ],
  ['CustomResourceDefinition.apiextensions.k8s.io', byCondition('Established')],
  ['APIService.apiregistration.k8s.io', byCondition('Available')],
];

const NETWORK: readonly [string, ReadinessRule][] = [
  [
    'Service',
    {
      cel: 'self.spec.?type.orValue("ClusterIP") != "LoadBalancer" || self.?status.?loadBalancer.?ingress.orValue([]).exists(a, a.?ip.orValue("") != "" || a.?hostname.orValue("") != "")',
      words: 'it has an address, if it is a load balancer',
    },
  ],
  [
    'Endpoints',
    { cel: 'self.?subsets.orValue([]).exists(s, s.?addresses.orValue([]).size() > 0)', words: 'it has an address' },
  ],
  [
    'Gateway.gateway.networking.k8s.io',
    {
      cel: `${isTrueNow('Accepted')} && ${isTrueNow('Programmed')}`,
      words: 'conditions `Accepted` and `Programmed` are True',
    },
  ],
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind): [string, ReadinessRule] => [
    `${kind}.gateway.networking.k8s.io`,
    {
      cel: `self.?status.?parents.orValue([]).size() > 0 && self.status.parents.all(p, p.?conditions.orValue([]).all(c, !(c.type in ["Accepted", "ResolvedRefs"]) || ${TRUE_NOW}))`,
      words:
        'at least one gateway has reported on it, and no condition says that a gateway refuses it or cannot resolve its references',
    },
  ]),
];

const PROJECTS: readonly [string, ReadinessRule][] = [
  [
    'HelmRepository.source.toolkit.fluxcd.io',
    {
      cel: `self.spec.?type.orValue("") == "oci" || ${isTrue('Ready')}`,
      words: 'condition `Ready` is True; for an OCI registry, when it exists',
    },
  ],
  [
    'ResourceGraphDefinition.kro.run',
    {
      cel: `self.?status.?state.orValue("") == "Active" && ${isTrue('Ready')}`,
      words: 'its state is Active and condition `Ready` is True',
    },
  ],
  [
    'Application.argoproj.io',
    {
      cel: 'self.?status.?sync.?status.orValue("") == "Synced" && self.?status.?health.?status.orValue("") == "Healthy"',
      words: 'it is Synced and Healthy',
    },
  ],
  ...['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].map((kind): [string, ReadinessRule] => [
    `${kind}.cilium.io`,
    {
      cel: `!${CONDITIONS}.exists(c, c.type == "Valid" && c.status == "False")`,
      words: 'condition `Valid` is not False',
    },
  ]),
  [
    'CiliumLoadBalancerIPPool.cilium.io',
    { cel: `!${isTrue('cilium.io/PoolConflict')}`, words: 'it does not conflict with another pool' },
  ],
  ...['CiliumL2AnnouncementPolicy', 'CiliumBGPClusterConfig', 'CiliumBGPPeerConfig'].map(
    (kind): [string, ReadinessRule] => [`${kind}.cilium.io`, EXISTS],
  ),
  ...['Certificate', 'Issuer', 'ClusterIssuer'].map((kind): [string, ReadinessRule] => [
    `${kind}.cert-manager.io`,
    byCondition('Ready'),
  ]),
  ['CertificateRequest.cert-manager.io', byCondition('Ready')],
  ...['Order', 'Challenge'].map((kind): [string, ReadinessRule] => [
    `${kind}.acme.cert-manager.io`,
    { cel: 'self.?status.?state.orValue("") == "valid"', words: 'its state is valid' },
  ]),
  [
    'Cluster.postgresql.cnpg.io',
    {
      cel: `self.?status.?phase.orValue("") == "Cluster in healthy state" && ${status('readyInstances')} >= self.spec.?instances.orValue(1)`,
      words: 'its phase is `Cluster in healthy state` and the desired number of instances is ready',
    },
  ],
  [
    'Pooler.postgresql.cnpg.io',
    {
      cel: `${status('instances')} >= self.spec.?instances.orValue(1)`,
      words: 'it has the desired number of instances',
    },
  ],
  ['Backup.postgresql.cnpg.io', phase('completed')],
  ['ScheduledBackup.postgresql.cnpg.io', EXISTS],
  [
    'Database.postgresql.cnpg.io',
    {
      cel: `${OBSERVED} && self.?status.?applied.orValue(false)`,
      words: 'its operator has applied the newest generation',
    },
  ],
  ['Account.jetstream.nats.io', EXISTS],
  ['CephObjectStore.ceph.rook.io', phase('Ready', 'Connected')],
  ['CephObjectStoreUser.ceph.rook.io', phase('Ready', 'Connected')],
  ['ObjectBucketClaim.objectbucket.io', phase('Bound')],
  ['Valkey.hyperspike.io', { cel: 'self.?status.?ready.orValue(false)', words: '`status.ready` is true' }],
];

/**
 * Maps `Kind.group` (`Kind` for the core group) to the readiness rule of the kind. Each rule expresses the result of
 * `readinessOf` in CEL. A kind without an entry has one of the general rules: the object exists, a condition is True,
 * or the controller has observed the newest generation.
 */
export const KIND_RULES: ReadonlyMap<string, ReadinessRule> = new Map([
  ...WORKLOADS,
  ...CLUSTER,
  ...NETWORK,
  ...PROJECTS,
]);
