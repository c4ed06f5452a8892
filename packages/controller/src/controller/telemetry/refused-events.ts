import { apiFailure } from '../../execute/index.ts';
import { type Clock, type KubeError, elapsed } from '@typekro/kube';
import { Failure } from '@typekro/engine/runtime';
import type { Logger } from '../logger.ts';

/** The interval, in milliseconds, at which the log repeats that the right to write events is missing. */
const REMINDER_MS = 3_600_000;

/**
 * Logs that events cannot be written. The entry usually has the level debug, because nothing depends on events. A
 * missing right is a warning, because missing events would mislead an operator.
 */
export class RefusedEvents {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'elapsed' | 'now'>;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, clock: Pick<Clock, 'elapsed' | 'now'>) {
    this.#logger = logger;
    this.#clock = clock;
  }

  log(refusal: KubeError): void {
    const failure = apiFailure(refusal, undefined);
    const now = elapsed(this.#clock);
    const isNews = failure.permission !== undefined && now - this.#reportedAt >= REMINDER_MS;
    if (isNews) this.#reportedAt = now;
    this.#logger.log(isNews ? 'warn' : 'debug', 'an event was refused', { error: Failure.text(failure) });
  }
}
