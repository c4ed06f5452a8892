import { describe, expect, it, test } from 'vitest';
import { type DriftHistory, NO_DRIFT, contestAt, withRevert } from './contests.ts';
import { driftText } from './drift-text.ts';

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

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = { type, name: 'a', namespace: 'ns' };

test.each([
  [1, 'data.x0 changed by kubectl-edit; the controller reverts the change'],
  [10, 'data.x9 changed by kubectl-edit; the controller reverts the change'],
  [11, 'data.x9 changed by kubectl-edit, and 1 more field; the controller reverts the change'],
  [12, 'data.x9 changed by kubectl-edit, and 2 more fields; the controller reverts the change'],
])('the text about %d changed fields names at most ten of them', (count, end) => {
  const differences = Array.from({ length: count }, (_, index) => ({
    path: `data.x${index}`,
    kind: 'differs' as const,
    managers: ['kubectl-edit'],
  }));
  const desired = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const text = driftText({ nodeId: 'map', target, desired, fingerprint: '', why: 'drift', differences });
  expect(text.startsWith('ConfigMap v1 ns/a (node map): data.x0')).toBe(true);
  expect(text.endsWith(end)).toBe(true);
});
