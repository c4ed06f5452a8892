import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionIn, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInCondition, StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';
import { instanceObjects, instanceName } from './instances.ts';
import { DEFAULT_IMAGE, GROUP, HEALTHY, wantedInstances } from './names.ts';
import { clusterSecrets } from './secrets.ts';
import { disruptionBudgets, services } from './services.ts';

const READY: StandInCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'ClusterIsReady',
  message: 'Cluster is Ready',
};
const NOT_READY: StandInCondition = {
  type: 'Ready',
  status: 'False',
  reason: 'ClusterIsNotReady',
  message: 'Cluster Is Not Ready',
};

/**
 * Creates the instances of a cluster, one after the other. An instance has a claim and a pod, and is ready when its pod
 * is ready. The first instance is the primary.
 */
export const clusters: StandInKind = {
  group: GROUP,
  kind: 'Cluster',
  controller: 'cloudnative-pg',

  reconcile(cluster, view) {
    const wanted = wantedInstances(cluster);
    const pods = Array.from({ length: wanted }, (_, index) => podOf(cluster, view, index + 1));
    const ready = pods.filter(isPodReady).length;
    const allowed = view.completedSteps(wanted);
    // The next instance is created when all earlier instances are ready and one more time step (`completedSteps`) is
    // complete.
    const instanceCount = Math.max(
      pods.filter((pod) => pod !== undefined).length,
      Math.min(wanted, ready + 1, allowed),
    );
    const isDone = ready >= wanted && allowed >= wanted;
    const removed = surplus(cluster, view, wanted);
    const { phase, reason } = phaseOf(cluster, view, ready, isDone);
    return {
      ...(removed.length === 0 ? {} : { removed }),
      owned: [
        ...clusterSecrets(cluster, view),
        ...services(cluster),
        ...disruptionBudgets(cluster),
        ...(view.failure === undefined ? missingObjects(cluster, view, instanceCount) : []),
      ],
      status: statusOf(cluster, view, pods, phase, reason, isDone && view.failure === undefined),
      events: eventsOf(phase, reason),
    };
  },
};

/**
 * The missing pods and claims of the first `count` instances. Existing objects are left out, because their fields
 * cannot be changed.
 */
function missingObjects(cluster: KubeObject, view: StandInView, count: number): KubeObject[] {
  const { namespace = '' } = cluster.metadata;
  return Array.from({ length: count }, (_, index) => instanceObjects(cluster, index + 1))
    .flat()
    .filter(
      ({ apiVersion, kind, metadata: { name = '' } }) => view.get({ apiVersion, kind, namespace, name }) === undefined,
    );
}

function podOf(cluster: KubeObject, view: StandInView, index: number): KubeObject | undefined {
  const { namespace = '' } = cluster.metadata;
  return view.get({ apiVersion: 'v1', kind: 'Pod', namespace, name: instanceName(cluster, index) });
}

const isPodReady = (pod: KubeObject | undefined): pod is KubeObject =>
  pod !== undefined && conditionIn(objectsAt(pod.status, 'conditions'), 'Ready')?.status === 'True';

/** The pods and claims of instances that the spec no longer requests. */
function surplus(cluster: KubeObject, view: StandInView, wanted: number) {
  const { namespace = '' } = cluster.metadata;
  return ['Pod', 'PersistentVolumeClaim'].flatMap((kind) =>
    view
      .list({ group: '', kind }, namespace)
      .filter((object) => isInstanceAfter(cluster, object, wanted))
      .map(({ metadata: { name = '' } }) => ({ apiVersion: 'v1', kind, namespace, name })),
  );
}

/** Is the object the pod or the claim of an instance with an index above `last`? */
function isInstanceAfter(cluster: KubeObject, { metadata: { name = '', labels } }: KubeObject, last: number): boolean {
  const index = Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
  const isInstance = name === instanceName(cluster, index) && labels?.['cnpg.io/instanceName'] === name;
  return isInstance && index > last;
}

function phaseOf(
  cluster: KubeObject,
  view: StandInView,
  ready: number,
  isDone: boolean,
): { readonly phase: string; readonly reason: string } {
  const { failure } = view;
  if (failure !== undefined) return { phase: failure.reason, reason: failure.message };
  if (isDone) return { phase: HEALTHY, reason: '' };
  if (ready === 0)
    return { phase: 'Setting up primary', reason: `Creating primary instance ${instanceName(cluster, 1)}` };
  const next = instanceName(cluster, Math.min(wantedInstances(cluster), ready + 1));
  return { phase: 'Creating a new replica', reason: `Creating replica ${next}` };
}

function eventsOf(phase: string, reason: string): NonNullable<StandInResult['events']> {
  if (phase === HEALTHY || reason === '') return [];
  const isFailure = phase !== 'Setting up primary' && phase !== 'Creating a new replica';
  return [
    {
      type: isFailure ? 'Warning' : 'Normal',
      reason: isFailure ? 'ClusterFailure' : 'CreatingInstance',
      message: reason,
    },
  ];
}

function statusOf(
  cluster: KubeObject,
  view: StandInView,
  pods: readonly (KubeObject | undefined)[],
  phase: string,
  reason: string,
  isReady: boolean,
): JsonObject {
  const { name = '' } = cluster.metadata;
  const existing = pods.filter((pod) => pod !== undefined);
  const healthy = existing.filter(isPodReady).map(({ metadata }) => metadata.name ?? '');
  const names = existing.map(({ metadata }) => metadata.name ?? '');
  const primary = instanceName(cluster, 1);
  const { currentPrimaryTimestamp } = cluster.status ?? {};
  return {
    ...cluster.status,
    phase,
    phaseReason: reason,
    instances: existing.length,
    readyInstances: healthy.length,
    instanceNames: names,
    instancesStatus: { healthy },
    instancesReportedState: Object.fromEntries(
      names.map((each) => [each, { isPrimary: each === primary, timeLineID: 1 }]),
    ),
    healthyPVC: names,
    latestGeneratedNode: existing.length,
    targetPrimary: primary,
    ...(healthy.length === 0
      ? {}
      : { currentPrimary: primary, currentPrimaryTimestamp: currentPrimaryTimestamp ?? view.timestamp }),
    timelineID: 1,
    image: textAt(cluster.spec, 'imageName') || DEFAULT_IMAGE,
    readService: `${name}-r`,
    writeService: `${name}-rw`,
    certificates: {
      clientCASecret: `${name}-ca`,
      replicationTLSSecret: `${name}-replication`,
      serverCASecret: `${name}-ca`,
      serverTLSSecret: `${name}-server`,
      serverAltDNSNames: [`${name}-rw`, `${name}-r`, `${name}-ro`],
    },
    conditions: view.conditions([isReady ? READY : NOT_READY]),
  };
}
