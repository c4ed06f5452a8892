import { setMaxListeners } from 'node:events';
import { backoffMs, monotonicMs, RETRY_POLICIES } from '@typekro/kit/core';
import type { Clock } from '@typekro/kube';
import { type WorkKey, WorkQueue } from './work-queue.ts';

/**
 * The result of a piece of work. `requeueAt` is the time of the next run without an event, in milliseconds since the
 * epoch.
 */
export interface WorkResult {
  readonly requeueAt?: number;
}

/** The dependencies and limits of a `Runner`. */
export interface RunnerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The maximum number of keys that run at the same time. */
  readonly concurrency: number;
  /** Does the work of a key. When it throws, the error is reported and the work is retried with growing pauses. */
  readonly work: (key: WorkKey, signal: AbortSignal) => Promise<WorkResult>;
  readonly onError: (key: WorkKey, error: unknown, retryInMs: number, failures: number) => void;
  /** Called with the time for which each piece of due work waited for a free worker. */
  readonly onDequeue?: (waitedMs: number) => void;
}

/** The number of passes without an event that may follow each other at once. */
const MAX_FREE_REPEATS = 5;

/**
 * The next run of a pass that asks for it at `requeueAt`, and the number of passes so far that followed each other at once
 * without an event. Such passes seem to change nothing: they get growing pauses, in which the process does other work and
 * notices its end.
 */
export function nextRun(
  requeueAt: number,
  now: number,
  repeats: number,
): { readonly at: number; readonly repeats: number } {
  if (requeueAt > now) return { at: requeueAt, repeats: 0 };
  const count = repeats + 1;
  const excess = count - MAX_FREE_REPEATS;
  return { at: excess > 0 ? now + backoffMs(RETRY_POLICIES.idleRepeat, excess, 0) : now, repeats: count };
}

/** The running passes of one group, and their abort controller. */
interface Underway {
  readonly abort: AbortController;
  readonly passes: Set<Promise<void>>;
}

/**
 * Takes due work from a queue and runs it with limited concurrency. A failed key is retried after the pauses of
 * `RETRY_POLICIES.workQueue`, any number of times. An event (`wake`) retries the key at once.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #queue = new WorkQueue();
  readonly #failures = new Map<string, number>();
  /** The passes that followed each other at once, by key. See `nextRun`. */
  readonly #repeats = new Map<string, number>();
  readonly #stopping = new AbortController();
  /** Running passes, by group. */
  readonly #underway = new Map<string, Underway>();
  /** The start of each running pass. */
  readonly #began = new Map<string, number>();
  #retries = 0;
  #timer: { cancel(): void } | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #pumping = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Makes work due at once. Called for an event. */
  wake(work: WorkKey): void {
    const id = `${work.group}\0${work.key}`;
    this.#failures.delete(id);
    this.#repeats.delete(id);
    this.at(work, this.#options.clock.now());
  }

  /** Makes work due at a time, unless it is due earlier. */
  at(work: WorkKey, dueAt: number): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#queue.add(work, dueAt, this.#options.clock.now())) this.#pump();
  }

  /** Is any work due or running? Work that is due later does not count. */
  get busy(): boolean {
    const now = this.#options.clock.now();
    const due = this.#queue.nextDue(now);
    return this.#queue.running > 0 || (due !== undefined && due <= now);
  }

  /** The number of running keys. */
  get active(): number {
    return this.#queue.running;
  }

  /** The maximum number of keys that run at the same time. */
  get concurrency(): number {
    return this.#options.concurrency;
  }

  /** How many times a key became due. */
  get adds(): number {
    return this.#queue.adds;
  }

  /** How many times a key was queued again after a failure. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * The durations of the running passes so far: their sum and their maximum. `now` is a monotonic time in milliseconds.
   */
  underway(now: number): { readonly unfinishedSeconds: number; readonly longestSeconds: number } {
    let [sum, longest] = [0, 0];
    for (const began of this.#began.values()) {
      sum += now - began;
      longest = Math.max(longest, now - began);
    }
    return { unfinishedSeconds: sum / 1000, longestSeconds: longest / 1000 };
  }

  /** The number of keys that are due and wait for a free worker. */
  get backlog(): number {
    return this.#queue.ready;
  }

  /** Settles when no work is due or running. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /**
   * Takes no more work. Settles when the running passes have ended. The signals of the passes abort after `graceMs`, or
   * when `abortGrace` aborts.
   */
  async stop(graceMs: number, abortGrace?: AbortSignal): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopping.abort();
    await this.drain(() => true, graceMs, abortGrace);
    this.#settleIdle();
  }

  /**
   * Like `stop`, but only for the groups for which `leaves` returns true. The caller must prevent new passes of these
   * groups.
   */
  async drain(leaves: (group: string) => boolean, graceMs: number, abortGrace?: AbortSignal): Promise<void> {
    const leaving = [...this.#underway].filter(([group]) => leaves(group)).map(([, underway]) => underway);
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

  /** Starts due work while workers are free. All events of one tick are handled together. */
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
    const underway = this.#underway.get(group) ?? newUnderway();
    this.#underway.set(group, underway);
    const pass = this.#run(work, underway.abort.signal).finally(() => {
      underway.passes.delete(pass);
      if (underway.passes.size === 0) this.#underway.delete(group);
    });
    underway.passes.add(pass);
  }

  async #run(work: WorkKey, signal: AbortSignal): Promise<void> {
    const { clock, random, onError } = this.#options;
    const id = `${work.group}\0${work.key}`;
    this.#began.set(id, monotonicMs());
    try {
      const { requeueAt } = await this.#options.work(work, signal);
      this.#failures.delete(id);
      if (requeueAt !== undefined) this.#repeat(work, id, requeueAt);
      else this.#repeats.delete(id);
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

  #repeat(work: WorkKey, id: string, requeueAt: number): void {
    const { at, repeats } = nextRun(requeueAt, this.#options.clock.now(), this.#repeats.get(id) ?? 0);
    if (repeats > 0) this.#repeats.set(id, repeats);
    else this.#repeats.delete(id);
    this.at(work, at);
  }

  /** Sets the timer to the time at which the next work becomes due. */
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
  // Every running request adds a listener, so many listeners are not a leak.
  setMaxListeners(0, abort.signal);
  return { abort, passes: new Set() };
}
