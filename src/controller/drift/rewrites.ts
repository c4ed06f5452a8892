import { backoffMs, RETRY_POLICIES } from '../../core/index.ts';
import type { Clock } from '../../kube/index.ts';
import type { ApplyAction, Contest } from '../../runtime/index.ts';

/** This number of writes of one object within `WINDOW_MS` makes a contest of the controller with itself. */
export const MAX_REWRITES = 20;
const WINDOW_MS = 60_000;

interface Count {
  /** The generation and the revision for which the writes are counted. */
  readonly sample: string;
  readonly since: number;
  readonly writes: number;
  readonly contest?: Contest & { readonly pauses: number };
}

/**
 * Counts the writes that change or recreate an object while the spec of its owner stays the same. Without these counts,
 * an owner whose expressions read its own writes, directly or through other owners, would write without end. The counts
 * are kept for a minute or two, so that owners at rest cost nothing.
 */
export class Rewrites {
  readonly #clock: Clock;
  readonly #counts = new Map<object, Map<string, Count>>();
  #isSweepDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts a write. `owner` is the controller's record of the instance or Graph: another instance of the same name has
   * another record, and with it other counts. `key` is the key of the object.
   */
  note(owner: object, sample: string, key: string, { why }: Pick<ApplyAction, 'why'>): void {
    if (why !== 'change' && why !== 'create') return;
    const now = this.#clock.now();
    const counts = this.#counts.get(owner) ?? new Map<string, Count>();
    this.#counts.set(owner, counts);
    const known = counts.get(key);
    const isCurrent = known?.sample === sample && !isOver(known, now);
    const { since, writes, contest } = isCurrent ? known : { since: now, writes: 0, contest: undefined };
    const isContest = contest !== undefined || writes + 1 >= MAX_REWRITES;
    counts.set(key, {
      sample,
      since,
      writes: writes + 1,
      ...(isContest ? { contest: paused((contest?.pauses ?? 0) + 1, now) } : {}),
    });
    this.#sweepLater();
  }

  /** The present contest for an object; `undefined` when there is none. */
  contest(owner: object, sample: string, key: string, now: number): Contest | undefined {
    const known = this.#counts.get(owner)?.get(key);
    const { contest } = known?.sample === sample ? known : {};
    return contest === undefined || contest.endsAt <= now ? undefined : contest;
  }

  #sweepLater(): void {
    if (this.#isSweepDue) return;
    this.#isSweepDue = true;
    this.#clock.setTimer(WINDOW_MS, () => {
      this.#isSweepDue = false;
      const now = this.#clock.now();
      for (const [owner, counts] of this.#counts) {
        for (const [key, count] of counts) if (isOver(count, now)) counts.delete(key);
        if (counts.size === 0) this.#counts.delete(owner);
      }
      if (this.#counts.size > 0) this.#sweepLater();
    });
  }
}

function isOver({ since, contest }: Count, now: number): boolean {
  return contest === undefined ? now - since > WINDOW_MS : contest.endsAt <= now;
}

function paused(pauses: number, now: number): Contest & { readonly pauses: number } {
  const pauseMs = backoffMs(RETRY_POLICIES.rewrittenObject, pauses, 0);
  const retryAt = now + pauseMs;
  return { fields: [], managers: [], isOwn: true, pauses, retryAt, endsAt: retryAt + WINDOW_MS };
}
