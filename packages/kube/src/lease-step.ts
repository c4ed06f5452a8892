import { type JsonObject, type KubeObject, isoTime, RETRY_POLICIES } from '@typekro/kit/core';

/** Times of an election, in milliseconds. */
export interface LeaseTimes {
  /** After this time without a renewal, another candidate may take the lease. Default 15,000. */
  readonly leaseDurationMs: number;
  /**
   * After this time without a successful renewal, a leader stops. Default 10,000. Must be less than `leaseDurationMs`.
   */
  readonly renewDeadlineMs: number;
  /** The interval of polls and renewals. Default 2,000. */
  readonly retryPeriodMs: number;
}

/** The times that Kubernetes' own components use. */
export const DEFAULT_LEASE_TIMES: LeaseTimes = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: RETRY_POLICIES.lease.initialMs,
};

/** The state of a candidate. */
export interface LeaseState {
  readonly leading: boolean;
  /** The time of this candidate's last successful renewal. */
  readonly renewedAt: number;
  /**
   * The holder, the renewal time and the number of transitions that this candidate last read from the lease. `seenAt`
   * is the monotonic time at which this candidate first read these values. The renewal time is only compared for
   * equality, because it can come from the clock of another machine.
   */
  readonly seen: string;
  readonly seenAt: number;
}

/** The next request for a lease. */
export type LeaseAction =
  | { readonly do: 'wait' }
  | { readonly do: 'create'; readonly lease: KubeObject }
  | { readonly do: 'update'; readonly lease: KubeObject };

/** The state before the first poll. */
export const INITIAL_LEASE_STATE: LeaseState = { leading: false, renewedAt: 0, seen: '', seenAt: 0 };

/** A candidate's identity and its lease. */
export interface LeaseCandidate {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Labels of a lease that this candidate creates. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Decides on the next request from the current lease. The candidate creates a missing lease, and renews its own lease.
 * It takes a lease that is free, or that was not renewed during its duration. In any other case, it waits. `now` is the
 * monotonic time in milliseconds. `time` is the wall time in milliseconds since 1970, which is written into the lease.
 */
export function leaseStep(
  state: LeaseState,
  lease: KubeObject | undefined,
  candidate: LeaseCandidate,
  times: LeaseTimes,
  now: number,
  time: number = now,
): readonly [LeaseAction, LeaseState] {
  if (lease === undefined)
    return [
      { do: 'create', lease: newLease(candidate, times, time) },
      { ...state, leading: false },
    ];
  const spec = lease.spec ?? {};
  const holder = typeof spec['holderIdentity'] === 'string' ? spec['holderIdentity'] : '';
  const seen = JSON.stringify([holder, spec['renewTime'], spec['leaseTransitions']]);
  const seenAt = seen === state.seen ? state.seenAt : now;
  const next = { ...state, seen, seenAt, leading: holder === candidate.identity && state.leading };
  const free = holder === '' || holder === candidate.identity || now - seenAt >= durationOf(spec, times);
  if (!free) return [{ do: 'wait' }, next];
  return [{ do: 'update', lease: takenLease(lease, holder, candidate, times, time) }, next];
}

/**
 * The state after a successful write of the lease. `now` is the time when the request was sent. This is safe, because
 * other candidates measure the duration from a later time.
 */
export function leaseHeld(state: LeaseState, lease: KubeObject, now: number): LeaseState {
  const spec = lease.spec ?? {};
  const seen = JSON.stringify([spec['holderIdentity'], spec['renewTime'], spec['leaseTransitions']]);
  return { leading: true, renewedAt: now, seen, seenAt: state.seen === seen ? state.seenAt : now };
}

/** The state after a failed read or write: a leader steps down after the renewal deadline. */
export function leaseUnreachable(state: LeaseState, times: LeaseTimes, now: number): LeaseState {
  return { ...state, leading: state.leading && now - state.renewedAt < times.renewDeadlineMs };
}

/** The lease with a new renewal time. */
export function renewedLease(lease: KubeObject, time: number): KubeObject {
  return { ...lease, spec: { ...lease.spec, renewTime: microTime(time) } };
}

/** The lease without a holder. Another candidate can take it at once, before the end of its duration. */
export function releasedLease(lease: KubeObject): KubeObject {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 } };
}

function newLease(candidate: LeaseCandidate, times: LeaseTimes, now: number): KubeObject {
  const { namespace, name, identity, labels } = candidate;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(times.leaseDurationMs / 1000),
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: 0,
    },
  };
}

function takenLease(
  lease: KubeObject,
  holder: string,
  candidate: LeaseCandidate,
  times: LeaseTimes,
  now: number,
): KubeObject {
  const spec: JsonObject = lease.spec ?? {};
  const transitions = typeof spec['leaseTransitions'] === 'number' ? spec['leaseTransitions'] : 0;
  const isHolder = holder === candidate.identity;
  return {
    ...lease,
    spec: {
      ...spec,
      holderIdentity: candidate.identity,
      leaseDurationSeconds: Math.ceil(times.leaseDurationMs / 1000),
      renewTime: microTime(now),
      ...(isHolder ? {} : { acquireTime: microTime(now), leaseTransitions: transitions + 1 }),
    },
  };
}

function durationOf(spec: JsonObject, times: LeaseTimes): number {
  const seconds = spec['leaseDurationSeconds'];
  return typeof seconds === 'number' ? seconds * 1000 : times.leaseDurationMs;
}

function microTime(milliseconds: number): string {
  return isoTime(milliseconds).replace('Z', '000Z');
}
