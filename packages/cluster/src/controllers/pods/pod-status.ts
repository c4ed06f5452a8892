import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import { numberAt, objectAt, objectsAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import { NODE_ADDRESS } from '../../bootstrap.ts';

/** The state of one container, in the words of a pod's status. */
export interface ContainerReport {
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: JsonObject;
  readonly lastState: JsonObject;
}

/** The data that a kubelet reports about a started pod. The lists are in the order of the containers in the spec. */
export interface PodReport {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly startTime: string;
  readonly containers: readonly ContainerReport[];
  readonly initContainers: readonly ContainerReport[];
  /** True when all init containers have succeeded. */
  readonly initialized: boolean;
  /** The address of the pod. Default: the address in the stored status, or an address of the simulated network. */
  readonly address?: string;
  /** The prefix of each `imageID`. */
  readonly imagePrefix: string;
  /** The states of the ephemeral containers. Default: the pod has none. */
  readonly ephemeralContainers?: readonly JsonObject[];
  /** The reason for the state of the whole pod, such as `DeadlineExceeded`, and its explanation. Default: none. */
  readonly reason?: string;
  readonly message?: string;
  /** An additional condition with the status False, and its explanation. Default: none. */
  readonly unmet?: { readonly type: string; readonly reason: string; readonly message: string };
}

const KUBELET_CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

/** Does the kubelet alone write conditions of this type? The kubelet does not change conditions of any other type. */
const isOfKubelet = (type: string): boolean => KUBELET_CONDITIONS.includes(type) || type.startsWith('typekro.dev/');

/** Returns the status of a started pod. A condition whose status has not changed keeps its transition time. */
export function podStatus(pod: KubeObject, report: PodReport, now: string): JsonObject {
  const { phase, containers, initContainers, initialized, imagePrefix, unmet, ephemeralContainers = [] } = report;
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const ready = phase === 'Running' && initialized && containers.every((container) => container.ready);
  const podIP = report.address ?? String(pod.status?.['podIP'] ?? addressOf(pod));
  const before = objectsAt(pod.status, 'conditions');
  const condition = (type: string, holds: boolean, reason?: string, message?: string): JsonObject => {
    const status = holds ? 'True' : 'False';
    const known = before.find((entry) => entry['type'] === type);
    return {
      type,
      status,
      observedGeneration: pod.metadata.generation ?? 1,
      lastProbeTime: null,
      lastTransitionTime: transitionTimeOf(known, status, now),
      ...definedMembers({ reason, message }),
    };
  };
  const waiting = objectsAt(pod.spec, 'containers').filter((_, index) => containers[index]?.ready !== true);
  const text = `containers with unready status: [${waiting.map(({ name }) => name).join(' ')}]`;
  const unready = ready ? [] : (ENDED[phase] ?? ['ContainersNotReady', text]);
  const uninitialized = initialized ? (phase === 'Succeeded' ? 'PodCompleted' : undefined) : 'ContainersNotInitialized';
  const statuses = (list: string, reports: readonly ContainerReport[]) =>
    objectsAt(pod.spec, list).map((entry, index) => containerStatus(entry, reports[index], imagePrefix));
  return {
    ...pod.status,
    observedGeneration: pod.metadata.generation ?? 1,
    phase,
    conditions: [
      condition('PodReadyToStartContainers', !ended),
      condition('Initialized', initialized, uninitialized),
      condition('Ready', ready, ...unready),
      condition('ContainersReady', ready, ...unready),
      condition('PodScheduled', true),
      ...before.filter(({ type }) => !isOfKubelet(String(type))),
      ...(unmet === undefined ? [] : [condition(unmet.type, false, unmet.reason, unmet.message)]),
    ],
    ...definedMembers({ reason: report.reason, message: report.message }),
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: report.startTime,
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: statuses('initContainers', initContainers) }),
    containerStatuses: statuses('containers', containers),
    ...(ephemeralContainers.length === 0
      ? {}
      : { ephemeralContainerStatuses: ephemeralStatuses(pod, ephemeralContainers, imagePrefix) }),
  };
}

/** The reasons for which the containers of an ended pod are not ready. */
const ENDED: Readonly<Record<string, [string, string?]>> = { Succeeded: ['PodCompleted'], Failed: ['PodFailed'] };

/** Returns the statuses of the ephemeral containers, which a kubelet does not probe or restart. */
const ephemeralStatuses = (pod: KubeObject, states: readonly JsonObject[], imagePrefix: string): JsonObject[] =>
  objectsAt(pod.spec, 'ephemeralContainers').map((container, index) => {
    const image = String(container['image'] ?? '');
    const state = states[index] ?? NOT_STARTED.state;
    const own = { ready: false, restartCount: 0, state, lastState: {} };
    return { name: container['name'], image, imageID: imagePrefix + image, ...own };
  });

/** Returns the status of a pod, marked as observed at the present generation. */
export function observedStatus({ metadata: { generation = 1 }, status }: KubeObject): JsonObject {
  const conditions = objectsAt(status, 'conditions').map((entry) =>
    entry['observedGeneration'] === undefined ? entry : { ...entry, observedGeneration: generation },
  );
  return { ...status, observedGeneration: generation, conditions };
}

const NOT_STARTED: ContainerReport = {
  ready: false,
  started: false,
  restartCount: 0,
  state: { waiting: { reason: 'PodInitializing' } },
  lastState: {},
};

function containerStatus(
  container: JsonObject,
  report: ContainerReport = NOT_STARTED,
  imagePrefix: string,
): JsonObject {
  const image = String(container['image'] ?? '');
  return { name: container['name'], image, imageID: imagePrefix + image, ...report };
}

/** Returns the state `terminated` of a container. */
export const terminated = (
  exitCode: number,
  reason: string,
  startedAt: string,
  finishedAt: string,
  message?: string,
): JsonObject => ({
  terminated: { exitCode, reason, ...(message === undefined ? {} : { message }), startedAt, finishedAt },
});

/** Returns the number of restarts of each container in the status of a pod. */
export const restartsIn = (pod: KubeObject): readonly number[] =>
  objectsAt(pod.status, 'containerStatuses').map((status) => numberAt(status, 'restartCount') ?? 0);

/** Does the status say that the container has started before? */
export function hasPodStarted(pod: KubeObject, index: number): boolean {
  const status = objectsAt(pod.status, 'containerStatuses')[index];
  if (status === undefined) return false;
  return objectAt(status, 'state')['waiting'] === undefined || Object.keys(objectAt(status, 'lastState')).length > 0;
}

/** Returns an address of the pod network, derived from the uid so that a pod keeps its address. */
function addressOf({ metadata }: KubeObject): string {
  const bits = Number.parseInt((metadata.uid ?? '').replaceAll('-', '').slice(0, 6), 16) || 0;
  return `10.244.${(bits >> 8) & 0xff}.${(bits & 0xfe) + 1}`;
}
