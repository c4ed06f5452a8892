import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';
import { readinessOf, StatusReport } from './index.ts';

/** Parses an object. Its name is `x` if the YAML has none. */
function object(yaml: string): KubeObject {
  const [document] = parseAllDocuments(yaml);
  if (document === undefined) throw new Error('no YAML document');
  const parsed = document.toJS() as KubeObject;
  return { ...parsed, metadata: { name: 'x', ...parsed.metadata } };
}

type Row = readonly [name: string, yaml: string, state: string, reason: string, message?: string];

function check(rows: readonly Row[]) {
  for (const [name, yaml, state, reason, message] of rows) {
    test(name, () => {
      const verdict = readinessOf(object(yaml));
      expect([verdict.state, verdict.reason]).toEqual([state, reason]);
      expect(verdict.ready).toBe(state === 'current');
      expect(verdict.failed).toBe(state === 'failed');
      expect(verdict.message).toContain(message ?? '');
    });
  }
}

describe('rules for every kind', () => {
  check([
    [
      'an object being deleted is terminating and names its finalizers',
      `{apiVersion: v1, kind: ConfigMap, metadata: {deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [a/b]}}`,
      'terminating',
      'Terminating',
      'held by finalizers a/b',
    ],
    [
      'an object being deleted is terminating even without finalizers, for every kind',
      `{apiVersion: batch/v1, kind: CronJob, metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}}`,
      'terminating',
      'Terminating',
    ],
    ['an object without status is ready', `{apiVersion: v1, kind: ConfigMap}`, 'current', 'Ready'],
    [
      'an object whose newest generation is not observed is in progress',
      `{apiVersion: x.io/v1, kind: Thing, metadata: {generation: 3}, status: {observedGeneration: 2}}`,
      'inProgress',
      'NotObserved',
      'generation 3',
    ],
    [
      'Stalled is a failure',
      `{apiVersion: x.io/v1, kind: Thing, status: {conditions: [{type: Stalled, status: "True", reason: Bad, message: gone}]}}`,
      'failed',
      'Bad',
      'gone',
    ],
    [
      'Reconciling means in progress, even if Ready is True',
      `{apiVersion: x.io/v1, kind: Thing, status: {conditions: [{type: Ready, status: "True"}, {type: Reconciling, status: "True", reason: Progressing}]}}`,
      'inProgress',
      'Progressing',
    ],
    [
      'an object whose kind is named like a member of Object.prototype has no special rule',
      `{apiVersion: x.io/v1, kind: constructor, status: {}}`,
      'current',
      'Ready',
    ],
    [
      'a status that is not an object counts as absent',
      `{apiVersion: apps/v1, kind: Deployment, status: 3}`,
      'inProgress',
      'Updating',
    ],
  ]);
});

