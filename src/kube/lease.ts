import { pause } from './clock.ts';
import { KubeError } from './error.ts';
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

/** How to stand in an election. */
export interface ElectionOptions extends Candidate {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly times?: LeaseTimes;
  /** Ends the candidacy; a leader steps down. */
  readonly signal: AbortSignal;
  /** Give the lease back on the way out. Default true. */
  readonly release?: boolean;
  /** Called each time that this candidate becomes leader; the signal aborts when it no longer is. */
  readonly onLeading: (signal: AbortSignal) => void;
}

/**
 * Stands for a Lease until the signal aborts.
 *
 * Guarantees: two candidates whose clocks run at the same speed never lead at the same time, since a
 * leader that cannot renew stops before the lease runs out. A conflict means that another one wrote; the
 * lease is looked at anew.
 */
export async function runElection(options: ElectionOptions): Promise<void> {
  const { api, clock, signal, times = DEFAULT_LEASE_TIMES, namespace, name } = options;
  const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  let state: LeaseState = INITIAL_LEASE_STATE;
  let term: AbortController | undefined;
  const apply = (next: LeaseState) => {
    state = next;
    if (state.leading && term === undefined) {
      term = new AbortController();
      options.onLeading(term.signal);
    } else if (!state.leading && term !== undefined) {
      term.abort();
      term = undefined;
    }
  };
  while (!signal.aborted) {
    try {
      const [action, next] = leaseStep(state, await api.find(ref, { signal }), options, times, clock.now());
      apply(next);
      if (action.do !== 'wait') {
        const write =
          action.do === 'create' ? api.create(action.lease, { signal }) : api.update(action.lease, { signal });
        apply(leaseHeld(state, await write, clock.now()));
      }
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      apply(leaseUnreachable(state, times, clock.now()));
    }
    await pause(clock, times.retryPeriodMs, signal);
  }
  const led = state.leading;
  apply({ ...state, leading: false });
  if (led && options.release !== false) await giveBack(api, ref, options.identity);
}

async function giveBack(
  api: KubernetesApi,
  ref: { apiVersion: string; kind: string; namespace: string; name: string },
  identity: string,
): Promise<void> {
  try {
    const lease = await api.find(ref);
    if (lease?.spec?.['holderIdentity'] === identity) await api.update(releasedLease(lease));
  } catch (thrown) {
    // Nobody is harmed: the next leader waits until the lease has run out.
    if (!(thrown instanceof KubeError)) throw thrown;
  }
}
