import { describe, expect, test } from 'vitest';
import { DYN, kroEnvironment } from '@typekro/cel';
import type { KubeObject } from '@typekro/kit/core';
import { readinessOf } from '@typekro/engine/readiness';
import { KIND_RULES } from './kind-rules.ts';

const environment = kroEnvironment({ variables: { self: DYN } });

function verdict(cel: string, self: KubeObject): unknown {
  const compiled = environment.compile(cel);
  if (!compiled.ok) throw new Error(`${cel}: ${compiled.text}`);
  const result = compiled.program.evaluate({ self });
  return result.ok ? result.value : result.error.message;
}

const condition = (type: string, status: string) => ({ type, status, reason: '', message: '' });

/** A condition with status True and this `observedGeneration`. */
const observed = (type: string, observedGeneration: number) => ({ ...condition(type, 'True'), observedGeneration });

/** Samples of the kinds that have a rule. Each kind has ready and unready samples. */
const SAMPLES: Readonly<Record<string, readonly { readonly spec?: object; readonly status?: object }[]>> = {
  'Deployment.apps': [
    { spec: { replicas: 2 } },
    {
      spec: { replicas: 2 },
      status: { observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 },
    },
    {
      spec: { replicas: 2 },
      status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1, readyReplicas: 1 },
    },
    {
      spec: { replicas: 2 },
      status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 },
    },
    {
      spec: {},
      status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
    },
    { spec: { replicas: 0 }, status: { observedGeneration: 2 } },
  ],
  'StatefulSet.apps': [
    { spec: { replicas: 2 } },
    { spec: { replicas: 2 }, status: { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 1 } },
    { spec: { replicas: 2 }, status: { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2 } },
    {
      spec: { replicas: 2, updateStrategy: { type: 'OnDelete' } },
      status: { observedGeneration: 2, readyReplicas: 2 },
    },
    {
      spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      status: { observedGeneration: 2, readyReplicas: 3, updatedReplicas: 1 },
    },
  ],
  'DaemonSet.apps': [
    { spec: {} },
    {
      spec: {},
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 1,
        numberAvailable: 2,
        numberReady: 2,
      },
    },
    {
      spec: {},
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
        numberReady: 2,
      },
    },
  ],
  'ReplicaSet.apps': [
    { spec: {} },
    { spec: { replicas: 1 }, status: { observedGeneration: 2, replicas: 2, availableReplicas: 2 } },
    { spec: { replicas: 1 }, status: { observedGeneration: 2, replicas: 1, availableReplicas: 1 } },
  ],
  Pod: [
    { spec: {} },
    { status: { phase: 'Running', conditions: [condition('Ready', 'False')] } },
    { status: { phase: 'Running', conditions: [condition('Ready', 'True')] } },
    { status: { phase: 'Succeeded' } },
  ],
  'Job.batch': [{ status: { active: 1 } }, { status: { conditions: [condition('Complete', 'True')] } }],
  Namespace: [{}, { status: { phase: 'Terminating' } }, { status: { phase: 'Active' } }],
  Node: [
    {},
    { status: { conditions: [condition('Ready', 'Unknown')] } },
    { status: { conditions: [condition('Ready', 'True')] } },
  ],
  PersistentVolumeClaim: [{}, { status: { phase: 'Pending' } }, { status: { phase: 'Bound' } }],
  PersistentVolume: [
    { status: { phase: 'Failed' } },
    { status: { phase: 'Available' } },
    { status: { phase: 'Bound' } },
  ],
  'VolumeAttachment.storage.k8s.io': [{}, { status: { attached: false } }, { status: { attached: true } }],
  ResourceQuota: [{}, { status: {} }, { status: { hard: { pods: '1' } } }],
  'CertificateSigningRequest.certificates.k8s.io': [
    {},
    { status: { conditions: [condition('Approved', 'True')] } },
    { status: { certificate: 'eA==' } },
  ],
  'HorizontalPodAutoscaler.autoscaling': [{}, { status: { currentReplicas: 1, desiredReplicas: 1 } }],
  'PodDisruptionBudget.policy': [
    {},
    { status: { observedGeneration: 2, expectedPods: 2, currentHealthy: 1, desiredHealthy: 2 } },
    { status: { observedGeneration: 2, expectedPods: 2, currentHealthy: 2, desiredHealthy: 2 } },
    { status: { observedGeneration: 2, expectedPods: 0, currentHealthy: 0, desiredHealthy: 0 } },
  ],
  'CustomResourceDefinition.apiextensions.k8s.io': [{}, { status: { conditions: [condition('Established', 'True')] } }],
  'APIService.apiregistration.k8s.io': [{}, { status: { conditions: [condition('Available', 'True')] } }],
  Service: [
    { spec: {} },
    { spec: { type: 'LoadBalancer' } },
    { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{ hostname: 'a.example.com' }] } } },
  ],
  'Gateway.gateway.networking.k8s.io': [
    {},
    { status: { conditions: [condition('Accepted', 'True')] } },
    { status: { conditions: [condition('Accepted', 'True'), condition('Programmed', 'True')] } },
    { status: { conditions: [observed('Accepted', 2), observed('Programmed', 1)] } },
    { status: { conditions: [observed('Accepted', 2), observed('Programmed', 2)] } },
  ],
  'HTTPRoute.gateway.networking.k8s.io': [
    {},
    { status: { parents: [{ conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', 'False')] }] } },
    { status: { parents: [{ conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')] }] } },
    { status: { parents: [{ conditions: [observed('Accepted', 1)] }] } },
    { status: { parents: [{ conditions: [observed('Accepted', 2)] }] } },
  ],
  'ResourceGraphDefinition.kro.run': [
    {},
    { status: { state: 'Inactive', conditions: [condition('Ready', 'True')] } },
    { status: { state: 'Active', conditions: [condition('Ready', 'True')] } },
  ],
  'HelmRepository.source.toolkit.fluxcd.io': [
    { spec: {} },
    { spec: { type: 'oci' }, status: { observedGeneration: -1 } },
    { spec: {}, status: { observedGeneration: 2, conditions: [condition('Ready', 'True')] } },
  ],
  'Application.argoproj.io': [
    {},
    { status: { sync: { status: 'OutOfSync' }, health: { status: 'Healthy' } } },
    { status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } } },
  ],
  ...Object.fromEntries(
    ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].map((kind) => [
      `${kind}.cilium.io`,
      [
        {},
        { status: { conditions: [condition('Valid', 'True')] } },
        { status: { conditions: [condition('Valid', 'False')] } },
      ],
    ]),
  ),
  'CiliumLoadBalancerIPPool.cilium.io': [
    {},
    { status: { conditions: [condition('cilium.io/PoolConflict', 'True')] } },
    { status: { conditions: [condition('cilium.io/PoolConflict', 'False')] } },
  ],
  ...Object.fromEntries(
    ['CephObjectStore', 'CephObjectStoreUser'].map((kind) => [
      `${kind}.ceph.rook.io`,
      [{}, { status: { phase: 'Progressing' } }, { status: { phase: 'Ready' } }, { status: { phase: 'Connected' } }],
    ]),
  ),
  ...Object.fromEntries(
    ['Certificate', 'Issuer', 'ClusterIssuer', 'CertificateRequest'].map((kind) => [
      `${kind}.cert-manager.io`,
      [
        {},
        { status: { conditions: [condition('Issuing', 'True')] } },
        { status: { conditions: [condition('Ready', 'False')] } },
        { status: { conditions: [condition('Ready', 'True')] } },
      ],
    ]),
  ),
  ...Object.fromEntries(
    ['Order', 'Challenge'].map((kind) => [
      `${kind}.acme.cert-manager.io`,
      [{}, { status: { state: 'pending' } }, { status: { state: 'invalid' } }, { status: { state: 'valid' } }],
    ]),
  ),
  'Cluster.postgresql.cnpg.io': [
    { spec: { instances: 3 } },
    { spec: { instances: 3 }, status: { phase: 'Setting up primary', readyInstances: 0 } },
    { spec: { instances: 3 }, status: { phase: 'Cluster in healthy state', readyInstances: 2 } },
    { spec: { instances: 3 }, status: { phase: 'Cluster in healthy state', readyInstances: 3 } },
    { spec: {}, status: { phase: 'Cluster in healthy state', readyInstances: 1 } },
  ],
  'Pooler.postgresql.cnpg.io': [
    { spec: { instances: 2 } },
    { spec: { instances: 2 }, status: { instances: 1 } },
    { spec: { instances: 2 }, status: { instances: 2 } },
  ],
  'Backup.postgresql.cnpg.io': [
    {},
    { status: { phase: 'started' } },
    { status: { phase: 'failed' } },
    { status: { phase: 'completed' } },
  ],
  'Database.postgresql.cnpg.io': [
    {},
    { status: { observedGeneration: 1, applied: true } },
    { status: { observedGeneration: 2, applied: false, message: 'no such role' } },
    { status: { observedGeneration: 2, applied: true } },
  ],
  'ObjectBucketClaim.objectbucket.io': [{}, { status: { phase: 'Failed' } }, { status: { phase: 'Bound' } }],
  'Valkey.hyperspike.io': [{}, { status: { ready: false } }, { status: { ready: true } }],
};

const cases = Object.entries(SAMPLES).flatMap(([kind, samples]) =>
  samples.map((sample, index) => ({ kind, index, sample })),
);

describe('the CEL rule of a kind gives the same result as the readiness table', () => {
  test.each(cases)('$kind, sample $index', ({ kind, sample }) => {
    const [name = '', ...group] = kind.split('.');
    const object: KubeObject = {
      apiVersion: group.length === 0 ? 'v1' : `${group.join('.')}/v1`,
      kind: name,
      metadata: { name: 'x', generation: 2 },
      ...(sample as object),
    };
    expect(verdict(KIND_RULES.get(kind)?.cel ?? '', object)).toBe(readinessOf(object).ready);
  });

  test('the samples of each kind contain a ready and an unready object', () => {
    const ready = (kind: string, sample: object) => {
      const [name = '', ...group] = kind.split('.');
      const apiVersion = group.length === 0 ? 'v1' : `${group.join('.')}/v1`;
      return readinessOf({ apiVersion, kind: name, metadata: { generation: 2 }, ...sample }).ready;
    };
    for (const [kind, samples] of Object.entries(SAMPLES)) {
      expect([kind, new Set(samples.map((sample) => ready(kind, sample))).size]).toEqual([kind, 2]);
    }
  });
});

test.each([...KIND_RULES].map(([kind, rule]) => [kind, rule.cel] as const))('the rule of %s compiles', (_, cel) => {
  expect(environment.compile(cel ?? 'true')).toMatchObject({ ok: true });
});
