import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { age, listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';

const orNone = (text: string) => (text === '' ? '<none>' : text);

/** The reason why a container waits or has ended, for the Status column. */
function containerReason(status: JsonObject): string {
  const state = objectAt(status, 'state');
  const waiting = textAt(objectAt(state, 'waiting'), 'reason');
  if (waiting !== '') return waiting;
  const terminated = optionalAt(state, 'terminated');
  if (terminated === undefined) return '';
  if (textAt(terminated, 'reason') !== '') return textAt(terminated, 'reason');
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}`;
}

/** A summary of a pod's containers, for the cells of the pod. */
interface ContainerSummary {
  readonly ready: number;
  /** The number of containers that can be ready. Of the init containers, only sidecars count. */
  readonly total: number;
  readonly status: string;
  readonly restarts: string;
}

/** Sums the restarts of containers. The time of the latest restart is the time at which the run before it ended. */
class Restarts {
  #count = 0;
  #last = '';

  add(status: JsonObject): void {
    this.#count += numberAt(status, 'restartCount') ?? 0;
    const end = textAt(status, 'lastState', 'terminated', 'finishedAt');
    if (end > this.#last) this.#last = end;
  }

  text(now: number): string {
    const count = String(this.#count);
    return this.#count === 0 || this.#last === '' ? count : `${count} (${age(this.#last, now)} ago)`;
  }
}

const hasCondition = (pod: KubeObject, type: string): boolean =>
  objectsAt(pod.status, 'conditions').find((entry) => entry['type'] === type)?.['status'] === 'True';

function initialReason(pod: KubeObject): string {
  const isGated = objectsAt(pod.status, 'conditions').some(
    (entry) => entry['type'] === 'PodScheduled' && entry['reason'] === 'SchedulingGated',
  );
  return isGated ? 'SchedulingGated' : textAt(pod.status, 'reason') || textAt(pod.status, 'phase');
}

/** Summarises the containers of a pod by the rules of kube-apiserver's table. */
function summaryOf(pod: KubeObject, now: number): ContainerSummary {
  const inits = objectsAt(pod.spec, 'initContainers');
  const sidecars = new Set(inits.filter((entry) => entry['restartPolicy'] === 'Always').map((entry) => entry['name']));
  const all = new Restarts();
  let lasting = new Restarts();
  let ready = 0;
  let reason = initialReason(pod);
  let isInitializing = false;
  for (const [index, status] of objectsAt(pod.status, 'initContainerStatuses').entries()) {
    const isSidecar = sidecars.has(status['name']);
    all.add(status);
    if (isSidecar) lasting.add(status);
    const end = optionalAt(objectAt(status, 'state'), 'terminated');
    if (end !== undefined && (numberAt(end, 'exitCode') ?? 0) === 0) continue;
    if (isSidecar && status['started'] === true) {
      if (status['ready'] === true) ready++;
      continue;
    }
    const why = containerReason(status);
    reason = why === '' || why === 'PodInitializing' ? `Init:${index}/${inits.length}` : `Init:${why}`;
    isInitializing = true;
    break;
  }
  if (isInitializing && !hasCondition(pod, 'Initialized')) lasting = all;
  else {
    let isRunning = false;
    for (const status of objectsAt(pod.status, 'containerStatuses').toReversed()) {
      lasting.add(status);
      const why = containerReason(status);
      if (why !== '') reason = why;
      else if (status['ready'] === true && optionalAt(objectAt(status, 'state'), 'running') !== undefined) {
        isRunning = true;
        ready++;
      }
    }
    if (reason === 'Completed' && isRunning) reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  }
  const total = listAt(pod.spec, 'containers').length + sidecars.size;
  return { ready, total, status: statusOf(pod, reason), restarts: lasting.text(now) };
}

/** The text of the Status column. A pod that is being deleted is `Terminating` until its containers have ended. */
function statusOf(pod: KubeObject, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (textAt(pod.status, 'reason') === 'NodeLost') return 'Unknown';
  return ['Failed', 'Succeeded'].includes(textAt(pod.status, 'phase')) ? reason : 'Terminating';
}

/** The cells of a Pod. */
export function podCells(pod: KubeObject, now: number): readonly JsonValue[] {
  const { ready, total, status, restarts } = summaryOf(pod, now);
  const gates = objectsAt(pod.spec, 'readinessGates');
  const metGates = gates.filter((gate) =>
    objectsAt(pod.status, 'conditions').some(
      (entry) => entry['type'] === gate['conditionType'] && entry['status'] === 'True',
    ),
  ).length;
  const ip = textAt(objectsAt(pod.status, 'podIPs')[0], 'ip') || textAt(pod.status, 'podIP');
  return [
    `${ready}/${total}`,
    status,
    restarts,
    orNone(ip),
    orNone(textAt(pod.spec, 'nodeName')),
    orNone(textAt(pod.status, 'nominatedNodeName')),
    gates.length === 0 ? '<none>' : `${metGates}/${gates.length}`,
  ];
}
