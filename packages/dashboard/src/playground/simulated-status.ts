import { type JsonObject, type KubeObject, gvkOf } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';

/** An address that RFC 5737 reserves for documentation, so that no reader mistakes it for a real address. */
const EXTERNAL_ADDRESS = '192.0.2.10';

type StatusRule = (object: KubeObject, at: string) => JsonObject | undefined;

const balanced: StatusRule = () => ({ loadBalancer: { ingress: [{ ip: EXTERNAL_ADDRESS }] } });
const inPhase =
  (phase: string): StatusRule =>
  () => ({ phase });

function countsOf(object: KubeObject): JsonObject & { readonly replicas: number } {
  const replicas = numberAt(object, 'spec', 'replicas') ?? 1;
  return { observedGeneration: 1, replicas, readyReplicas: replicas, availableReplicas: replicas };
}

/** Conditions that hold, from a map of their types to their reasons. */
const conditions = (at: string, reasons: Readonly<Record<string, string>>): JsonObject => ({
  conditions: Object.entries(reasons).map(([type, reason]) => ({
    type,
    status: 'True',
    reason,
    message: '',
    lastTransitionTime: at,
  })),
});

/** Maps a built-in kind to a function that returns the status of a ready object. */
const RULES: Readonly<Record<string, StatusRule>> = {
  'apps/Deployment': (object, at) => ({
    ...countsOf(object),
    updatedReplicas: countsOf(object).replicas,
    ...conditions(at, { Available: 'MinimumReplicasAvailable', Progressing: 'NewReplicaSetAvailable' }),
  }),
  'apps/StatefulSet': (object) => {
    const { replicas, ...counts } = countsOf(object);
    const revision = `${object.metadata.name}-1`;
    const current = { currentReplicas: replicas, updatedReplicas: replicas };
    return { ...counts, replicas, ...current, currentRevision: revision, updateRevision: revision };
  },
  'apps/ReplicaSet': countsOf,
  'apps/DaemonSet': () => {
    const counts = { desiredNumberScheduled: 1, currentNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: 1 };
    return { observedGeneration: 1, ...counts, numberAvailable: 1, numberMisscheduled: 0 };
  },
  'batch/Job': (object, at) => ({
    succeeded: numberAt(object, 'spec', 'completions') ?? 1,
    startTime: at,
    completionTime: at,
    ...conditions(at, { Complete: 'CompletionsReached' }),
  }),
  '/Pod': (_, at) => ({ phase: 'Running', podIP: '10.244.0.10', ...conditions(at, { Ready: 'ContainersReady' }) }),
  '/Service': (object, at) => (textAt(object, 'spec', 'type') === 'LoadBalancer' ? balanced(object, at) : undefined),
  'networking.k8s.io/Ingress': balanced,
  '/PersistentVolumeClaim': inPhase('Bound'),
  '/PersistentVolume': inPhase('Bound'),
  '/Namespace': inPhase('Active'),
  'autoscaling/HorizontalPodAutoscaler': (object, at) => {
    const replicas = numberAt(object, 'spec', 'minReplicas') ?? 1;
    const scales = conditions(at, { AbleToScale: 'ReadyForNewScale', ScalingActive: 'ValidMetricFound' });
    return { currentReplicas: replicas, desiredReplicas: replicas, ...scales };
  },
  'apiextensions.k8s.io/CustomResourceDefinition': (_, at) =>
    conditions(at, { NamesAccepted: 'NoConflicts', Established: 'InitialNamesAccepted' }),
};

/**
 * The status that the controller of a kind writes into a ready object. An object of a custom kind gets the condition
 * `Ready`. Returns `undefined` for a built-in kind without a rule.
 *
 * @param at the time of conditions, RFC 3339
 * @param isBuiltin is the object of a built-in kind?
 */
export function simulatedStatus(object: KubeObject, at: string, isBuiltin: boolean): JsonObject | undefined {
  const { group, kind } = gvkOf(object);
  const name = `${group}/${kind}`;
  if (Object.hasOwn(RULES, name)) return RULES[name]?.(object, at);
  return isBuiltin ? undefined : { observedGeneration: 1, ...conditions(at, { Ready: 'Simulated' }) };
}
