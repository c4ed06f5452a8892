import { backoffMs, RETRY_POLICIES } from '../../core/index.ts';
import type { Clock } from '../../kube/index.ts';
import type { ApplyAction, Contest } from '../../runtime/index.ts';

/** This number of writes of one object within `WINDOW_MS` makes a contest of the controller with itself. */
export const MAX_REWRITES = 20;
const WINDOW_MS = 60_000;

/**
 * The recent writes that change or recreate one object while the spec of its owner stays the same. Without this count,
 * an owner whose expressions read its own writes, directly or through other owners, would write without end.
 */
export interface RewriteHistory {
  /** The generation and the revision for which the writes are counted. */
  readonly sample: string;
  /** The time of the first counted write (milliseconds since the epoch). */
  readonly since: number;
  readonly writes: number;
  readonly contest?: Contest & { readonly pauses: number };
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
): Contest | undefined {
  const contest = history?.sample === sample ? history.contest : undefined;
  return contest === undefined || contest.endsAt <= now ? undefined : contest;
}

/** The histories of one owner, by the key of the object; `undefined` while there is none. */
type Rewrites = Map<string, RewriteHistory> | undefined;

/** Deletes the histories that are over. Returns the map, or `undefined` when it is empty afterwards. */
export function withoutPastRewrites(rewrites: Rewrites, now: number): Rewrites {
  for (const [key, history] of rewrites ?? []) if (isOver(history, now)) rewrites?.delete(key);
  return rewrites?.size === 0 ? undefined : rewrites;
}

/**
 * Deletes the past histories of owners at rest, so that thousands of new owners cost no memory after a minute or two. A
 * timer exists only while an owner has a history.
 */
export class RewriteSweep {
  readonly #clock: Clock;
  readonly #owners: () => Iterable<{ rewrites: Rewrites }>;
  #timer: { cancel(): void } | undefined;
  #isStopped = false;

  constructor(clock: Clock, owners: () => Iterable<{ rewrites: Rewrites }>) {
    this.#clock = clock;
    this.#owners = owners;
  }

  /** Schedules a sweep, because an owner has a history. */
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

function paused(pauses: number, now: number): Contest & { readonly pauses: number } {
  const pauseMs = backoffMs(RETRY_POLICIES.rewrittenObject, pauses, 0);
  const retryAt = now + pauseMs;
  return { fields: [], managers: [], isOwn: true, pauses, retryAt, endsAt: retryAt + WINDOW_MS };
}
