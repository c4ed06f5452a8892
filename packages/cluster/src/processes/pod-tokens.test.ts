import { expect, test } from 'vitest';
import { createManualClock } from '../clock.ts';
import { PodTokens } from './pod-tokens.ts';

const HOUR_MS = 3_600_000;

test.each([
  [600, 480_000],
  [3607, 2_885_600],
  [108_000, 24 * HOUR_MS],
  [365 * 86_400, 24 * HOUR_MS],
])('a token with a lifetime of %d s is renewed after %d ms', (expirationSeconds, renewalMs) => {
  const clock = createManualClock(0);
  const tokens = new PodTokens(clock);
  let count = 0;
  const next = () => tokens.get({ audience: '', expirationSeconds }, () => `token ${++count}`);
  expect(tokens.untilRenewalMs).toBeUndefined();
  expect(next()).toBe('token 1');
  expect(tokens.untilRenewalMs).toBe(renewalMs);
  clock.advance(renewalMs - 1);
  expect([next(), tokens.untilRenewalMs, tokens.dropDue()]).toEqual(['token 1', 1, false]);
  clock.advance(1);
  expect([tokens.untilRenewalMs, next(), tokens.untilRenewalMs]).toEqual([0, 'token 2', renewalMs]);
});

test('each combination of audience and lifetime has its own token, and untilRenewalMs is the time until the earliest renewal', () => {
  const clock = createManualClock(0);
  const tokens = new PodTokens(clock);
  const get = (audience: string, expirationSeconds: number) =>
    tokens.get({ audience, expirationSeconds }, () => `${audience} ${expirationSeconds} ${clock.now()}`);
  expect([get('', 1000), get('a', 1000), get('a', 2000)]).toEqual([' 1000 0', 'a 1000 0', 'a 2000 0']);
  clock.advance(800_000);
  expect(tokens.dropDue()).toBe(true);
  expect(tokens.untilRenewalMs).toBe(800_000);
  expect([get('a', 1000), get('a', 2000)]).toEqual(['a 1000 800000', 'a 2000 0']);
});

test('a token that was issued in the future is renewed, because the clock was moved back', () => {
  let now = 1000;
  const tokens = new PodTokens({ now: () => now });
  const get = () => tokens.get({ audience: '', expirationSeconds: 600 }, () => `at ${now}`);
  expect(get()).toBe('at 1000');
  now = 999;
  expect([tokens.untilRenewalMs, get()]).toEqual([0, 'at 999']);
});
