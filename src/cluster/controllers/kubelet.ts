import type { KubeObject } from '../../core/index.ts';
import { objectsAt, textAt } from '../../kubernetes/index.ts';
import { PROCESS } from '../pod-logs.ts';
import type { PodRuleSet } from '../pods/pod-rule-set.ts';
import type { PodRules } from '../pods/pod-rules.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { isSimulatedNode, NODES } from './node.ts';
import type { PodPlan } from './pod-outcome.ts';
import type { ProcessPods } from './process-pods.ts';
import { RUNS_AS_PROCESS } from './process-report.ts';
import { runModeProblem } from '../processes/run-mode.ts';
import { planPod, UNHEALTHY } from './pod-outcome.ts';
import { hasStarted, podStatus, restartsIn } from './pod-status.ts';
import { simulatedReport } from './simulated-report.ts';
import { isFinished, isTerminating, KUBELET, PODS, removeEnded } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';

/** The line of the log, and the message of the event, of a pod without rules. */
const SIMULATED = 'the containers of this pod are simulated: no image is pulled, and no process runs in them';

/**
 * The kubelet of the simulated nodes. It runs no image: it reports the containers of the nodes' pods as started and
 * ready, ends the pods of Jobs and the pods whose commands end (`planPod`), and ends deleted pods. Rules of a test and
 * annotations of a pod change this. `processes` has the pods that request local processes.
 */
export function kubelet(rules: Pick<PodRuleSet, 'of'>, processes: ProcessPods): SimulatedController {
  /** The problems of annotations that events have reported, by the uids of the pods. */
  const reported = new Map<string, string>();
  let lastClient: ControllerClient | undefined;
  return {
    name: KUBELET,
    target: targetIn(PODS),
    ownFailures: true,

    *keysOf(event, client) {
      lastClient = client;
      yield* processes.keysOf(event);
      if (!concerns(event, '', 'pods')) return;
      const { object, key } = event.stored;
      if (event.type === 'DELETED') {
        processes.forget(object);
        client.forgetLogs(object);
        reported.delete(object.metadata.uid ?? '');
      } else if (object.spec?.['nodeName'] !== undefined) yield key;
    },

    reset() {
      reported.clear();
      if (lastClient !== undefined) processes.retain(lastClient);
    },

    reconcile(key, client) {
      const { namespace, name } = splitKey(key);
      const pod = client.get(PODS, namespace, name);
      if (pod === undefined) return;
      const node = client.get(NODES, '', textAt(pod.spec, 'nodeName'));
      if (node === undefined || !isSimulatedNode(node)) return;
      if (processes.owns(pod)) return processes.reconcile(pod, client);
      if (isTerminating(pod)) return end(client, pod);
      if (isFinished(pod)) return;
      const effective = rules.of(pod);
      const modeProblem = runModeProblem(pod);
      const problems = [...effective.problems, ...(modeProblem === undefined ? [] : [modeProblem])].join('; ');
      const uid = pod.metadata.uid ?? '';
      if (problems !== '' && reported.get(uid) !== problems) {
        reported.set(uid, problems);
        recordEvent(client, pod, KUBELET, 'InvalidSimulation', problems, 'Warning');
      }
      return run(client, pod, effective.rules, effective.since);
    },
  };
}

/**
 * Ends a deleted pod. A pod with finalizers gets the status of an ended pod. The controllers that set these finalizers
 * wait for this status, and then remove the finalizers.
 */
function end(client: ControllerClient, pod: KubeObject): void {
  if (textAt(pod.status, 'phase') === 'Running') {
    for (const { name } of objectsAt(pod.spec, 'containers')) {
      recordEvent(client, pod, KUBELET, 'Killing', `Stopping container ${String(name)}`);
    }
  }
  if (removeEnded(client, pod) || isFinished(pod)) return;
  const startTime = textAt(pod.status, 'startTime') || client.timestamp();
  const endedMs = client.now() - Date.parse(startTime);
  const plan: PodPlan = { outcome: { state: 'failed', reason: 'Killed' }, next: undefined, startedMs: 0, endedMs };
  report(client, pod, plan, startTime);
}