describe('workloads', () => {
  check([
    [
      'a Deployment with all replicas available',
      `{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, conditions: [{type: Available, status: "True"}]}}`,
      'current',
      'Ready',
    ],
    [
      'a Deployment that was just created',
      `{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}}`,
      'inProgress',
      'NotObserved',
    ],
    [
      'a Deployment scaled to zero',
      `{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}, status: {observedGeneration: 1}}`,
      'current',
      'Ready',
    ],
    [
      'a Deployment without spec.replicas wants one replica',
      `{apiVersion: apps/v1, kind: Deployment, spec: {}, status: {}}`,
      'inProgress',
      'Updating',
      '0 of 1',
    ],
    [
      'a Deployment in the middle of a rollout',
      `{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {replicas: 3, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3}}`,
      'inProgress',
      'Updating',
      '1 of 3 replicas are of the old version',
    ],
    [
      'a Deployment whose pods are not available',
      `{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {replicas: 2, updatedReplicas: 2, availableReplicas: 1}}`,
      'inProgress',
      'Unavailable',
      '1 of 2',
    ],
    [
      'a Deployment that may not create pods says why',
      `{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 1}, status: {conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate, message: exceeded quota}]}}`,
      'inProgress',
      'Updating',
      'exceeded quota',
    ],
    [
      'a Deployment past its deadline has failed',
      `{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 1}, status: {conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: timed out}]}}`,
      'failed',
      'ProgressDeadlineExceeded',
      'timed out',
    ],
    [
      'a StatefulSet with all replicas of the new revision',
      `{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}, status: {readyReplicas: 2, updatedReplicas: 2, currentRevision: a, updateRevision: a}}`,
      'current',
      'Ready',
    ],
    [
      'a StatefulSet whose partition excludes the pods with lower ordinals from the update',
      `{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`,
      'current',
      'Ready',
    ],
    [
      'a StatefulSet between revisions',
      `{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1}, status: {readyReplicas: 1, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`,
      'inProgress',
      'Updating',
      'revision b',
    ],
    [
      'a StatefulSet with the strategy OnDelete needs only ready replicas',
      `{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status: {readyReplicas: 1, currentRevision: a, updateRevision: b}}`,
      'current',
      'Ready',
    ],
    [
      'a DaemonSet on no node',
      `{apiVersion: apps/v1, kind: DaemonSet, status: {desiredNumberScheduled: 0, observedGeneration: 1}}`,
      'current',
      'Ready',
    ],
    [
      'a DaemonSet that misses a node',
      `{apiVersion: apps/v1, kind: DaemonSet, status: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}}`,
      'inProgress',
      'Unavailable',
      '1 of 2',
    ],
    [
      'a ReplicaSet with too many pods',
      `{apiVersion: apps/v1, kind: ReplicaSet, spec: {replicas: 1}, status: {replicas: 2, availableReplicas: 2}}`,
      'inProgress',
      'ScalingDown',
    ],
    [
      'a running Pod',
      `{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`,
      'current',
      'Ready',
    ],
    ['a finished Pod', `{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}`, 'current', 'Completed'],
    [
      'a failed Pod',
      `{apiVersion: v1, kind: Pod, status: {phase: Failed, message: evicted}}`,
      'failed',
      'Failed',
      'evicted',
    ],
    [
      'a Pod whose image cannot be pulled',
      `{apiVersion: v1, kind: Pod, status: {phase: Pending, containerStatuses: [{name: web, state: {waiting: {reason: ImagePullBackOff}}}]}}`,
      'inProgress',
      'ImagePullBackOff',
      'container web',
    ],
    [
      'a Pod that fits on no node',
      `{apiVersion: v1, kind: Pod, status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: no nodes}]}}`,
      'inProgress',
      'Unschedulable',
      'no nodes',
    ],
    [
      'a running Job',
      `{apiVersion: batch/v1, kind: Job, spec: {completions: 3}, status: {succeeded: 1}}`,
      'inProgress',
      'Running',
      '1 of 3',
    ],
    [
      'a complete Job',
      `{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: "True"}]}}`,
      'current',
      'Completed',
    ],
    [
      'a failed Job',
      `{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded}]}}`,
      'failed',
      'JobFailed',
      'BackoffLimitExceeded',
    ],
    ['a CronJob', `{apiVersion: batch/v1, kind: CronJob, metadata: {generation: 1}}`, 'current', 'Ready'],
  ]);
});

describe('network, storage and cluster kinds', () => {
  check([
    ['a ClusterIP Service', `{apiVersion: v1, kind: Service, spec: {type: ClusterIP}}`, 'current', 'Ready'],
    [
      'a load balancer without address',
      `{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}}`,
      'inProgress',
      'NoAddress',
    ],
    [
      'a load balancer with address',
      `{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{hostname: a.b}]}}}`,
      'current',
      'Ready',
    ],
    [
      'an Ingress without an address is ready, because its controller may publish none',
      `{apiVersion: networking.k8s.io/v1, kind: Ingress}`,
      'current',
      'NoAddress',
    ],
    [
      'a Gateway that is not programmed',
      `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, status: {conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "False", reason: AddressNotAssigned}]}}`,
      'inProgress',
      'AddressNotAssigned',
    ],
    [
      'a route that its gateway refuses',
      `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, status: {parents: [{conditions: [{type: Accepted, status: "False", reason: NoMatchingParent}]}]}}`,
      'inProgress',
      'NoMatchingParent',
    ],
    [
      'a claim that waits',
      `{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Pending}}`,
      'inProgress',
      'Pending',
    ],
    ['a bound claim', `{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Bound}}`, 'current', 'Bound'],
    ['a lost claim', `{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Lost}}`, 'failed', 'Lost'],
    ['a namespace', `{apiVersion: v1, kind: Namespace, status: {phase: Active}}`, 'current', 'Active'],
    [
      'a CRD whose names are taken',
      `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: NamesAccepted, status: "False", reason: ListKindConflict}]}}`,
      'failed',
      'NamesNotAccepted',
    ],
    [
      'an established CRD that belongs to a definition',
      `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {labels: {kro.run/resource-graph-definition-name: a}}, status: {conditions: [{type: Established, status: "True"}]}}`,
      'current',
      'Ready',
    ],
    [
      'an autoscaler without metrics is ready',
      `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {currentReplicas: 1, conditions: [{type: AbleToScale, status: "True"}, {type: ScalingActive, status: "False"}]}}`,
      'current',
      'Ready',
    ],
    [
      'a disruption budget below its minimum',
      `{apiVersion: policy/v1, kind: PodDisruptionBudget, status: {observedGeneration: 1, expectedPods: 2, desiredHealthy: 2, currentHealthy: 1}}`,
      'inProgress',
      'TooFewHealthyPods',
    ],
    [
      'a denied signing request',
      `{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, status: {conditions: [{type: Denied, status: "True", reason: No}]}}`,
      'failed',
      'Denied',
    ],
  ]);
});

