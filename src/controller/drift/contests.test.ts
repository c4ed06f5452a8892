import { describe, expect, it } from 'vitest';
import type { DriftHistory } from './contests.ts';
import { contestAt, NO_DRIFT, withRevert } from './contests.ts';

const policy = { reverts: 3, windowMs: 100, pause: { initialMs: 10, maxMs: 35, jitter: 0 } };
const field = (path: string, ...managers: string[]) => ({ path, managers });

/** Reverts the same field at each of these times, in milliseconds. */
function revertsAt(times: readonly number[], path = 'spec.replicas'): DriftHistory {
  return times.reduce((history, now) => withRevert(history, [field(path, 'hpa')], now, policy), NO_DRIFT);
}

describe('withRevert', () => {
  const rows: { name: string; times: number[]; retryAt: number | undefined }[] = [
    { name: 'is calm below the number of reverts', times: [0, 1], retryAt: undefined },
    { name: 'begins with the first pause', times: [0, 1, 2], retryAt: 12 },
    { name: 'doubles the pause with each further revert', times: [0, 1, 2, 12], retryAt: 32 },
    { name: 'goes no further than the longest pause', times: [0, 1, 2, 12, 32, 67], retryAt: 102 },
    { name: 'forgets reverts outside of the window', times: [0, 60, 120], retryAt: undefined },
    { name: 'counts inside of the window only', times: [0, 60, 99], retryAt: 109 },
    { name: 'starts over when a fight was over', times: [0, 1, 2, 500], retryAt: undefined },
  ];
  it.each(rows)('$name', ({ times, retryAt }) => {
    const last = times.at(-1) ?? 0;
    expect(contestAt(revertsAt(times), last)?.retryAt).toBe(retryAt);
  });

  it('names fields and managers, sorted, and gathers those that join the fight', () => {
    let history = revertsAt([0, 1, 2]);
    for (const now of [3, 4, 5]) {
      history = withRevert(history, [field('a', 'z'), field('spec.replicas', 'b')], now, policy);
    }
    expect(contestAt(history, 5)).toMatchObject({ fields: ['a', 'spec.replicas'], managers: ['b', 'hpa', 'z'] });
  });

  it('keeps a fight as it is when another field has to be put back', () => {
    const history = withRevert(revertsAt([0, 1, 2]), [field('other', 'x')], 5, policy);
    expect(contestAt(history, 5)).toMatchObject({ fields: ['spec.replicas'], retryAt: 12 });
  });

  it('is over when nothing had to be put back for the window after the pause', () => {
    const history = revertsAt([0, 1, 2]);
    expect(contestAt(history, 111)).toBeDefined();
    expect(contestAt(history, 112)).toBeUndefined();
  });
});
