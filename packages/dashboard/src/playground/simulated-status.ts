import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { gvkOf } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';

/** An address that RFC 5737 reserves for documentation, so that no reader mistakes it for a real address. */
const EXTERNAL_ADDRESS = '192.0.2.10';

type StatusRule = (object: KubeObject, at: string) => JsonObject | undefined;

/** Maps a built-in kind to a function that returns the status of a ready object. */
const RULES: ReadonlyMap<string, StatusRule> = new Map<string, StatusRule>([
  [
    'apps/Deployment',
    (object, at) => {
      const replicas = replicasOf(object);
      return {
        observedGeneration: 1,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
        conditions: [
          condition('Available', 'MinimumReplicasAvailable', at),
          condition('Progressing', 'NewReplicaSetAvailable', at),
        ],
      };
    },
  ],
  [
    'apps/StatefulSet',
    (object) => {
      const replicas = replicasOf(object);
      const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas };
      const revision = `${object.metadata.name}-1`;
      return {
        observedGeneration: 1,
        ...counts,
        currentReplicas: replicas,
        updatedReplicas: replicas,
        currentRevision: revision,
        updateRevision: revision,
      };
    },
  ],
  [
    'apps/ReplicaSet',
    (object) => {
      const replicas = replicasOf(object);
      return { observedGeneration: 1, replicas, readyReplicas: replicas, availableReplicas: replicas };
    },
  ],
  [
    'apps/DaemonSet',
    () => ({
      observedGeneration: 1,
      desiredNumberScheduled: 1,
      currentNumberScheduled: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
      numberReady: 1,
      numberMisscheduled: 0,
    }),
  ],
  [
    'batch/Job',
    (object, at) => ({
      succeeded: numberAt(object, 'spec', 'completions') ?? 1,
      startTime: at,
      completionTime: at,
      conditions: [condition('Complete', 'CompletionsReached', at)],
    }),
  ],
  [
    '/Pod',
    (_, at) => ({
      phase: 'Running',
      podIP: '10.244.0.10',
      conditions: [condition('Ready', 'ContainersReady', at)],
    }),
  ],
  [
    '/Service',
    (object) =>
      textAt(object, 'spec', 'type') === 'LoadBalancer'
        ? { loadBalancer: { ingress: [{ ip: EXTERNAL_ADDRESS }] } }
        : undefined,
  ],
  ['networking.k8s.io/Ingress', () => ({ loadBalancer: { ingress: [{ ip: EXTERNAL_ADDRESS }] } })],
  ['/PersistentVolumeClaim', () => ({ phase: 'Bound' })],
  ['/PersistentVolume', () => ({ phase: 'Bound' })],
  ['/Namespace', () => ({ phase: 'Active' })],
  [
    'autoscaling/HorizontalPodAutoscaler',
    (object, at) => ({
      currentReplicas: numberAt(object, 'spec', 'minReplicas') ?? 1,
      desiredReplicas: numberAt(object, 'spec', 'minReplicas') ?? 1,
      conditions: [
        condition('AbleToScale', 'ReadyForNewScale', at),
        condition('ScalingActive', 'ValidMetricFound', at),
      ],
    }),
  ],
  [
    'apiextensions.k8s.io/CustomResourceDefinition',
    (_, at) => ({
      conditions: [condition('NamesAccepted', 'NoConflicts', at), condition('Established', 'InitialNamesAccepted', at)],
    }),
  ],
]);

/**
 * The status that the controller of a kind writes into a ready object. An object of a custom kind gets the condition
 * `Ready`. Returns `undefined` for a built-in kind without a rule.
 *
 * @param at the time of conditions, RFC 3339
 * @param isBuiltin is the object of a built-in kind?
 */
export function simulatedStatus(object: KubeObject, at: string, isBuiltin: boolean): JsonObject | undefined {
  const { group, kind } = gvkOf(object);
  const rule = RULES.get(`${group}/${kind}`);
  if (rule !== undefined) return rule(object, at);
  return isBuiltin ? undefined : { observedGeneration: 1, conditions: [condition('Ready', 'Simulated', at)] };
}

const replicasOf = (object: KubeObject): number => numberAt(object, 'spec', 'replicas') ?? 1;

function condition(type: string, reason: string, at: string): JsonValue {
  return { type, status: 'True', reason, message: '', lastTransitionTime: at };
}
