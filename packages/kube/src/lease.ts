import { elapsed, pause } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { isConflict, KubeError } from './kube-error.ts';
import type { LeaseCandidate, LeaseState, LeaseTimes } from './lease-step.ts';
import {
  DEFAULT_LEASE_TIMES,
  INITIAL_LEASE_STATE,
  leaseHeld,
  leaseStep,
  leaseUnreachable,
  releasedLease,
} from './lease-step.ts';
import type { Clock, KubernetesApi } from './kube-api.ts';

/** The calls that an election needs. */
export type LeaseApi = Pick<KubernetesApi, 'find' | 'create' | 'update'>;

/** The options of an election. */
export interface ElectionOptions extends LeaseCandidate {
  readonly api: LeaseApi;
  readonly clock: Clock;
  readonly times?: LeaseTimes;
  /** Ends the candidacy; a leader steps down. */
  readonly signal: AbortSignal;
  /**
   * May the lease be released? Called between the read and the write of the lease, so that the release fails with a
   * conflict if another client writes the lease in the meantime. Default: always true.
   */
  readonly mayRelease?: (signal: AbortSignal) => Promise<boolean>;
  /**
   * May this candidate lead now? Called at each poll. While the result is false, a candidate only polls, and a leader
   * ends its work and releases the lease. Default: always true.
   */
  readonly isEligible?: () => boolean;
  /** Called after each poll of the lease, with the error of a failed poll, or with undefined. */
  readonly onPoll?: (failure: KubeError | undefined) => void;
  /**
   * Called each time that this candidate becomes leader. Must settle when the work of the term has ended. `ending`
   * aborts when the work should end, while the candidate still holds the lease. `lost` aborts when another candidate
   * may lead; after that, the work must not write. `holds` returns whether the candidate still holds the lease. After a
   * pause of the process, it returns false before `lost` aborts, because events of the pause can come before timers.
   */
  readonly onLeading: (ending: AbortSignal, lost: AbortSignal, holds: () => boolean) => Promise<void>;
}

/**
 * Competes for a Lease (leader election) until the signal aborts and the work of the last term has ended. The
 * controller calls this function in `run-controller.ts` and in `shards/run-shards.ts`. If the work of a term fails, the
 * candidacy ends, and the promise rejects with the error of the work.
 *
 * Guarantees: two candidates with different identities, whose timers run at the same speed, never lead at the same
 * time. Candidates with the same identity may do so. A leader that cannot renew the lease stops before the lease
 * expires, even while a request hangs. The time until this stop is measured from the moment when the last successful
 * renewal was sent. The guarantees do not depend on wall clocks. A conflict means that another client wrote the lease;
 * the lease is then read again.
 */
export function runElection(options: ElectionOptions): Promise<void> {
  return new Election(options).run();
}

/**
 * The maximum number of reads of the lease in one poll. Each conflict, for example between candidates with the same
 * identity, causes another read.
 */
const MAX_READS_PER_POLL = 4;

/** A term as leader. */
interface Term {
  readonly ending: AbortController;
  readonly lost: AbortController;
}

class Election {
  readonly #options: ElectionOptions;
  readonly #times: LeaseTimes;
  readonly #ref: { apiVersion: string; kind: string; namespace: string; name: string };
  /** Aborts when the candidacy and all its work have ended. */
  readonly #ended = new AbortController();
  #state: LeaseState = INITIAL_LEASE_STATE;
  #term: Term | undefined;
  #deadline: { cancel(): void } | undefined;
  /** The number of terms whose work has not ended. */
  #working = 0;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(options: ElectionOptions) {
    const { namespace, name } = options;
    this.#options = options;
    this.#times = options.times ?? DEFAULT_LEASE_TIMES;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  }

  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    const end = () => {
      this.#term?.ending.abort();
      if (this.#working === 0) this.#ended.abort();
    };
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!this.#ended.signal.aborted) {
        await this.#round();
        await pause(clock, this.#times.retryPeriodMs, this.#ended.signal);
      }
    } finally {
      signal.removeEventListener('abort', end);
      const led = this.#state.leading;
      this.#apply({ ...this.#state, leading: false });
      if (led) await this.#releaseLease();
    }
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /**
   * One poll. Starts the end of the term when the candidate is not eligible. When the work of an ending term is done,
   * releases the lease. In any other case, reads and renews the lease, and tries again after a conflict.
   */
  async #round(): Promise<void> {
    if (!this.#eligible) this.#term?.ending.abort();
    if (this.#term?.ending.signal.aborted === true && this.#working === 0) {
      this.#apply({ ...this.#state, leading: false });
      return this.#releaseLease();
    }
    for (let tries = 0; tries < MAX_READS_PER_POLL; tries += 1) if (await this.#readAndRenew()) return;
  }

  get #eligible(): boolean {
    return !this.#options.signal.aborted && this.#options.isEligible?.() !== false;
  }

