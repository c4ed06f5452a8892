import { describe, expect, it, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { TestClock } from '../test-support/test-clock.ts';
import { type WatchEvent, KubeError } from './index.ts';
import { type WatchEffects, runWatch } from './run-watch.ts';
import { DEFAULT_LEASE_TIMES, INITIAL_LEASE_STATE, leaseHeld, leaseStep, leaseUnreachable } from './lease-step.ts';
import type { LeaseState } from './lease-step.ts';
import { rateLimiter } from './clock.ts';

const type = { apiVersion: 'v1', kind: 'ConfigMap' };
const object = { ...type, metadata: { name: 'a', resourceVersion: '1' } };
const unavailable = new KubeError('no endpoints', { status: 503, reason: 'ServiceUnavailable' });

test.each<[WatchEvent['type'], WatchEffects['list']]>([
  ['ADDED', () => Promise.resolve({ items: [object, object], resourceVersion: '1' })],
  ['SYNCED', () => Promise.resolve({ items: [], resourceVersion: '1' })],
  ['ERROR', () => Promise.reject(unavailable)],
])('a watch ends at once when its signal aborts while the consumer handles %s', async (last, list) => {
  const controller = new AbortController();
  const opened: (string | undefined)[] = [];
  const clock = new TestClock();
  const effects: WatchEffects = {
    list,
    version: () => Promise.resolve('1'),
    open(version) {
      opened.push(version);
      return new Promise(() => {});
    },
    type,
    clock,
    random: () => 0.5,
    idleTimeoutMs: 1000,
  };
  const events: string[] = [];
  for await (const event of runWatch(effects, { streamsLists: false, signal: controller.signal })) {
    events.push(event.type);
    if (event.type === last) controller.abort();
  }
  expect(events.filter((each) => each === last)).toHaveLength(1);
  expect(events.at(-1)).toBe(last);
  expect(opened).toEqual([]);
  expect(clock.timers).toBe(0);
});

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

it.each([
  ['the wall clock is not set', 0],
  ['the wall clock is set back', -3_600_000],
  ['the wall clock is set forward', 3_600_000],
])('requests wait exactly as long as the limit requires if %s', async (_title, jump) => {
  let day = 5_000_000;
  const waits: number[] = [];
  const clock = {
    now: () => day,
    elapsed: () => 0,
    setTimer(milliseconds: number, callback: () => void) {
      waits.push(milliseconds);
      queueMicrotask(callback);
      return { cancel: () => undefined };
    },
  };
  const admit = rateLimiter({ perSecond: 10, burst: 1 }, clock);
  await admit(undefined);
  day += jump;
  await admit(undefined);
  await admit(undefined);
  expect(waits).toEqual([100, 200]);
});