describe('custom resources', () => {
  check([
    [
      'Ready=True',
      `{apiVersion: cert-manager.io/v1, kind: Certificate, status: {conditions: [{type: Ready, status: "True", reason: Issued}]}}`,
      'current',
      'Issued',
    ],
    [
      'Ready=False says why',
      `{apiVersion: cert-manager.io/v1, kind: Certificate, status: {conditions: [{type: Ready, status: "False", reason: DoesNotExist, message: secret is missing}]}}`,
      'inProgress',
      'DoesNotExist',
      'secret is missing',
    ],
    [
      'a Ready condition of an older generation does not count',
      `{apiVersion: x.io/v1, kind: Thing, metadata: {generation: 2}, status: {conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`,
      'inProgress',
      'NotObserved',
    ],
    [
      'Failed=True',
      `{apiVersion: x.io/v1, kind: Thing, status: {conditions: [{type: Failed, status: "True", reason: Broken}]}}`,
      'failed',
      'Broken',
    ],
    [
      'without Ready, Available decides',
      `{apiVersion: x.io/v1, kind: Thing, status: {conditions: [{type: Available, status: "False"}]}}`,
      'inProgress',
      'NotReady',
    ],
    [
      'a definition that is not accepted',
      `{apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: {generation: 1}, status: {state: Inactive, conditions: [{type: GraphAccepted, status: "False", reason: InvalidResourceGraph, message: cycle, observedGeneration: 1}]}}`,
      'failed',
      'InvalidResourceGraph',
      'cycle',
    ],
    [
      'an active definition',
      `{apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: {generation: 2}, status: {state: Active, conditions: [{type: Ready, status: "True", observedGeneration: 2}]}}`,
      'current',
      'Active',
    ],
    [
      'an instance that no controller has observed',
      `{apiVersion: kro.run/v1alpha1, kind: WebApp}`,
      'inProgress',
      'NotObserved',
    ],
    [
      'an active instance of another group',
      `{apiVersion: acme.io/v1, kind: WebApp, metadata: {generation: 1, labels: {kro.run/resource-graph-definition-name: a}}, status: {state: ACTIVE, conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`,
      'current',
      'Active',
    ],
    [
      'an instance with conditions of the author, but without Ready',
      `{apiVersion: kro.run/v1alpha1, kind: WebApp, status: {state: ACTIVE, conditions: [{type: Fitted, status: "False"}]}}`,
      'current',
      'Active',
    ],
    [
      'an instance in error is in progress, because it may recover',
      `{apiVersion: kro.run/v1alpha1, kind: WebApp, status: {state: ERROR, conditions: [{type: Ready, status: "False", message: no quota}]}}`,
      'inProgress',
      'ERROR',
      'no quota',
    ],
    [
      'an Argo CD application out of sync',
      `{apiVersion: argoproj.io/v1alpha1, kind: Application, status: {health: {status: Healthy}, sync: {status: OutOfSync}}}`,
      'inProgress',
      'OutOfSync',
    ],
    [
      'an Argo CD application whose sync failed',
      `{apiVersion: argoproj.io/v1alpha1, kind: Application, status: {operationState: {phase: Failed, message: denied}}}`,
      'failed',
      'SyncFailed',
      'denied',
    ],
    [
      'a network policy of Cilium that is not valid',
      `{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, status: {conditions: [{type: Valid, status: "False", reason: BadRule}]}}`,
      'failed',
      'BadRule',
    ],
    [
      'a network policy that no controller has observed',
      `{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy}`,
      'current',
      'Ready',
    ],
    [
      'a bucket that is not created yet',
      `{apiVersion: objectbucket.io/v1alpha1, kind: ObjectBucketClaim, status: {phase: Pending}}`,
      'inProgress',
      'Pending',
    ],
    [
      'an external object store',
      `{apiVersion: ceph.rook.io/v1, kind: CephObjectStore, status: {phase: Connected}}`,
      'current',
      'Connected',
    ],
    [
      'a Valkey without its nodes',
      `{apiVersion: hyperspike.io/v1, kind: Valkey, status: {ready: false, conditions: [{type: Ready, status: "False", reason: Forming}]}}`,
      'inProgress',
      'Forming',
    ],
    [
      'a certificate that its controller has not observed',
      `{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {generation: 1}}`,
      'inProgress',
      'NotObserved',
    ],
    [
      'a certificate whose condition is older than its spec',
      `{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {generation: 2}, status: {conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`,
      'inProgress',
      'NotObserved',
    ],
    [
      'a denied request for a certificate',
      `{apiVersion: cert-manager.io/v1, kind: CertificateRequest, status: {conditions: [{type: Denied, status: "True", reason: Policy}]}}`,
      'failed',
      'Policy',
    ],
    [
      'an order that has expired',
      `{apiVersion: acme.cert-manager.io/v1, kind: Order, status: {state: expired, reason: too late}}`,
      'failed',
      'Failed',
      'too late',
    ],
    [
      'a database cluster with none of its instances',
      `{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {instances: 3}, status: {phase: Setting up primary}}`,
      'inProgress',
      'NotReady',
      'Setting up primary; 0 of 3 instances are ready',
    ],
    [
      'a database cluster whose operator has set no phase',
      `{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {instances: 3}, status: {readyInstances: 3}}`,
      'inProgress',
      'NotObserved',
      '3 of 3 instances are ready; status.phase is not set yet',
    ],
    [
      'a database that its operator could not apply',
      `{apiVersion: postgresql.cnpg.io/v1, kind: Database, metadata: {generation: 1}, status: {observedGeneration: 1, applied: false, message: no such role}}`,
      'inProgress',
      'NotApplied',
      'no such role',
    ],
    ['a schedule of backups', `{apiVersion: postgresql.cnpg.io/v1, kind: ScheduledBackup}`, 'current', 'Ready'],
  ]);

  test('an object of a kind without a rule is not ready until its controller writes the status that the schema declares', () => {
    const object = (status?: object): KubeObject => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', generation: 1 },
      ...(status === undefined ? {} : { status: status as JsonObject }),
    });
    const texts = { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } };
    const of = (properties: object) =>
      StatusReport.of({ type: 'object', properties: { status: { type: 'object', properties } } } as Schema);
    const conditions = of({ conditions: { type: 'array', items: texts } });
    const generation = of({ observedGeneration: { type: 'integer' } });
    const text = of({ observedGeneration: { type: 'string' } });
    expect([conditions, generation, text, StatusReport.of(undefined)]).toEqual([
      { conditions: true, observedGeneration: false },
      { conditions: false, observedGeneration: true },
      undefined,
      undefined,
    ]);
    const ready = (report: typeof conditions, status?: object) => readinessOf(object(status), report).ready;
    expect([ready(undefined), ready(conditions), ready(conditions, { conditions: [] })]).toEqual([true, false, false]);
    expect(ready(conditions, { conditions: [{ type: 'Seen', status: 'True' }] })).toBe(true);
    expect(ready(conditions, { conditions: [{ type: 'Ready', status: 'False' }] })).toBe(false);
    expect([ready(generation), ready(generation, { observedGeneration: 1 })]).toEqual([false, true]);
  });
});
