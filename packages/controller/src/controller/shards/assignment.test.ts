import { describe, expect, it } from 'vitest';
import { holderOf, shardOf } from './assignment.ts';

const SHARDS = Array.from({ length: 64 }, (_, shard) => shard);
const holders = (...replicas: string[]) => SHARDS.map((shard) => holderOf(shard, replicas));
const moved = (before: readonly unknown[], after: readonly unknown[]) =>
  SHARDS.filter((shard) => before[shard] !== after[shard]);

describe('the shard of a definition', () => {
  it('is stable and in range, and spreads definitions', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 1000; index += 1) {
      const shard = shardOf(`definition-${index}`, 4);
      expect(shardOf(`definition-${index}`, 4)).toBe(shard);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(counts.reduce((sum, count) => sum + count)).toBe(1000);
    expect(Math.min(...counts)).toBeGreaterThan(200);
  });

  it('does not change between versions of this program', () => {
    expect(['rigs', 'pots', 'web-apps', 'databases'].map((name) => shardOf(name, 8))).toEqual([3, 5, 2, 3]);
  });
});

describe('the holder of a shard', () => {
  it('is absent without replicas, and is the only replica if there is one', () => {
    expect(holderOf(3, [])).toBeUndefined();
    expect(new Set(holders('a'))).toEqual(new Set(['a']));
  });

  it('does not depend on the order of the replicas', () => {
    expect(holders('a', 'b', 'c')).toEqual(holders('c', 'a', 'b'));
  });

  it.each([
    ['a', ['b', 'c']],
    ['b', ['a', 'c']],
    ['c', ['a', 'b']],
  ])('when %s leaves, only its own shards move', (gone, left) => {
    const before = holders('a', 'b', 'c');
    const after = holders(...left);
    expect(moved(before, after)).toEqual(SHARDS.filter((shard) => before[shard] === gone));
    expect(moved(before, after).length).toBeGreaterThan(0);
  });

  it('when a replica joins, shards move only to it', () => {
    const before = holders('a', 'b', 'c');
    const after = holders('a', 'b', 'c', 'd');
    const changed = moved(before, after);
    expect(changed.length).toBeGreaterThan(0);
    expect(new Set(changed.map((shard) => after[shard]))).toEqual(new Set(['d']));
    expect(changed.length).toBeLessThan(SHARDS.length / 2);
  });
});
