import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RolloutCandidate, type RevisionOutcome, allowedOf, decideRollout, parseAllowance } from './canary.ts';

describe('parseAllowance', () => {
  it.each([
    ['3', { kind: 'count', count: 3 }],
    [' 25% ', { kind: 'percent', percent: 25 }],
    ['100%', { kind: 'percent', percent: 100 }],
    ['0', undefined],
    ['0%', undefined],
    ['101%', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['all', undefined],
  ])('parses %j as %j', (text, expected) => {
    expect(parseAllowance(text)).toEqual(expected);
  });
});

describe('allowedOf', () => {
  it.each([
    ['2', 10, 2],
    ['20', 10, 10],
    ['10%', 10, 1],
    ['10%', 11, 2],
    ['1%', 3, 1],
    ['50%', 0, 0],
  ])('%s of %i instances are %i', (text, instances, expected) => {
    const allowance = parseAllowance(text);
    expect(allowance && allowedOf(allowance, instances)).toBe(expected);
  });
});

const NONE_CHOSEN: ReadonlySet<string> = new Set();
const candidates = (...ids: string[]): RolloutCandidate[] => ids.map((id) => ({ id, uid: `uid-${id}` }));
const outcome = (state: RevisionOutcome['state'], revision = 2): RevisionOutcome => ({
  revision,
  state,
  message: `${state}!`,
});

describe('decideRollout', () => {
  const all = candidates('a', 'b', 'c', 'd');
  const decide = (list: readonly RolloutCandidate[], count: number, chosen = NONE_CHOSEN) =>
    decideRollout({ revision: 2, candidates: list, count, chosen });
  const membersOf = (list: readonly RolloutCandidate[], count: number, chosen = NONE_CHOSEN) => {
    const rollout = decide(list, count, chosen);
    return rollout.phase === 'everywhere' ? 'everywhere' : [...rollout.members].sort();
  };
  const withOutcomes = (state: RevisionOutcome['state'], revision = 2) => {
    const first = membersOf(all, 1);
    return all.map((entry) => (first.includes(entry.id) ? { ...entry, outcome: outcome(state, revision) } : entry));
  };

  it('gives the revision to all instances when all of them are members', () => {
    expect(decide([], 1).phase).toBe('everywhere');
    expect(decide(all, 4).phase).toBe('everywhere');
  });

  it('waits for the members, and proceeds when all are ready', () => {
    expect(decide(all, 1)).toMatchObject({ phase: 'waiting', failed: [] });
    expect(decide(withOutcomes('waiting'), 1).phase).toBe('waiting');
    expect(decide(withOutcomes('ready'), 1).phase).toBe('everywhere');
  });

  it('ignores the outcomes of an earlier revision', () => {
    expect(decide(withOutcomes('ready', 1), 1).phase).toBe('waiting');
    expect(decide(withOutcomes('failed', 1), 1).phase).toBe('waiting');
  });

  it('holds the revision back when a member fails, and names the member', () => {
    const [first] = membersOf(all, 1);
    expect(decide(withOutcomes('failed'), 1)).toMatchObject({
      phase: 'held',
      failed: [{ id: first, message: 'failed!' }],
    });
  });

  it('keeps the chosen members, and replaces a deleted one', () => {
    const [first = ''] = membersOf(all, 1);
    const other = all.find(({ id }) => id !== first)?.id ?? '';
    expect(membersOf(all, 1, new Set([other]))).toEqual([other]);
    const without = all.filter(({ id }) => id !== first);
    expect(membersOf(without, 1, new Set([first]))).toHaveLength(1);
  });

  it('chooses the same members for any order of instances, and keeps them when the count grows', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(ids, fc.nat(20), fc.integer(), (names, count, seed) => {
        const list = candidates(...names);
        const shuffled = list.toSorted((a, b) => Math.sin(seed + a.id.length) - Math.sin(seed * b.id.length));
        expect(membersOf(list, count)).toEqual(membersOf(shuffled, count));
        const [fewer, more] = [membersOf(list, count), membersOf(list, count + 1)];
        if (Array.isArray(fewer) && Array.isArray(more)) expect(more).toEqual(expect.arrayContaining(fewer));
      }),
    );
  });
});
