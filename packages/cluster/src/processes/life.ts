/** Decides what happens next in the life of a pod whose containers are processes, as a kubelet does. */
import { type JsonObject, type KubeObject, backoffMs, RETRY_POLICIES, STABLE_RUN_MS } from '@typekro/kit/core';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** The end of a container's run. Times are in milliseconds since the epoch. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** The current state of a container. */
export type ContainerState =
  | { readonly is: 'new' }
  /** The container cannot start. The next attempt is at `retryMs`. */
  | { readonly is: 'blocked'; readonly reason: string; readonly message: string; readonly retryMs: number }
  | {
      readonly is: 'running';
      readonly startedMs: number;
      /** Has the startup probe succeeded, or is there none? */
      readonly started: boolean;
      readonly ready: boolean;
      readonly stopping: boolean;
    }
  | { readonly is: 'ended'; readonly end: ContainerEnd };

/** The facts about a container. */
export interface ContainerFacts {
  readonly state: ContainerState;
  /** The number of restarts so far. */
  readonly restarts: number;
  /**
   * The number of ends since the last stable run. The end of a run of at least `STABLE_RUN_MS` sets the number to 1.
   */
  readonly quickEnds: number;
}

export const NEW_CONTAINER: ContainerFacts = { state: { is: 'new' }, restarts: 0, quickEnds: 0 };

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The next actions, and the values for the status. */
export interface LifeDecision {
  /** The containers that start now. */
  readonly start: readonly string[];
  /** The containers that are stopped now. */
  readonly stop: readonly string[];
  /** The pauses before restarts, in milliseconds, keyed by the name of the container that waits for its restart. */
  readonly pauses: ReadonlyMap<string, number>;
  readonly phase: PodPhase;
  readonly initialized: boolean;
  /** Is the pod complete, so that no container runs or starts any more? */
  readonly isOver: boolean;
  /** The reason for the whole pod, such as `DeadlineExceeded`. */
  readonly reason?: string;
  /** The milliseconds until the decision may change without an event; `undefined` when only an event can change it. */
  readonly next: number | undefined;
}

/** The pause before a restart: none after the first quick end, then 10 s, 20 s and so on to 5 minutes. */
export const pauseMs = (quickEnds: number): number =>
  quickEnds <= 1 ? 0 : backoffMs(RETRY_POLICIES.endedContainer, quickEnds - 1, 0);

/** The value of `quickEnds` after another end. */
export const quickEndsAfter = (quickEnds: number, { startedMs, endedMs }: ContainerEnd): number =>
  endedMs - startedMs >= STABLE_RUN_MS ? 1 : quickEnds + 1;

/** Is the init container a sidecar, which keeps running while the containers run? */
export const isSidecar = (container: JsonObject): boolean => container['restartPolicy'] === 'Always';

/** Decides the next actions for a pod from the states of its containers. `startMs` is the start time of the pod. */
export function decideLife(
  pod: KubeObject,
  factsOf: (name: string) => ContainerFacts,
  startMs: number,
  nowMs: number,
): LifeDecision {
  const init = objectsAt(pod.spec, 'initContainers');
  const main = objectsAt(pod.spec, 'containers');
  const deadline = numberAt(pod.spec, 'activeDeadlineSeconds');
  const deadlineMs = deadline === undefined ? Number.POSITIVE_INFINITY : startMs + deadline * 1000 - nowMs;
  const life = new Life(factsOf, textAt(pod.spec, 'restartPolicy') || 'Always', nowMs);
  const stateOf = (container: JsonObject) => factsOf(nameOf(container)).state;
  const hasBegun = main.some((container) => stateOf(container).is !== 'new');
  const initialized = hasBegun || init.every((container) => hasPassed(container, factsOf(nameOf(container))));
  if (pod.metadata.deletionTimestamp !== undefined) return life.end(init, main, initialized, undefined);
  if (deadlineMs <= 0) return life.end(init, main, initialized, 'DeadlineExceeded');
  life.wake(deadlineMs);
  for (const container of init) {
    // After the containers have begun, a crashed sidecar is restarted without blocking them.
    if (hasBegun && isSidecar(container)) life.run(nameOf(container), 'Always');
    else if (!hasBegun && !life.initialize(container)) {
      return life.failed ? life.end(init, main, false, undefined) : life.decision('Pending', false);
    }
  }
  for (const container of main) life.run(nameOf(container), life.policy);
  if (main.every((container) => life.isFinal(stateOf(container), life.policy))) {
    return life.end(init, main, true, undefined);
  }
  const hasRun = main.some((container) => ['running', 'ended'].includes(stateOf(container).is));
  return life.decision(hasRun ? 'Running' : 'Pending', true);
}

