/** The part of the simulated kubelet for pods whose containers are local processes. */
import type { KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StoreEvent } from '../../store/store.ts';
import { limitsProblem } from '../../processes/limits.ts';
import { processRefusals } from '../../processes/refusals.ts';
import { asksForProcesses, NOT_ALLOWED } from '../../processes/container-settings.ts';
import type { ProcessRuntime } from '../../processes/process-runtime.ts';
import type { ControllerClient } from '../controller-client.ts';
import { concerns } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import { DEADLINE } from './pod-end.ts';
import { podStatus } from './pod-status.ts';
import { isFinished, isTerminating, KUBELET, podText, PODS, removeEnded } from './pod-state.ts';
import { processReport, refusalReport } from './process-report.ts';

/** Runs the pods that request local processes. Without a runtime, refuses these pods. */
export class ProcessPods {
  readonly #runtime: ProcessRuntime | undefined;
  /** The refusals that events have already reported, keyed by pod uid. */
  readonly #reported = new Map<string, string>();
  /** The number of restarts at the last reported back-off, keyed by pod uid and container name. */
  readonly #paused = new Map<string, number>();

  constructor(runtime: ProcessRuntime | undefined) {
    this.#runtime = runtime;
  }

  /** Does the pod run as local processes, or request them? New annotations do not affect a running pod. */
  owns(pod: KubeObject): boolean {
    return this.#runtime?.find(pod) !== undefined || (asksForProcesses(pod) && !isSimulated(pod));
  }

  /**
   * Yields the keys of pods that may use the ConfigMap or Secret of an event. Marks the volume files of these pods as
   * outdated.
   */
  *keysOf(event: StoreEvent): Generator<string> {
    if (this.#runtime === undefined) return;
    if (!concerns(event, '', 'configmaps') && !concerns(event, '', 'secrets')) return;
    yield* this.#runtime.invalidateVolumes(event.stored.object.metadata.namespace ?? '');
  }

  forget(pod: KubeObject): void {
    const uid = pod.metadata.uid ?? '';
    this.#reported.delete(uid);
    for (const key of this.#paused.keys()) if (key.startsWith(`${uid}/`)) this.#paused.delete(key);
    this.#runtime?.forget(uid);
  }

  /** Kills the processes of pods that no longer exist in the cluster. */
  retain(client: ControllerClient): void {
    const uids = new Set(client.list(PODS, '').map(({ metadata }) => metadata.uid));
    this.#runtime?.retain((uid) => uids.has(uid));
  }

  /**
   * Carries out the pending work for a pod, and writes the status of the pod. Returns the milliseconds until the next
   * change.
   */
  reconcile(pod: KubeObject, client: ControllerClient): number | undefined {
    const startTime = textAt(pod.status, 'startTime') || client.timestamp();
    const refusal = this.#runtime === undefined ? NOT_ALLOWED : this.#refusalOf(pod);
    if (this.#runtime === undefined || refusal !== undefined) {
      const reason = this.#runtime === undefined ? 'ProcessesNotAllowed' : 'ProcessRefused';
      return this.#refuse(pod, client, startTime, reason, refusal ?? NOT_ALLOWED);
    }
    if (isFinished(pod)) {
      this.#runtime.forget(pod.metadata.uid ?? '');
      removeEnded(client, pod);
      return undefined;
    }
    const run = this.#runtime.runOf(pod);
    const decision = run.decide(pod, Date.parse(startTime));
    const { events } = run;
    for (const { reason, message, type } of events) recordEvent(client, pod, KUBELET, reason, message, type);
    if (decision.reason === DEADLINE.reason && textAt(pod.status, 'reason') !== DEADLINE.reason) {
      recordEvent(client, pod, KUBELET, DEADLINE.reason, DEADLINE.message);
    }
    for (const name of decision.pauses.keys()) this.#reportPause(pod, client, name);
    for (const name of decision.stop) recordEvent(client, pod, KUBELET, 'Killing', `Stopping container ${name}`);
    if (decision.isOver && removeEnded(client, pod)) return undefined;
    client.updateStatus(pod, podStatus(pod, processReport(pod, run, decision, startTime), client.timestamp()));
    client.afterwards(`${pod.metadata.uid} processes`, () => {
      run.dropEvents(events.length);
      run.apply(pod, decision);
    });
    return decision.next;
  }

  #refusalOf(pod: KubeObject): string | undefined {
    const { platform, getuid, getgid } = process;
    const problems = processRefusals(pod, { platform, uid: getuid?.(), gid: getgid?.() });
    const problem = limitsProblem(pod);
    if (problem !== undefined) problems.push(problem);
    return problems.length === 0 ? undefined : `this pod cannot run as local processes: ${problems.join('; ')}`;
  }

  #refuse(pod: KubeObject, client: ControllerClient, startTime: string, reason: string, message: string): undefined {
    if (isTerminating(pod) || isFinished(pod)) return void removeEnded(client, pod);
    const uid = pod.metadata.uid ?? '';
    if (this.#reported.get(uid) !== message) {
      this.#reported.set(uid, message);
      recordEvent(client, pod, KUBELET, reason, message, 'Warning');
    }
    const report = refusalReport(pod, startTime, reason, message);
    return void client.updateStatus(pod, podStatus(pod, report, client.timestamp()));
  }

  /** Records one `BackOff` event for each back-off before a restart. */
  #reportPause(pod: KubeObject, client: ControllerClient, name: string): void {
    const key = `${pod.metadata.uid}/${name}`;
    const restarts = this.#runtime?.container(pod, name)?.facts.restarts ?? 0;
    if (this.#paused.get(key) === restarts) return;
    this.#paused.set(key, restarts);
    const message = `Back-off restarting failed container ${name} in pod ${podText(pod)}`;
    recordEvent(client, pod, KUBELET, 'BackOff', message, 'Warning');
  }
}

/** Does the status of the pod report simulated containers? */
const isSimulated = (pod: KubeObject): boolean =>
  objectsAt(pod.status, 'containerStatuses').some((status) => textAt(status, 'imageID').startsWith('simulated://'));
