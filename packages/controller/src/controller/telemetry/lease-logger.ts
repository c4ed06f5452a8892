import { apiFailure } from '../../execute/index.ts';
import { type Clock, type KubeError, elapsed } from '@typekro/kube';
import { Failure } from '@typekro/engine/runtime';
import type { Logger } from '../logger.ts';

/** The interval, in milliseconds, at which the log repeats that the Lease cannot be read or renewed. */
const REMINDER_MS = 60_000;

/**
 * Logs that a Lease cannot be read or renewed: each reason at once when it first occurs, and then at most once a
 * minute. Also logs the recovery. No other log entry of a waiting replica reports these failures.
 */
export class LeaseLogger {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'elapsed' | 'now'>;
  readonly #lease: string;
  #seen = false;
  #failedAt: number | undefined;
  /** The time of the last log entry by reason. Entries older than `REMINDER_MS` are removed. */
  readonly #reportedAt = new Map<string, number>();

  constructor(logger: Logger, clock: Pick<Clock, 'elapsed' | 'now'>, lease: string) {
    this.#logger = logger;
    this.#clock = clock;
    this.#lease = lease;
  }

  /** Did the last poll of the Lease succeed? */
  get reachable(): boolean {
    return this.#seen && this.#failedAt === undefined;
  }

  /** Handles the result of a poll. `failure` is `undefined` after a success. */
  polled(failure: KubeError | undefined): void {
    const now = elapsed(this.#clock);
    const lease = this.#lease;
    if (failure === undefined) {
      this.#seen = true;
      if (this.#failedAt === undefined) return;
      this.#reportedAt.clear();
      this.#logger.log('info', 'the lease can be read or renewed again', { lease, afterMs: now - this.#failedAt });
      this.#failedAt = undefined;
      return;
    }
    // An election aborts requests that take too long.
    const isSilent = failure.reason === 'Aborted';
    const error = isSilent ? 'the API server did not respond in time' : Failure.text(apiFailure(failure, undefined));
    this.#failedAt ??= now;
    for (const [reason, at] of this.#reportedAt) if (now - at >= REMINDER_MS) this.#reportedAt.delete(reason);
    if (this.#reportedAt.has(error)) return;
    this.#reportedAt.set(error, now);
    const forMs = now - this.#failedAt;
    const { status, remedy } = failure;
    const hint = status === 0 && remedy !== undefined ? { remedy } : {};
    this.#logger.log('warn', 'the lease cannot be read or renewed', {
      lease,
      error,
      ...hint,
      ...(forMs === 0 ? {} : { forMs }),
    });
  }
}
