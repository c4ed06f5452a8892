import type { JsonObject } from '@typekro/kit/core';
import { optionalAt } from '@typekro/kit/kubernetes';
import type { ClusterClock, Timer } from '../cluster-clock.ts';
import type { AttemptResult } from './probe.ts';
import { type ProbeCount, type ProbePlan, countResult, NO_RESULTS, probePlan } from './probe-plan.ts';

/** The fields of a container's probes, and the names of the probes in events. */
const PROBES = [
  ['startupProbe', 'Startup'],
  ['readinessProbe', 'Readiness'],
  ['livenessProbe', 'Liveness'],
] as const;

type ProbeKind = (typeof PROBES)[number][1];

/** The actions that the probes of a run need, and the reactions to their results. */
export interface ProberHost {
  readonly clock: ClusterClock;
  attempt(action: JsonObject, timeoutMs: number): Promise<AttemptResult>;
  /** Called when a verdict has changed. For a failure that restarts the container, `kill` is called instead. */
  changed(): void;
  /** Called when an attempt has failed. `message` is the message of the event. */
  failed(message: string): void;
  /** Called when the container must restart after failures of `probe`. `message` is the message of the event. */
  kill(message: string, probe: JsonObject): void;
}

/** Runs the probes of one run of a container. */
export class Prober {
  readonly #host: ProberHost;
  readonly #container: JsonObject;
  readonly #timers = new Map<ProbeKind, Timer>();
  readonly #counts = new Map<ProbeKind, ProbeCount>();
  #isStopped = false;

  constructor(container: JsonObject, host: ProberHost) {
    this.#host = host;
    this.#container = container;
    if (this.#action('Startup') === undefined) this.#startOthers();
    else this.#schedule('Startup');
  }

  /** Has the startup probe succeeded, or is there none? */
  get started(): boolean {
    return this.#action('Startup') === undefined || this.#verdict('Startup') === 'success';
  }

  get ready(): boolean {
    return this.started && (this.#action('Readiness') === undefined || this.#verdict('Readiness') === 'success');
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #action(kind: ProbeKind): JsonObject | undefined {
    const [field = ''] = PROBES.find(([, name]) => name === kind) ?? [];
    return optionalAt(this.#container, field);
  }

  #verdict(kind: ProbeKind): ProbeCount['verdict'] {
    return this.#counts.get(kind)?.verdict ?? 'unknown';
  }

  #startOthers(): void {
    this.#schedule('Readiness');
    this.#schedule('Liveness');
  }

  #schedule(kind: ProbeKind): void {
    const action = this.#action(kind);
    if (action === undefined) return;
    const plan = probePlan(action);
    const isFirst = !this.#counts.has(kind);
    const delay = isFirst ? plan.initialDelayMs : plan.periodMs;
    if (delay === 0) void this.#run(kind, action, plan);
    else
      this.#timers.set(
        kind,
        this.#host.clock.setTimer(delay, () => void this.#run(kind, action, plan)),
      );
  }

  async #run(kind: ProbeKind, action: JsonObject, plan: ProbePlan): Promise<void> {
    const { succeeded, output } = await this.#host.attempt(action, plan.timeoutMs);
    if (this.#isStopped) return;
    const before = this.#counts.get(kind) ?? NO_RESULTS;
    const count = countResult(before, succeeded, plan);
    this.#counts.set(kind, count);
    if (!succeeded) this.#host.failed(`${kind} probe failed: ${output}`);
    if (count.verdict === 'failure' && kind !== 'Readiness') {
      this.stop();
      this.#host.kill(`failed ${kind.toLowerCase()} probe`, action);
      return;
    }
    if (count.verdict !== before.verdict) {
      if (kind === 'Startup' && count.verdict === 'success') this.#startOthers();
      this.#host.changed();
    }
    if (kind !== 'Startup' || count.verdict !== 'success') this.#schedule(kind);
  }
}
