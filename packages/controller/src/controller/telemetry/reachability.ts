import { type Clock, type KubeError, type RequestMeter, elapsed } from '@typekro/kube';
import type { Logger } from '../logger.ts';

/**
 * The interval, in milliseconds, at which the log repeats that the server cannot be reached or refuses the credentials.
 */
const REMINDER_MS = 60_000;

/**
 * The time of failures without any response after which the server counts as out of reach, in milliseconds. A watch of a
 * server that is out of reach is tried at least every five seconds. A single lost request does not count.
 */
const OUT_OF_REACH_MS = 10_000;

/**
 * Logs that the API server cannot be reached or refuses the credentials. Repeats the entry once a minute until the
 * recovery, and logs the recovery. Until then all requests fail for the same reason, so `WatchErrorLogger` does
 * not log the failures of watches.
 */
export class Reachability implements RequestMeter {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'elapsed' | 'now'>;
  #lostAt: number | undefined;
  #failedAt = 0;
  #reportedAt = 0;
  #refusedAt: number | undefined;
  #refusalLoggedAt = 0;
  #isReached = false;

  constructor(logger: Logger, clock: Pick<Clock, 'elapsed' | 'now'>) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Has the server responded to any request? */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Has no request of the last seconds got a response? */
  get isOutOfReach(): boolean {
    return this.#lostAt !== undefined && this.#failedAt - this.#lostAt >= OUT_OF_REACH_MS;
  }

  unanswered(_method: string, { message }: KubeError): void {
    const now = elapsed(this.#clock);
    this.#failedAt = now;
    if (this.#lostAt !== undefined && now - this.#reportedAt < REMINDER_MS) return;
    this.#lostAt ??= now;
    this.#reportedAt = now;
    const forMs = now - this.#lostAt;
    this.#logger.log('warn', 'the API server does not respond', { error: message, ...(forMs === 0 ? {} : { forMs }) });
  }

  answered(_method: string, status: number): void {
    if (status === 0) return;
    this.#isReached = true;
    this.#credentials(status);
    if (this.#lostAt === undefined) return;
    this.#logger.log('info', 'the API server responds again', { afterMs: elapsed(this.#clock) - this.#lostAt });
    this.#lostAt = undefined;
  }

  #credentials(status: number): void {
    const now = elapsed(this.#clock);
    if (status === 401) {
      if (this.#refusedAt !== undefined && now - this.#refusalLoggedAt < REMINDER_MS) return;
      this.#refusedAt ??= now;
      this.#refusalLoggedAt = now;
      const forMs = now - this.#refusedAt;
      const fields = { status, ...(forMs === 0 ? {} : { forMs }) };
      this.#logger.log('warn', 'the API server refuses the credentials', fields);
    } else if (this.#refusedAt !== undefined && status < 500) {
      this.#logger.log('info', 'the API server accepts the credentials again', { afterMs: now - this.#refusedAt });
      this.#refusedAt = undefined;
    }
  }
}
