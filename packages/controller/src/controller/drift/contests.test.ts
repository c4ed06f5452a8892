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
    { name: 'has no contest below the required number of reverts', times: [0, 1], retryAt: undefined },
    { name: 'starts with the first pause', times: [0, 1, 2], retryAt: 12 },
    { name: 'doubles the pause with each additional revert', times: [0, 1, 2, 12], retryAt: 32 },
    { name: 'limits the pause to its maximum', times: [0, 1, 2, 12, 32, 67], retryAt: 102 },
    { name: 'forgets reverts outside of the window', times: [0, 60, 120], retryAt: undefined },
    { name: 'counts all reverts in the window', times: [0, 60, 99], retryAt: 109 },
    { name: 'begins a new count of reverts after the end of a contest', times: [0, 1, 2, 500], retryAt: undefined },
  ];
  it.each(rows)('$name', ({ times, retryAt }) => {
    const last = times.at(-1) ?? 0;
    expect(contestAt(revertsAt(times), last)?.retryAt).toBe(retryAt);
  });

  it('names the contested fields and their managers in order, including those of later reverts', () => {
    let history = revertsAt([0, 1, 2]);
    for (const now of [3, 4, 5]) {
      history = withRevert(history, [field('a', 'z'), field('spec.replicas', 'b')], now, policy);
    }
    expect(contestAt(history, 5)).toMatchObject({ fields: ['a', 'spec.replicas'], managers: ['b', 'hpa', 'z'] });
  });

  it('does not change a contest when another field is reverted once', () => {
    const history = withRevert(revertsAt([0, 1, 2]), [field('other', 'x')], 5, policy);
    expect(contestAt(history, 5)).toMatchObject({ fields: ['spec.replicas'], retryAt: 12 });
  });

  it('ends a contest when the window after its pause has no revert', () => {
    const history = revertsAt([0, 1, 2]);
    expect(contestAt(history, 111)).toBeDefined();
    expect(contestAt(history, 112)).toBeUndefined();
  });
});
