import { expect, test } from 'vitest';
import { KubeError } from '@typekro/kube';
import { Reachability } from './reachability.ts';

/** A clock whose wall time is corrected backwards while its monotonic time passes. */
const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

test('an unreachable server is logged once a minute, and once when it responds again', () => {
  let now = 0;
  const entries: string[] = [];
  const log = {
    log: (level: string, message: string, fields?: object) =>
      entries.push(`${level} ${message} ${JSON.stringify(fields)}`),
  };
  const reachability = new Reachability(
    log,
    goingBack(() => now),
  );
  const refused = new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' });
  const fail = (at: number) => {
    now = at;
    reachability.unanswered('GET', refused);
    reachability.answered('GET', 0);
  };
  reachability.answered('GET', 200);
  for (const at of [1000, 1500, 60_000, 61_000, 62_000]) fail(at);
  now = 70_000;
  reachability.answered('GET', 503);
  reachability.answered('GET', 200);
  fail(80_000);
  expect(entries).toEqual([
    'warn the API server does not respond {"error":"connect ECONNREFUSED"}',
    'warn the API server does not respond {"error":"connect ECONNREFUSED","forMs":60000}',
    'info the API server responds again {"afterMs":69000}',
    'warn the API server does not respond {"error":"connect ECONNREFUSED"}',
  ]);
});

test('refused credentials are logged once a minute, and once when they are accepted again', () => {
  let now = 0;
  const entries: unknown[] = [];
  const reachability = new Reachability(
    { log: (level, message, fields) => entries.push([level, message, fields]) },
    goingBack(() => now),
  );
  for (const [at, status] of [
    [0, 200],
    [1000, 401],
    [2000, 401],
    [3000, 503],
    [61_000, 401],
    [62_000, 200],
    [63_000, 200],
  ] as const) {
    now = at;
    reachability.answered('GET', status);
  }
  expect(entries).toEqual([
    ['warn', 'the API server refuses the credentials', { status: 401 }],
    ['warn', 'the API server refuses the credentials', { status: 401, forMs: 60_000 }],
    ['info', 'the API server accepts the credentials again', { afterMs: 61_000 }],
  ]);
});

test('a server counts as reached after its first response, whatever the response is', () => {
  const reachability = new Reachability({ log: () => undefined }, { now: () => 0 });
  expect(reachability.isReached).toBe(false);
  reachability.answered('GET', 0);
  expect(reachability.isReached).toBe(false);
  reachability.answered('GET', 503);
  reachability.answered('GET', 0);
  expect(reachability.isReached).toBe(true);
});
