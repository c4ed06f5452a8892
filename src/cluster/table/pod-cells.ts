import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { age, listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '../../kubernetes/index.ts';

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

function statusOf(pod: KubeObject): string {
  let reason = textAt(pod.status, 'reason') || textAt(pod.status, 'phase');
  const gated = objectsAt(pod.status, 'conditions').find(
    (entry) => entry['type'] === 'PodScheduled' && entry['reason'] === 'SchedulingGated',
  );
  if (gated !== undefined) reason = 'SchedulingGated';
  const inits = objectsAt(pod.status, 'initContainerStatuses');
  const total = listAt(pod.spec, 'initContainers').length;
  const blocked = inits.findIndex(
    (status) =>
      status['started'] !== true && numberAt(objectAt(objectAt(status, 'state'), 'terminated'), 'exitCode') !== 0,
  );
  if (blocked >= 0) {
    const why = containerReason(inits[blocked] ?? {});
    reason = why === '' || why === 'PodInitializing' ? `Init:${blocked}/${total}` : `Init:${why}`;
  } else {
    let running = false;
    for (const status of objectsAt(pod.status, 'containerStatuses').toReversed()) {
      const why = containerReason(status);
      if (why !== '') reason = why;
      else if (status['ready'] === true && optionalAt(objectAt(status, 'state'), 'running') !== undefined)
        running = true;
    }
    if (reason === 'Completed' && running) {
      const ready = objectsAt(pod.status, 'conditions').some(
        (entry) => entry['type'] === 'Ready' && entry['status'] === 'True',
      );
      reason = ready ? 'Running' : 'NotReady';
    }
  }
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  return textAt(pod.status, 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

/** The row of a Pod. */
export function podCells(pod: KubeObject, now: number): readonly JsonValue[] {
  const statuses = objectsAt(pod.status, 'containerStatuses');
  const ready = statuses.filter((status) => status['ready'] === true).length;
  const restarts = statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
  const gates = objectsAt(pod.spec, 'readinessGates');
  const metGates = gates.filter((gate) =>
    objectsAt(pod.status, 'conditions').some(
      (entry) => entry['type'] === gate['conditionType'] && entry['status'] === 'True',
    ),
  ).length;
  const ip = textAt(objectsAt(pod.status, 'podIPs')[0], 'ip') || textAt(pod.status, 'podIP');
  return [
    pod.metadata.name ?? '',
    `${ready}/${listAt(pod.spec, 'containers').length}`,
    statusOf(pod),
    String(restarts),
    age(pod.metadata.creationTimestamp, now),
    orNone(ip),
    orNone(textAt(pod.spec, 'nodeName')),
    orNone(textAt(pod.status, 'nominatedNodeName')),
    gates.length === 0 ? '<none>' : `${metGates}/${gates.length}`,
  ];
}
