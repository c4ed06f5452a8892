import { TypeKroError } from '@typekro/kit/core';
import { type Clock, type KubernetesApi, isTimeout, pause, withDeadline } from '@typekro/kube';

/** The pause between two probes, in milliseconds. */
const PROBE_INTERVAL_MS = 10_000;

/** The time limit for the response to a probe, in milliseconds. */
const PROBE_DEADLINE_MS = 5000;

/** The options of an `AnswerProbe`. */
export interface AnswerProbeOptions {
  readonly api: Pick<KubernetesApi, 'raw'>;
  readonly clock: Clock;
  /** Is a client interested in the result? If not, probes are sent only while the API server does not respond. */
  readonly isWanted: () => boolean;
  /** Called when the API server becomes silent, and when it responds again. */
  readonly changed: () => void;
}

/**
 * Detects an API server that no longer responds although its connections are open. Watches cannot detect this, because
 * a watch without changes receives nothing either. A refusal counts as a response. A failed connection does not count
 * as silence here, because the watches report it.
 */
export class AnswerProbe {
  readonly #options: AnswerProbeOptions;
  readonly #ending = new AbortController();
  #silentSince: number | undefined;

  constructor(options: AnswerProbeOptions) {
    this.#options = options;
  }

  /** The start of the first probe without a response since the last response. Undefined after a response. */
  get silentSince(): number | undefined {
    return this.#silentSince;
  }

  /** Probes until `close` is called. */
  async run(): Promise<void> {
    const { clock, isWanted, changed } = this.#options;
    const { signal } = this.#ending;
    for (;;) {
      await pause(clock, PROBE_INTERVAL_MS, signal);
      if (signal.aborted) return;
      const before = this.#silentSince;
      if (!isWanted() && before === undefined) continue;
      const startedAt = clock.now();
      const isSilent = await this.#probe();
      if (signal.aborted) return;
      this.#silentSince = isSilent ? (before ?? startedAt) : undefined;
      if (this.#silentSince !== before) changed();
    }
  }

  /** Ends the probes. */
  close(): void {
    this.#ending.abort();
  }

  #probe(): Promise<boolean> {
    const { api, clock } = this.#options;
    return withDeadline(PROBE_DEADLINE_MS, [this.#ending.signal], clock, async (signal) => {
      try {
        await api.raw({ path: '/version', signal });
        return false;
      } catch (error) {
        if (isTimeout(signal)) return true;
        if (error instanceof TypeKroError || signal.aborted) return false;
        throw error;
      }
    });
  }
}
