import { backoffMs, RETRY_POLICIES } from '@typekro/kit/core';
import { fnv32a } from '@typekro/kit/golang';
import type { Clock } from '@typekro/kube';
import type { ApplyAction, Observations } from '@typekro/engine/runtime';

/** This number of writes of one object within `WINDOW_MS` counts as a contest of the controller with itself. */
export const MAX_REWRITES = 20;
const WINDOW_MS = 60_000;
/** From this length on, the list of the objects that were written once reserves room to grow. */
const MIN_RESERVING_LENGTH = 32;

/**
 * The recent writes that change or recreate one object while the spec of its owner stays the same. If these writes were
 * not counted, an owner whose expressions read its own writes, directly or through other owners, would write without
 * end.
 */
export interface RewriteHistory {
  /** The generation and the revision for which the writes are counted. */
  readonly sample: string;
  /** The time from which the writes are counted (milliseconds since the epoch). */
  readonly since: number;
  readonly writes: number;
  readonly contest?: Observations.Contest & { readonly pauses: number };
}

/** Does a write count as a rewrite? The repair of drift and an adoption do not. */
export function isRewrite({ why }: Pick<ApplyAction, 'why'>): boolean {
  return why === 'change' || why === 'create';
}

/** The history after a rewrite. `sample` names the generation and the revision of the owner. */
export function withRewrite(history: RewriteHistory | undefined, sample: string, now: number): RewriteHistory {
  const known = history?.sample === sample && !isOver(history, now) ? history : undefined;
  const { since, writes, contest } = known ?? { since: now, writes: 0 };
  const isContest = writes + 1 >= MAX_REWRITES;
  return {
    sample,
    since,
    writes: writes + 1,
    ...(isContest ? { contest: paused((contest?.pauses ?? 0) + 1, now) } : {}),
  };
}

/** The contest that is going on at `now`; `undefined` when there is none. */
export function rewriteContestAt(
  history: RewriteHistory | undefined,
  sample: string,
  now: number,
): Observations.Contest | undefined {
  const contest = history?.sample === sample ? history.contest : undefined;
  return contest === undefined || contest.endsAt <= now ? undefined : contest;
}

/**
 * The rewrites of the objects of one owner. Every new object is written once, and most are not written again within the
 * window. Such an object takes the memory of one number. An object has a history from its second write on.
 */
export class Rewrites {
  /**
   * The generation and the revision (`RewriteHistory.sample`) of the writes in `#once`, and the time of the first of
   * these writes.
   */
  #sample = '';
  #since = 0;
  /**
   * Hashes of the keys of the objects that were written once. Two keys with the same hash count as one object, so the
   * history of the second object begins with two writes.
   */
  #once: number[] = [];
  #histories: Map<string, RewriteHistory> | undefined;

  /** Counts a rewrite of the object with this key. `sample` names the generation and the revision of the owner. */
  add(key: string, sample: string, now: number): void {
    const history = this.#histories?.get(key) ?? this.#first(key, sample, now);
    if (history !== undefined) (this.#histories ??= new Map()).set(key, withRewrite(history, sample, now));
  }

  /** The contest that an object has at `now`; `undefined` when there is none. */
  contestAt(key: string, sample: string, now: number): Observations.Contest | undefined {
    return rewriteContestAt(this.#histories?.get(key), sample, now);
  }

  /** Deletes the histories and first writes whose time is over. Returns true when nothing is left. */
  deletePast(now: number): boolean {
    for (const [key, history] of this.#histories ?? []) if (isOver(history, now)) this.#histories?.delete(key);
    if (this.#histories?.size === 0) this.#histories = undefined;
    if (this.#isOnceOver(now)) this.#once = [];
    return this.#histories === undefined && this.#once.length === 0;
  }

  /** The history of an object that was written once before. Records the first write of any other object. */
  #first(key: string, sample: string, now: number): RewriteHistory | undefined {
    if (this.#sample !== sample || this.#isOnceOver(now)) {
      this.#sample = sample;
      this.#since = now;
      this.#once = [];
    }
    const hash = fnv32a(key) | 0;
    if (this.#once.includes(hash)) return { sample, since: this.#since, writes: 1 };
    // `concat` allocates the exact length. `push` reserves room to grow, which saves time only for many objects.
    if (this.#once.length < MIN_RESERVING_LENGTH) this.#once = this.#once.concat(hash);
    else this.#once.push(hash);
    return undefined;
  }

  #isOnceOver(now: number): boolean {
    return now - this.#since > WINDOW_MS;
  }
}

/** Deletes the histories that are over. Returns `undefined` when nothing is left. */
export function withoutPastRewrites(rewrites: Rewrites | undefined, now: number): Rewrites | undefined {
  return rewrites?.deletePast(now) === true ? undefined : rewrites;
}

/**
 * Deletes the past rewrites of owners at rest, so that thousands of new owners cost no memory after a minute or two. A
 * timer exists only while an owner has rewrites.
 */
export class RewriteSweep {
  readonly #clock: Clock;
  readonly #owners: () => Iterable<{ rewrites: Rewrites | undefined }>;
  #timer: { cancel(): void } | undefined;
  #isStopped = false;

  constructor(clock: Clock, owners: () => Iterable<{ rewrites: Rewrites | undefined }>) {
    this.#clock = clock;
    this.#owners = owners;
  }

  /** Schedules a sweep, because an owner has rewrites. */
  schedule(): void {
    if (this.#isStopped) return;
    this.#timer ??= this.#clock.setTimer(WINDOW_MS, () => this.#sweep());
  }

  /** Cancels the sweep, and ignores later calls of `schedule`. A stopped controller leaves no timer. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let isDue = false;
    for (const owner of this.#owners()) {
      owner.rewrites = withoutPastRewrites(owner.rewrites, now);
      isDue ||= owner.rewrites !== undefined;
    }
    if (isDue) this.schedule();
  }
}

function isOver({ since, contest }: RewriteHistory, now: number): boolean {
  return contest === undefined ? now - since > WINDOW_MS : contest.endsAt <= now;
}

function paused(pauses: number, now: number): Observations.Contest & { readonly pauses: number } {
  const pauseMs = backoffMs(RETRY_POLICIES.rewrittenObject, pauses, 0);
  const retryAt = now + pauseMs;
  return { fields: [], managers: [], isOwn: true, pauses, retryAt, endsAt: retryAt + WINDOW_MS };
}
