import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { LeaseState } from './lease-step.ts';
import { DEFAULT_LEASE_TIMES, INITIAL_LEASE_STATE, leaseHeld, leaseStep, leaseUnreachable } from './lease-step.ts';

const candidate = { namespace: 'kro-system', name: 'controller.kro.run', identity: 'me' };
const lease = (holderIdentity: string, renewTime = 'r1'): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'controller.kro.run', namespace: 'kro-system', resourceVersion: '7' },
  spec: { holderIdentity, renewTime, leaseDurationSeconds: 15, leaseTransitions: 2 },
});
const step = (state: LeaseState, seen: KubeObject | undefined, now: number) =>
  leaseStep(state, seen, candidate, DEFAULT_LEASE_TIMES, now);

describe('leaseStep', () => {
  it('creates a lease that does not exist', () => {
    expect(step(INITIAL_LEASE_STATE, undefined, 0)[0]).toMatchObject({
      do: 'create',
      lease: { spec: { holderIdentity: 'me' } },
    });
  });

  it('takes a released lease, and counts the transition', () => {
    const [action] = step(INITIAL_LEASE_STATE, lease(''), 0);
    expect(action).toMatchObject({ do: 'update', lease: { spec: { holderIdentity: 'me', leaseTransitions: 3 } } });
  });

  it('renews its own lease without counting a transition', () => {
    const [action] = step(INITIAL_LEASE_STATE, lease('me'), 0);
    expect(action).toMatchObject({ do: 'update', lease: { spec: { holderIdentity: 'me', leaseTransitions: 2 } } });
  });

  it('waits while another candidate renews, and takes the lease when its own clock has counted the lease duration without a renewal', () => {
    let [action, state] = step(INITIAL_LEASE_STATE, lease('you', 'r1'), 0);
    expect(action.do).toBe('wait');
    [action, state] = step(state, lease('you', 'r2'), 14_000);
    expect(action.do).toBe('wait');
    [action, state] = step(state, lease('you', 'r2'), 28_999);
    expect(action.do).toBe('wait');
    [action, state] = step(state, lease('you', 'r2'), 29_000);
    expect(action.do).toBe('update');
    expect(state.leading).toBe(false);
  });

  it('stops leading when another candidate holds the lease', () => {
    const leading = leaseHeld(INITIAL_LEASE_STATE, lease('me'), 0);
    expect(leading.leading).toBe(true);
    expect(step(leading, lease('you'), 1000)[1].leading).toBe(false);
  });
});

describe('leaseUnreachable', () => {
  it('stops leading before the lease expires', () => {
    const leading = leaseHeld(INITIAL_LEASE_STATE, lease('me'), 0);
    expect(leaseUnreachable(leading, DEFAULT_LEASE_TIMES, 9_999).leading).toBe(true);
    expect(leaseUnreachable(leading, DEFAULT_LEASE_TIMES, 10_000).leading).toBe(false);
  });
});
