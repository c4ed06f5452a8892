import type { KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { logKey, PROCESS } from '../../pod-logs.ts';
import type { PodRuleSet } from '../../pods/pod-rule-set.ts';
import type { PodRules } from '../../pods/pod-rules.ts';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import { KubeletAdmission } from './kubelet-admission.ts';
import { isSimulatedNode, NODES } from '../nodes/simulated-node.ts';
import { type EphemeralPhase, planEphemeral } from './ephemeral-containers.ts';
import { DEADLINE, endedOutcome, remainingLife, untilDeadline } from './pod-end.ts';
import type { ProcessPods } from './process-pods.ts';
import { RUNS_AS_PROCESS } from './process-report.ts';
import { runModeProblem } from '../../processes/container-settings.ts';
import { type PodOutcome, type PodPlan, planPod, UNHEALTHY } from './pod-outcome.ts';
import { type PodReport, hasPodStarted, observedStatus, podStatus, restartsIn } from './pod-status.ts';
import { simulatedReport } from './simulated-report.ts';
import { isFinished, isTerminating, KUBELET, podText, PODS, removeEnded } from './pod-state.ts';
import type { ControllerClient } from '../controller-client.ts';

/** The log line and the event message of a pod without rules. */
const SIMULATED = 'the containers of this pod are simulated: no image is pulled, and no process runs in them';

/** The maximum number of characters that the simulated containers of a pod log together in a run. */
const MAX_LOG_CHARACTERS = 2_000_000;
const CUT =
  'earlier lines are dropped; the logs of all simulated containers of a pod have at most 2 million characters';

/**
 * The kubelet of the simulated nodes. It refuses pods that their node cannot run. It runs no images, and reports the
 * containers of the nodes' pods as started and ready. It terminates deleted pods. It also ends the containers of pods
 * of Jobs, and of pods whose commands end (`planPod`). Rules of a test and annotations of a pod can change this
 * behaviour. `processes` manages the pods that request local processes.
 */
export function kubelet(rules: Pick<PodRuleSet, 'of'>, processes: ProcessPods): SimulatedController {
  /** The problems of annotations that events have already reported, keyed by pod uid. */
  const reported = new Map<string, string>();
  /** The times at which the kubelet began to terminate deleted pods, keyed by pod uid. */
  const stopping = new Map<string, number>();
  const admission = new KubeletAdmission();
  let lastClient: ControllerClient | undefined;
  return {
    name: KUBELET,
    target: targetIn(PODS),
    ownFailures: true,

    *keysOf(event, client) {
      lastClient = client;
      yield* processes.keysOf(event);
      if (!concerns(event, '', 'pods')) return;
      admission.take(event);
      const { object, key } = event.stored;
      if (event.type === 'DELETED') {
        processes.forget(object);
        client.logs.drop(object.metadata.uid ?? '');
        reported.delete(object.metadata.uid ?? '');
        stopping.delete(object.metadata.uid ?? '');
      } else if (object.spec?.['nodeName'] !== undefined) yield key;
    },

    reset() {
      admission.reset();
      reported.clear();
      stopping.clear();
      if (lastClient !== undefined) processes.retain(lastClient);
    },

    reconcile(key, client) {
      const pod = client.at(PODS, key);
      if (pod === undefined) return;
      const node = client.get(NODES, '', textAt(pod.spec, 'nodeName'));
      if (node === undefined || !isSimulatedNode(node)) return;
      const refusedMs = admission.refuse(client, pod, node);
      if (refusedMs !== undefined) return refusedMs > 0 ? refusedMs : undefined;
      if (processes.owns(pod)) return processes.reconcile(pod, client);
      if (isTerminating(pod)) return end(client, pod, rules.of(pod).rules, stopping);
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
 * Terminates a deleted pod. A pod that has finalizers, or whose containers take time to end, first gets the status of
 * an ended pod, because the controllers of the finalizers wait for this status. Returns the milliseconds until the
 * containers have ended.
 */
function end(
  client: ControllerClient,
  pod: KubeObject,
  rules: PodRules,
  stopping: Map<string, number>,
): number | undefined {
  const { uid = '' } = pod.metadata;
  const sinceMs = stopping.get(uid) ?? client.now();
  const { leftMs, isKilled } = remainingLife(pod, rules.stopSeconds ?? 0, sinceMs, client.now());
  if (!stopping.has(uid)) {
    recordKilling(client, pod);
    if (leftMs > 0) {
      // The time is recorded only after the reconcile, because a reconcile that waits for a webhook runs again and
      // writes the status again.
      client.afterwards(`${uid} stopping`, () => stopping.set(uid, sinceMs));
      client.updateStatus(pod, observedStatus(pod));
    }
  }
  if (leftMs > 0) return leftMs;
  const takesTime = stopping.has(uid);
  if ((takesTime || (pod.metadata.finalizers ?? []).length > 0) && !isFinished(pod))
    endContainers(client, pod, endedOutcome(pod, isKilled));
  return void removeEnded(client, pod);
}

/** Reports that all containers have just ended. */
function endContainers(
  client: ControllerClient,
  pod: KubeObject,
  outcome: PodOutcome,
  further: Pick<PodReport, 'message' | 'reason'> = {},
): void {
  const startTime = textAt(pod.status, 'startTime') || client.timestamp();
  const endedMs = client.now() - Date.parse(startTime);
  const plan = { outcome, next: undefined, startedMs: startedMsOf(pod, startTime), endedMs };
  report(client, pod, plan, startTime, further);
}

/** Returns the start of the containers' present run, in milliseconds after the start of the pod. */
function startedMsOf(pod: KubeObject, startTime: string): number {
  const startedAt = textAt(objectsAt(pod.status, 'containerStatuses')[0], 'state', 'running', 'startedAt');
  return startedAt === '' ? 0 : Date.parse(startedAt) - Date.parse(startTime);
}

function recordKilling(client: ControllerClient, pod: KubeObject): void {
  if (textAt(pod.status, 'phase') !== 'Running') return;
  for (const { name } of objectsAt(pod.spec, 'containers'))
    recordEvent(client, pod, KUBELET, 'Killing', `Stopping container ${String(name)}`);
}

/**
 * Writes the status of a pod that has not ended. The first call starts the pod. Returns the milliseconds after which
 * the status changes without an event, or `undefined` when only an event can change it.
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
  const deadlineMs = untilDeadline(pod, startMs, client.now());
  if (deadlineMs <= 0 && plan.outcome.state !== 'succeeded' && plan.outcome.state !== 'failed') {
    recordEvent(client, pod, KUBELET, DEADLINE.reason, DEADLINE.message);
    recordKilling(client, pod);
    endContainers(client, pod, endedOutcome(pod, false), DEADLINE);
    return undefined;
  }
  // The status comes first: if it is too large to be stored, each attempt would write the events of the run again.
  const ephemeralMs = report(client, pod, plan, startTime) ?? Number.POSITIVE_INFINITY;
  recordRun(client, pod, plan, rules);
  const next = Math.min(plan.next ?? Number.POSITIVE_INFINITY, deadlineMs, ephemeralMs);
  return Number.isFinite(next) ? next : undefined;
}

/** Writes the status. Returns the milliseconds until an ephemeral container ends. */
function report(
  client: ControllerClient,
  pod: KubeObject,
  plan: PodPlan,
  startTime: string,
  further: Pick<PodReport, 'message' | 'reason'> = {},
): number | undefined {
  const modeProblem = runModeProblem(pod);
  const ephemeral = planEphemeral(pod, ephemeralPhase(plan.outcome), client.now());
  for (const { name, image } of objectsAt(pod.spec, 'ephemeralContainers')) {
    if (!ephemeral.starting.includes(String(name))) continue;
    client.logs.begin(logKey(pod, String(name)), SIMULATED);
    recordStart(client, pod, String(image));
  }
  const simulated = {
    ...simulatedReport(pod, plan, startTime, Date.parse(startTime)),
    ...further,
    ephemeralContainers: ephemeral.states,
    ...(modeProblem === undefined
      ? {}
      : { unmet: { type: RUNS_AS_PROCESS, reason: 'WrongAnnotation', message: modeProblem } }),
  };
  client.updateStatus(pod, podStatus(pod, simulated, client.timestamp()));
  return ephemeral.next;
}

const ephemeralPhase = (outcome: PodOutcome): EphemeralPhase => {
  if (outcome.state === 'succeeded' || outcome.state === 'failed') return 'over';
  return outcome.state === 'waiting' && outcome.reason === 'ContainerCreating' ? 'creating' : 'active';
};

/** Writes the logs and events of a container run that is not yet in the pod's status. */
function recordRun(client: ControllerClient, pod: KubeObject, { outcome }: PodPlan, rules: PodRules): void {
  const containers = objectsAt(pod.spec, 'containers');
  if (outcome.state === 'waiting') {
    if (textAt(pod.status, 'startTime') !== '' || outcome.reason === 'ContainerCreating') return;
    for (const { image } of containers) recordWait(client, pod, String(image), outcome.reason);
    return;
  }
  const isFirst = !hasPodStarted(pod, 0);
  const restarts = 'restarts' in outcome ? (outcome.restarts ?? 0) : 0;
  if (isFirst || restarts > (restartsIn(pod)[0] ?? 0)) startContainers(client, pod, rules, isFirst);
  const isNewCrash = outcome.state === 'crashing' && !isWaiting(pod);
  for (const { name } of containers) {
    const message = `Back-off restarting failed container ${String(name)} in pod ${podText(pod)}`;
    if (isNewCrash) recordEvent(client, pod, KUBELET, 'BackOff', message, 'Warning');
    if (isFirst && outcome.state === 'running' && !outcome.ready)
      recordEvent(client, pod, KUBELET, UNHEALTHY, 'Readiness probe failed: simulated', 'Warning');
  }
}

/** Does the pod wait for the restart of its containers? */
const isWaiting = ({ status }: KubeObject): boolean =>
  textAt(objectsAt(status, 'containerStatuses')[0], 'state', 'waiting', 'reason') === 'CrashLoopBackOff';

function startContainers(client: ControllerClient, pod: KubeObject, rules: PodRules, isFirst: boolean): void {
  const showsProcessLog = pod.metadata.annotations?.[PROCESS] !== undefined;
  const isPlain = isFirst && !showsProcessLog && Object.keys(rules).every((name) => name === 'stopSeconds');
  const containers = objectsAt(pod.spec, 'containers');
  const text = isPlain ? SIMULATED : newestLines(rules.log, MAX_LOG_CHARACTERS / containers.length);
  for (const { name, image } of containers) {
    if (!showsProcessLog) client.logs.begin(logKey(pod, String(name)), text);
    recordStart(client, pod, String(image));
  }
  if (isPlain) recordEvent(client, pod, KUBELET, 'Simulated', SIMULATED);
}

function recordStart(client: ControllerClient, pod: KubeObject, image: string): void {
  const pulled = `Container image "${image}" already present on machine and can be accessed by the pod`;
  recordEvent(client, pod, KUBELET, 'Pulled', pulled);
  recordEvent(client, pod, KUBELET, 'Created', 'Container created');
  recordEvent(client, pod, KUBELET, 'Started', 'Container started');
}

/** Records why a container does not start. An image that cannot be pulled has the events of its first attempt. */
function recordWait(client: ControllerClient, pod: KubeObject, image: string, reason: string): void {
  if (reason === 'ImagePullBackOff') {
    recordWait(client, pod, image, 'ErrImagePull');
    recordEvent(client, pod, KUBELET, 'BackOff', `Back-off pulling image "${image}"`);
  } else if (reason === 'ErrImagePull') {
    recordEvent(client, pod, KUBELET, 'Pulling', `Pulling image "${image}"`);
    recordEvent(client, pod, KUBELET, 'Failed', `Failed to pull image "${image}": simulated`, 'Warning');
  }
  recordEvent(client, pod, KUBELET, 'Failed', `Error: ${reason}`, 'Warning');
}

/** Returns the last lines that have at most `max` characters. A final newline does not start another line. */
function newestLines(text = '', max: number): string {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (body.length <= max) return body;
  const rest = body.slice(-max);
  return `[typekro: ${CUT}]\n${rest.slice(rest.indexOf('\n') + 1)}`;
}