const nameOf = (container: JsonObject): string => textAt(container, 'name');

/** Does the init container let the next container start? */
function hasPassed(container: JsonObject, { state }: ContainerFacts): boolean {
  if (isSidecar(container)) return state.is === 'running' && state.started;
  return state.is === 'ended' && state.end.exitCode === 0;
}

/** Builds one decision. */
class Life {
  readonly policy: string;
  readonly #factsOf: (name: string) => ContainerFacts;
  readonly #now: number;
  readonly #start: string[] = [];
  readonly #stop: string[] = [];
  readonly #pauses = new Map<string, number>();
  #next = Number.POSITIVE_INFINITY;
  /** Has an init container failed permanently? */
  failed = false;

  constructor(factsOf: (name: string) => ContainerFacts, policy: string, now: number) {
    this.#factsOf = factsOf;
    this.policy = policy;
    this.#now = now;
  }

  /** Requests a new decision after at most this time. */
  wake(milliseconds: number): void {
    this.#next = Math.min(this.#next, milliseconds);
  }

  /** Runs an init container. Returns true when the next container may start. */
  initialize(container: JsonObject): boolean {
    const name = nameOf(container);
    const facts = this.#factsOf(name);
    const policy = isSidecar(container) ? 'Always' : this.policy === 'Always' ? 'OnFailure' : this.policy;
    // This is computed before `run`, because a container that starts now has not passed yet.
    const passed = hasPassed(container, facts);
    if (!passed) {
      this.failed ||= this.isFinal(facts.state, policy);
      this.run(name, policy);
    }
    return passed;
  }

  /** Has the container ended, and does the policy allow no restart? */
  isFinal(state: ContainerState, policy: string): boolean {
    if (state.is !== 'ended') return false;
    return policy === 'Never' || (policy === 'OnFailure' && state.end.exitCode === 0);
  }

  /** Starts a container that does not run, unless it has ended permanently or waits for its restart. */
  run(name: string, policy: string): void {
    const { state, quickEnds } = this.#factsOf(name);
    if (state.is === 'new') this.#start.push(name);
    if (state.is === 'blocked') this.#startAt(name, state.retryMs);
    if (state.is !== 'ended' || this.isFinal(state, policy)) return;
    const pause = pauseMs(quickEnds);
    if (state.end.endedMs + pause > this.#now) this.#pauses.set(name, pause);
    this.#startAt(name, state.end.endedMs + pause);
  }

  #startAt(name: string, time: number): void {
    if (time <= this.#now) this.#start.push(name);
    else this.wake(time - this.#now);
  }

  /**
   * Decides what to stop next in a pod that ends: first all its containers, then its sidecars, one after another in
   * reverse order.
   */
  end(
    init: readonly JsonObject[],
    main: readonly JsonObject[],
    initialized: boolean,
    reason: string | undefined,
  ): LifeDecision {
    const names = main.map(nameOf);
    const regular = init.filter((container) => !isSidecar(container)).map(nameOf);
    const sidecars = init.filter(isSidecar).map(nameOf).toReversed();
    const running = (name: string) => this.#factsOf(name).state.is === 'running';
    const first = [...regular, ...names].filter(running);
    // The sidecars are stopped one after another.
    const ending = first.length > 0 ? first : sidecars.filter(running).slice(0, 1);
    for (const name of ending) {
      const { state } = this.#factsOf(name);
      if (state.is === 'running' && !state.stopping) this.#stop.push(name);
    }
    const isOver = ending.length === 0;
    const succeeded =
      reason === undefined &&
      initialized &&
      names.every((name) => {
        const { state } = this.#factsOf(name);
        return state.is === 'ended' && state.end.exitCode === 0;
      });
    this.#start.length = 0;
    this.#pauses.clear();
    this.#next = Number.POSITIVE_INFINITY;
    const phase = isOver ? (succeeded ? 'Succeeded' : 'Failed') : initialized ? 'Running' : 'Pending';
    return { ...this.decision(phase, initialized), isOver, ...(reason === undefined ? {} : { reason }) };
  }

  decision(phase: PodPhase, initialized: boolean): LifeDecision {
    return {
      start: this.#start,
      stop: this.#stop,
      pauses: this.#pauses,
      phase,
      initialized,
      isOver: false,
      next: Number.isFinite(this.#next) ? this.#next : undefined,
    };
  }
}