/**
 * Writes the status of a pod that is not finished. The first call starts the pod. Returns the milliseconds after which
 * the status changes without an event; `undefined` when only an event can change it.
 */
function run(
  client: ControllerClient,
  pod: KubeObject,
  rules: PodRules,
  since: number | undefined,
): number | undefined {
  const startTime = textAt(pod.status, 'startTime') || client.timestamp();
  const startMs = Date.parse(startTime);
  const sinceMs = since === undefined ? 0 : Math.max(0, since - startMs);
  const plan = planPod(pod, rules, client.now() - startMs, sinceMs);
  recordRun(client, pod, plan, rules);
  report(client, pod, plan, startTime);
  return plan.next;
}

function report(client: ControllerClient, pod: KubeObject, plan: PodPlan, startTime: string): void {
  const modeProblem = runModeProblem(pod);
  const simulated = {
    ...simulatedReport(pod, plan, startTime, Date.parse(startTime)),
    ...(modeProblem === undefined
      ? {}
      : { unmet: { type: RUNS_AS_PROCESS, reason: 'WrongAnnotation', message: modeProblem } }),
  };
  client.updateStatus(pod, podStatus(pod, simulated, client.timestamp()));
}

/** Writes the logs and events of a run of the containers that the pod's status does not have yet. */
function recordRun(client: ControllerClient, pod: KubeObject, { outcome }: PodPlan, rules: PodRules): void {
  const containers = objectsAt(pod.spec, 'containers');
  if (outcome.state === 'waiting') {
    if (textAt(pod.status, 'startTime') !== '' || outcome.reason === 'ContainerCreating') return;
    for (const _ of containers) recordEvent(client, pod, KUBELET, 'Failed', `Error: ${outcome.reason}`, 'Warning');
    return;
  }
  const isFirst = !hasStarted(pod, 0);
  const restarts = 'restarts' in outcome ? (outcome.restarts ?? 0) : 0;
  if (isFirst || restarts > restartsIn(pod, 0)) startContainers(client, pod, rules, isFirst);
  const isNewCrash = outcome.state === 'crashing' && !isWaiting(pod);
  for (const { name } of containers) {
    if (isNewCrash) {
      const message = `Back-off restarting failed container ${String(name)} in pod ${pod.metadata.name ?? ''}`;
      recordEvent(client, pod, KUBELET, 'BackOff', message, 'Warning');
    }
    if (isFirst && outcome.state === 'running' && !outcome.ready) {
      recordEvent(client, pod, KUBELET, UNHEALTHY, 'Readiness probe failed: simulated', 'Warning');
    }
  }
}

/** Does the pod wait for the restart of its containers? */
const isWaiting = (pod: KubeObject): boolean => {
  const [status] = objectsAt(pod.status, 'containerStatuses');
  return textAt(status, 'state', 'waiting', 'reason') === 'CrashLoopBackOff';
};

function startContainers(client: ControllerClient, pod: KubeObject, rules: PodRules, isFirst: boolean): void {
  const showsProcessLog = pod.metadata.annotations?.[PROCESS] !== undefined;
  const isPlain = isFirst && !showsProcessLog && Object.keys(rules).length === 0;
  const lines = isPlain ? [SIMULATED] : linesOf(rules.log);
  for (const { name, image } of objectsAt(pod.spec, 'containers')) {
    if (!showsProcessLog) client.beginLog(pod, String(name), lines);
    recordEvent(client, pod, KUBELET, 'Pulled', `Container image "${String(image)}" already present on machine`);
    recordEvent(client, pod, KUBELET, 'Created', `Created container: ${String(name)}`);
    recordEvent(client, pod, KUBELET, 'Started', `Started container ${String(name)}`);
  }
  if (isPlain) recordEvent(client, pod, KUBELET, 'Simulated', SIMULATED);
}

/** The lines of a text. A final newline starts no further line. */
function linesOf(text = ''): readonly string[] {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  return body === '' ? [] : body.split('\n');
}
