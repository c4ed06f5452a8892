import { setMaxListeners } from 'node:events';
import { backoffMs, monotonicMs, RETRY_POLICIES } from '../../core/index.ts';
import type { Clock } from '../../kube/index.ts';
import type { WorkKey } from './work-queue.ts';
import { WorkQueue } from './work-queue.ts';

/** When to look at the key again even if nothing calls for it, in milliseconds since 1970. */
export interface WorkResult {
  readonly requeueAt?: number;
}

/** How a runner works. */
export interface RunnerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** How many keys are worked on at the same time. */
  readonly concurrency: number;
  /** Does the work of a key. What it throws is reported and tried again with growing pauses. */
  readonly work: (key: WorkKey, signal: AbortSignal) => Promise<WorkResult>;
  readonly onError: (key: WorkKey, error: unknown, retryInMs: number, failures: number) => void;
  /** Told how long each piece of work waited for a place after it fell due. */
  readonly onDequeue?: (waitedMs: number) => void;
}

/** Passes of one group, and what gives them up. */
interface Underway {
  readonly abort: AbortController;
  readonly passes: Set<Promise<void>>;
}

/**
 * Takes due work from a queue and does it, so much at a time. A failing key comes back after 0.1 s,
 * doubling up to a minute, with jitter; `wake` (an event) brings it back at once and starts the pauses
 * over. Never gives up on a key.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #queue = new WorkQueue();
  readonly #failures = new Map<string, number>();
  readonly #stopping = new AbortController();
  /** What is under way, by group. */
  readonly #under = new Map<string, Underway>();
  /** Since when each piece of work is under way. */
  readonly #began = new Map<string, number>();
  #retries = 0;
  #timer: { cancel(): void } | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #pumping = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Something relevant happened: do the work now. */
  wake(work: WorkKey): void {
    this.#failures.delete(`${work.group}\0${work.key}`);
    this.at(work, this.#options.clock.now());
  }

  /** Do the work at a time, or earlier if something happens. */
  at(work: WorkKey, dueAt: number): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#queue.add(work, dueAt, this.#options.clock.now())) this.#pump();
  }

  /** Is anything due or under way? Work that waits for its time does not count. */
  get busy(): boolean {
    const now = this.#options.clock.now();
    const due = this.#queue.nextDue(now);
    return this.#queue.running > 0 || (due !== undefined && due <= now);
  }

  /** How many keys are worked on. */
  get active(): number {
    return this.#queue.running;
  }

  /** How many keys are worked on at the same time, at most. */
  get concurrency(): number {
    return this.#options.concurrency;
  }

  /** How often a key fell due. */
  get adds(): number {
    return this.#queue.adds;
  }

  /** How often a key was put back since its work failed. */
  get retries(): number {
    return this.#retries;
  }

  /** How long the passes under way have taken by now, by the clock that never jumps. */
  underway(now: number): { readonly unfinishedSeconds: number; readonly longestSeconds: number } {
    let [sum, longest] = [0, 0];
    for (const began of this.#began.values()) {
      sum += now - began;
      longest = Math.max(longest, now - began);
    }
    return { unfinishedSeconds: sum / 1000, longestSeconds: longest / 1000 };
  }

  /** How many keys are due and wait for a place. */
  get backlog(): number {
    return this.#queue.ready;
  }

  /** Settles when nothing is due or under way. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /**
   * Takes no more work and settles when what is under way ended; its signal is aborted after `graceMs`, or as soon
   * as `abortGrace` aborts.
   */
  async stop(graceMs: number, abortGrace?: AbortSignal): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopping.abort();
    await this.drain(() => true, graceMs, abortGrace);
    this.#settleIdle();
  }

  /** Settles when what is under way of some groups ended, as `stop` does; the caller sees to it that no more begins. */
  async drain(leaves: (group: string) => boolean, graceMs: number, abortGrace?: AbortSignal): Promise<void> {
    const leaving = [...this.#under].filter(([group]) => leaves(group)).map(([, under]) => under);
    if (leaving.length === 0) return;
    const giveUp = () => {
      for (const { abort } of leaving) abort.abort();
    };
    const timer = this.#options.clock.setTimer(graceMs, giveUp);
    abortGrace?.addEventListener('abort', giveUp, { once: true });
    if (abortGrace?.aborted === true) giveUp();
    await Promise.all(leaving.flatMap(({ passes }) => [...passes]));
    timer.cancel();
    abortGrace?.removeEventListener('abort', giveUp);
  }

  /** Starts work as long as there is some and there is room. Events of one moment are taken together. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#start();
    });
  }

  #start(): void {
    const { clock, concurrency } = this.#options;
    while (!this.#stopping.signal.aborted && this.#queue.running < concurrency) {
      const work = this.#queue.take(clock.now());
      if (work === undefined) break;
      this.#options.onDequeue?.(this.#queue.waited);
      this.#begin(work);
    }
    this.#setTimer();
    if (!this.busy) this.#settleIdle();
  }

  #begin(work: WorkKey): void {
    const { group } = work;
    const under = this.#under.get(group) ?? newUnderway();
    this.#under.set(group, under);
    const pass = this.#run(work, under.abort.signal).finally(() => {
      under.passes.delete(pass);
      if (under.passes.size === 0) this.#under.delete(group);
    });
    under.passes.add(pass);
  }

  async #run(work: WorkKey, signal: AbortSignal): Promise<void> {
    const { clock, random, onError } = this.#options;
    const id = `${work.group}\0${work.key}`;
    this.#began.set(id, monotonicMs());
    try {
      const { requeueAt } = await this.#options.work(work, signal);
      this.#failures.delete(id);
      if (requeueAt !== undefined) this.at(work, requeueAt);
    } catch (error) {
      const failures = (this.#failures.get(id) ?? 0) + 1;
      this.#failures.set(id, failures);
      this.#retries += 1;
      const pause = backoffMs(RETRY_POLICIES.workQueue, failures, random());
      if (!this.#stopping.signal.aborted) onError(work, error, pause, failures);
      this.at(work, clock.now() + pause);
    } finally {
      this.#began.delete(id);
      this.#queue.done(work, clock.now());
      this.#pump();
    }
  }

  /** One timer, for the work that falls due next. */
  #setTimer(): void {
    if (this.#stopping.signal.aborted) return;
    const { clock } = this.#options;
    const due = this.#queue.nextDue(clock.now());
    if (due === undefined || due <= clock.now() || (this.#timer !== undefined && due === this.#timerDue)) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = clock.setTimer(due - clock.now(), () => {
      this.#timer = undefined;
      this.#pump();
    });
  }

  #settleIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

function newUnderway(): Underway {
  const abort = new AbortController();
  // Every request under way listens to it, which is no leak.
  setMaxListeners(0, abort.signal);
  return { abort, passes: new Set() };
}
