import { type KubeObject, backoffMs, RETRY_POLICIES } from '@typekro/kit/core';
import { conditionOf, objectsAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import { type ClusterClock, type Timer, timestampOf } from '../cluster-clock.ts';
import { thaw } from '../types/parts.ts';
import { changeObject } from '../verbs/update.ts';
import { type WriteRequest, type WriteServices, liveObject, serverStatusWrite } from '../verbs/write.ts';
import type { Work } from '../work.ts';
import { type ServersContext, type Verdict, lookAt } from './availability.ts';
import { type AggregationGate, REGISTRATION } from './gate.ts';
import type { OtherVersion } from './merge-discovery.ts';

/** The parts of the cluster that the aggregator uses. */
export type AggregatorContext = ServersContext &
  WriteServices & {
    readonly clock: ClusterClock;
    readonly work: Pick<Work, 'enqueueAfter' | 'onStop'>;
    readonly aggregationGate: AggregationGate;
  };

/** The time between two checks of an available server, in milliseconds. kube-aggregator uses the same value. */
const RESYNC_MS = 30_000;

/** The state of one server. */
interface Seen {
  readonly verdict: Verdict;
  readonly resources: Verdict['resources'];
}

/** Checks the servers behind APIServices periodically, and writes the condition `Available` of the APIServices. */
export class Aggregator {
  readonly #context: AggregatorContext;
  readonly #seen = new Map<string, Seen>();
  readonly #timers = new Map<string, Timer>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  #stopped = false;

  constructor(context: AggregatorContext) {
    this.#context = context;
    context.work.onStop(() => this.#stop());
  }

  /** Returns the versions that the servers behind APIServices serve, as of the last checks. */
  versions(): OtherVersion[] {
    return [...this.#context.aggregationGate.all()].map((apiService) => {
      const seen = this.#seen.get(apiService.metadata.name ?? '');
      return { apiService, resources: seen?.resources, isAvailable: seen?.verdict.isAvailable === true };
    });
  }

  /** Returns the path of a version's OpenAPI document on its server. */
  openApiPath({ metadata }: KubeObject): string | undefined {
    return this.#seen.get(metadata.name ?? '')?.verdict.openApiPath;
  }

  /** Checks the server of an APIService. If a check is already running, starts another check after it. */
  look(name: string): void {
    if (this.#stopped) return;
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
    const apiService = this.#context.aggregationGate.named(name);
    if (apiService === undefined) {
      this.#seen.delete(name);
      this.#failures.delete(name);
      return;
    }
    if (this.#running.has(name)) {
      this.#again.add(name);
      return;
    }
    this.#running.add(name);
    this.#context.work.enqueueAfter(lookAt(this.#context, apiService), (verdict) => this.#settle(name, verdict));
  }

  #settle(name: string, verdict: Verdict): void {
    this.#running.delete(name);
    if (this.#again.delete(name)) {
      this.look(name);
      return;
    }
    if (this.#stopped || this.#context.aggregationGate.named(name) === undefined) return;
    this.#seen.set(name, { verdict, resources: verdict.resources ?? this.#seen.get(name)?.resources });
    this.#context.aggregationGate.generation += 1;
    this.#writeCondition(name, verdict);
    const failures = verdict.isAvailable ? 0 : (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    const pause = failures === 0 ? RESYNC_MS : backoffMs(RETRY_POLICIES.apiServer, failures, Math.random());
    this.#timers.set(
      name,
      this.#context.clock.setTimer(pause, () => this.look(name)),
    );
  }

  #writeCondition(name: string, { isAvailable, reason, message }: Verdict): void {
    const write = this.#statusWrite(name);
    const live = write === undefined ? undefined : liveObject(write);
    if (write === undefined || live === undefined) return;
    const known = conditionOf(live, 'Available');
    const status = isAvailable ? 'True' : 'False';
    if (known?.['status'] === status && known['reason'] === reason && known['message'] === message) return;
    const condition = {
      type: 'Available',
      status,
      lastTransitionTime: transitionTimeOf(known, status, timestampOf(this.#context.clock)),
      reason,
      message,
    };
    const next = thaw(live);
    const others = objectsAt(next.status, 'conditions').filter((each) => each['type'] !== 'Available');
    next.status = { ...next.status, conditions: [...others, condition] };
    changeObject(write, live, next);
  }

  #statusWrite(name: string): WriteRequest | undefined {
    const resource = this.#context.registry.find(REGISTRATION.group, REGISTRATION.version, REGISTRATION.plural);
    return resource === undefined ? undefined : serverStatusWrite(this.#context, resource, name);
  }

  #stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