  /** Reads the lease, and writes it if it is free, expired or held by this identity. Returns false after a conflict. */
  async #readAndRenew(): Promise<boolean> {
    const { api, clock } = this.#options;
    try {
      const lease = await this.#within((signal) => api.find(this.#ref, { signal }));
      const [action, next] = leaseStep(
        this.#state,
        lease,
        this.#options,
        this.#times,
        elapsed(this.#options.clock),
        clock.now(),
      );
      this.#apply(next);
      // A candidate that is not eligible renews the lease only while its running work still needs it.
      if (action.do === 'wait' || (!this.#eligible && !next.leading)) {
        this.#options.onPoll?.(undefined);
        // A lease that still has this identity, for example after a lost term, is released, so that other candidates do
        // not wait until it expires.
        const isLeft = lease?.spec?.['holderIdentity'] === this.#options.identity && this.#working === 0;
        if (isLeft) await this.#releaseLease();
        return true;
      }
      const sentAt = elapsed(this.#options.clock);
      const written = await this.#within((signal) =>
        action.do === 'create' ? api.create(action.lease, { signal }) : api.update(action.lease, { signal }),
      );
      this.#options.onPoll?.(undefined);
      this.#apply(leaseHeld(this.#state, written, sentAt));
      return true;
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      if (!isConflict(thrown) && !this.#ended.signal.aborted) this.#options.onPoll?.(thrown);
      this.#apply(leaseUnreachable(this.#state, this.#times, elapsed(this.#options.clock)));
      return !isConflict(thrown);
    }
  }

  #apply(next: LeaseState): void {
    this.#state = next;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    if (next.leading) {
      const left = next.renewedAt + this.#times.renewDeadlineMs - elapsed(this.#options.clock);
      this.#deadline = this.#options.clock.setTimer(Math.max(0, left), () => {
        this.#apply({ ...this.#state, leading: false });
      });
    }
    if (next.leading && this.#term === undefined) this.#lead();
    else if (!next.leading && this.#term !== undefined) {
      this.#term.ending.abort();
      this.#term.lost.abort();
      this.#term = undefined;
    }
  }

  #lead(): void {
    const term: Term = { ending: new AbortController(), lost: new AbortController() };
    this.#term = term;
    this.#working += 1;
    void this.#options
      .onLeading(term.ending.signal, term.lost.signal, () => this.#holds(term))
      .catch((thrown: unknown) => {
        this.#failure = { thrown };
      })
      .then(() => {
        this.#working -= 1;
        // Failed work, or the abort of the signal, ends the candidacy.
        const isOver = this.#failure !== undefined || (this.#options.signal.aborted && this.#working === 0);
        if (isOver) this.#ended.abort();
      });
  }

  #holds(term: Term): boolean {
    if (this.#term !== term) return false;
    return elapsed(this.#options.clock) - this.#state.renewedAt < this.#times.renewDeadlineMs;
  }

  /** Limits a request to `renewDeadlineMs`, after which its response is useless. */
  #within<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return withDeadline(this.#times.renewDeadlineMs, [this.#ended.signal], this.#options.clock, work);
  }

  async #releaseLease(): Promise<void> {
    const { api, clock, identity, mayRelease: release } = this.#options;
    try {
      await withDeadline(this.#times.renewDeadlineMs, [], clock, async (signal) => {
        const lease = await api.find(this.#ref, { signal });
        if (lease?.spec?.['holderIdentity'] !== identity) return;
        if ((await release?.(signal)) !== false) await api.update(releasedLease(lease), { signal });
      });
    } catch (thrown) {
      // A failed release is ignored, because the lease expires anyway.
      if (!(thrown instanceof KubeError)) throw thrown;
    }
  }
}
