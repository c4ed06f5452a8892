import { expect, test } from 'vitest';
import { KubeError } from '@typekro/kube';
import { LeaseLogger } from './lease-logger.ts';

/** A clock whose wall time is corrected backwards while its monotonic time passes. */
const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

test('an unreachable lease is logged once a minute and for each new reason, and once when it is reachable again', () => {
  let now = 0;
  const entries: unknown[] = [];
  const leaseLogger = new LeaseLogger(
    { log: (level, message, fields) => entries.push([level, message, fields]) },
    goingBack(() => now),
    'kro-system/a',
  );
  const message =
    'User "kro" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "kro-system"';
  const poll = (at: number, failure?: KubeError) => {
    now = at;
    leaseLogger.polled(failure);
    return leaseLogger.reachable;
  };
  const forbidden = new KubeError(message, { status: 403, reason: 'Forbidden' });
  expect(leaseLogger.reachable).toBe(false);
  expect([1000, 3000, 60_000, 61_000].map((at) => poll(at, forbidden))).toEqual([false, false, false, false]);
  poll(62_000, new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' }));
  poll(62_500, new KubeError('the request was aborted', { status: 0, reason: 'Aborted' }));
  expect([poll(63_000), poll(65_000)]).toEqual([true, true]);
  const lease = 'kro-system/a';
  const remedy = 'check that the API server runs and that its address is correct';
  const error = expect.stringContaining('resources: ["leases"], verbs: ["get"]') as string;
  expect(entries).toEqual([
    ['warn', 'the lease cannot be read or renewed', { lease, error }],
    ['warn', 'the lease cannot be read or renewed', { lease, error, forMs: 60_000 }],
    ['warn', 'the lease cannot be read or renewed', { lease, error: 'connect ECONNREFUSED', remedy, forMs: 61_000 }],
    [
      'warn',
      'the lease cannot be read or renewed',
      { lease, error: 'the API server did not respond in time', forMs: 61_500 },
    ],
    ['info', 'the lease can be read or renewed again', { lease, afterMs: 62_000 }],
  ]);
});

test('reasons that alternate are logged once a minute each, and again after the recovery', () => {
  let now = 0;
  const errors: unknown[] = [];
  const leaseLogger = new LeaseLogger(
    { log: (_level, _message, fields) => errors.push(fields?.['error'] ?? 'reachable') },
    { now: () => now, elapsed: () => now },
    'kro-system/a',
  );
  const refused = new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' });
  const silent = new KubeError('the request was aborted', { status: 0, reason: 'Aborted' });
  const texts = ['connect ECONNREFUSED', 'the API server did not respond in time'];
  const pollBoth = () => {
    for (const failure of [refused, silent, refused, silent]) leaseLogger.polled(failure);
    return errors.splice(0);
  };
  expect(pollBoth()).toEqual(texts);
  now = 59_999;
  expect(pollBoth()).toEqual([]);
  now = 60_000;
  expect(pollBoth()).toEqual(texts);
  leaseLogger.polled(undefined);
  expect(pollBoth()).toEqual(['reachable', ...texts]);
});
