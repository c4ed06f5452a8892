import { TypeKroError } from '../../core/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import { isTimeout, pause, withDeadline } from '../../kube/index.ts';

/** The pause between two probes, in milliseconds. */
const PROBE_INTERVAL_MS = 10_000;

/** The time within which the API server answers a probe, in milliseconds. */
const PROBE_DEADLINE_MS = 5000;

/** The options of an `AnswerProbe`. */
export interface AnswerProbeOptions {
  readonly api: Pick<KubernetesApi, 'raw'>;
  readonly clock: Clock;
  /** Does a client want to know the result? Without one, a silent API server is not noticed. */
  readonly isWanted: () => boolean;
  /** Called when `isSilent` has changed. */
  readonly changed: () => void;
}

/**
 * Notices an API server that no longer answers, although its connections are open. Watches cannot notice this: a watch
 * without changes is silent, too. A refusal is an answer. A connection that fails is reported by the watches.
 */
export class AnswerProbe {
  readonly #options: AnswerProbeOptions;
  readonly #ending = new AbortController();
  #isSilent = false;

  constructor(options: AnswerProbeOptions) {
    this.#options = options;
  }

  /** Has the API server not answered the last probe within its time? */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Probes until `close` is called. */
  async run(): Promise<void> {
    const { clock, isWanted, changed } = this.#options;
    const { signal } = this.#ending;
    for (;;) {
      await pause(clock, PROBE_INTERVAL_MS, signal);
      if (signal.aborted) return;
      if (!isWanted() && !this.#isSilent) continue;
      const isSilent = await this.#probe();
      if (signal.aborted) return;
      if (isSilent === this.#isSilent) continue;
      this.#isSilent = isSilent;
      changed();
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
