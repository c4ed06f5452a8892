import { elapsed, pause } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { isConflict, KubeError } from './error.ts';
import type { Candidate, LeaseState, LeaseTimes } from './lease-step.ts';
import {
  DEFAULT_LEASE_TIMES,
  INITIAL_LEASE_STATE,
  leaseHeld,
  leaseStep,
  leaseUnreachable,
  releasedLease,
} from './lease-step.ts';
import type { Clock, KubernetesApi } from './types.ts';

/** What an election asks of a server. */
export type LeaseApi = Pick<KubernetesApi, 'find' | 'create' | 'update'>;

/** How to stand in an election. */
export interface ElectionOptions extends Candidate {
  readonly api: LeaseApi;
  readonly clock: Clock;
  readonly times?: LeaseTimes;
  /** Ends the candidacy; a leader steps down. */
  readonly signal: AbortSignal;
  /**
   * Give the lease back? Asked between reading and writing it, so that whoever writes it meanwhile keeps it. Default:
   * yes.
   */
  readonly release?: (signal: AbortSignal) => Promise<boolean>;
  /**
   * May this candidate lead now? Asked each round: while not, it only looks on, and a leader brings its work to an
   * end and gives the lease back. Default: always.
   */
  readonly wanted?: () => boolean;
  /** Told after each look at the lease: nothing where it could be read, and written if need be, else what is in the way. */
  readonly onPoll?: (failure: KubeError | undefined) => void;
  /**
   * Called each time that this candidate becomes leader; settles when the work of the term has ended. `ending`
   * aborts when work is to come to its end, the lease is kept meanwhile; `lost` aborts when another one may lead
   * from now on: nothing more may be written.
   */
  readonly onLeading: (ending: AbortSignal, lost: AbortSignal) => Promise<void>;
}

/**
 * Stands for a Lease until the signal aborts and the work of the last term has ended.
 *
 * Guarantees: two candidates whose timers run at the same speed never lead at the same time. A leader that
 * cannot renew stops before the lease runs out, counted from when it sent the last renewal that succeeded,
 * also while a request hangs; how far clocks are wrong, or are corrected, does not matter. A conflict means
 * that another one wrote; the lease is looked at anew.
 */
export function runElection(options: ElectionOptions): Promise<void> {
  return new Election(options).run();
}

/** So often a lease that others write, too, is looked at in one round: candidates may share an identity. */
const MAX_TRIES = 4;

/** A term as leader. */
interface Term {
  readonly ending: AbortController;
  readonly lost: AbortController;
}

class Election {
  readonly #options: ElectionOptions;
  readonly #times: LeaseTimes;
  readonly #ref: { apiVersion: string; kind: string; namespace: string; name: string };
  /** Aborts when neither candidacy nor work is left. */
  readonly #over = new AbortController();
  #state: LeaseState = INITIAL_LEASE_STATE;
  #term: Term | undefined;
  #deadline: { cancel(): void } | undefined;
  /** How many terms' work has not ended yet. */
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
      if (this.#working === 0) this.#over.abort();
    };
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!this.#over.signal.aborted) {
        await this.#round();
        await pause(clock, this.#times.retryPeriodMs, this.#over.signal);
      }
    } finally {
      signal.removeEventListener('abort', end);
      const led = this.#state.leading;
      this.#apply({ ...this.#state, leading: false });
      if (led) await this.#giveBack();
    }
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** Once around: a term that nobody wants any more ends, else the lease is looked at; again where another one wrote. */
  async #round(): Promise<void> {
    if (!this.#wanted) this.#term?.ending.abort();
    if (this.#term?.ending.signal.aborted === true && this.#working === 0) {
      this.#apply({ ...this.#state, leading: false });
      return this.#giveBack();
    }
    for (let tries = 0; tries < MAX_TRIES; tries += 1) if (await this.#look()) return;
  }

  get #wanted(): boolean {
    return !this.#options.signal.aborted && this.#options.wanted?.() !== false;
  }

  /** Looks at the lease once, and writes it if it is ours or free. False when another one wrote meanwhile. */
  async #look(): Promise<boolean> {
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
      // Who is not to lead renews only a lease that work still needs.
      if (action.do === 'wait' || (!this.#wanted && !next.leading)) {
        this.#options.onPoll?.(undefined);
        // One that still has our name on it, as after a term that was lost, nobody needs to wait for.
        const isLeft = lease?.spec?.['holderIdentity'] === this.#options.identity && this.#working === 0;
        if (isLeft) await this.#giveBack();
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
      if (!isConflict(thrown) && !this.#over.signal.aborted) this.#options.onPoll?.(thrown);
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
      .onLeading(term.ending.signal, term.lost.signal)
      .catch((thrown: unknown) => {
        this.#failure = { thrown };
      })
      .then(() => {
        this.#working -= 1;
        // Work that failed, or that was to end, ends the candidacy.
        const isOver = this.#failure !== undefined || (this.#options.signal.aborted && this.#working === 0);
        if (isOver) this.#over.abort();
      });
  }

  /** An answer that takes longer than a leader may wait is as good as none. */
  #within<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return withDeadline(this.#times.renewDeadlineMs, [this.#over.signal], this.#options.clock, work);
  }

  async #giveBack(): Promise<void> {
    const { api, clock, identity, release } = this.#options;
    try {
      await withDeadline(this.#times.renewDeadlineMs, [], clock, async (signal) => {
        const lease = await api.find(this.#ref, { signal });
        if (lease?.spec?.['holderIdentity'] !== identity) return;
        if ((await release?.(signal)) !== false) await api.update(releasedLease(lease), { signal });
      });
    } catch (thrown) {
      // Nobody is harmed: the next leader waits until the lease has run out.
      if (!(thrown instanceof KubeError)) throw thrown;
    }
  }
}
