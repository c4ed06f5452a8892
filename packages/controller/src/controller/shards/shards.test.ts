import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { holderOf, shardOf } from './assignment.ts';
import { joinGroup } from './join-group.ts';
import { type MemberHeartbeats, expiredMembers, recordHeartbeats, replicasOf } from './member-heartbeats.ts';

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

const conflict = () => new KubeError('another one wrote', { status: 409, reason: 'Conflict' });
const away = () => new KubeError('no answer', { status: 0, reason: 'Transport' });

/**
 * An API with a Lease that `holderIdentity` holds, or without a Lease if `holderIdentity` is `undefined`. Each write of
 * the Lease is refused with the next entry of `refusals`, or accepted if the entry is `undefined`. The last entry
 * applies to all later writes.
 */
function server(holderIdentity: string | undefined, ...refusals: (KubeError | undefined)[]) {
  const written: KubeObject[] = [];
  return {
    written,
    api: {
      find: async () =>
        holderIdentity === undefined
          ? undefined
          : { apiVersion: 'v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity, leaseTransitions: 3 } },
      async update(lease: KubeObject) {
        const refusal = refusals.length > 1 ? refusals.shift() : refusals[0];
        if (refusal !== undefined) throw refusal;
        written.push(lease);
        return lease;
      },
    },
  };
}

const join = ({ api }: ReturnType<typeof server>) =>
  joinGroup({
    api,
    clock: { now: () => 1000, setTimer: () => ({ cancel: () => undefined }) },
    namespace: 'n',
    lease: 'l',
    group: 'all',
    signal: new AbortController().signal,
  });

describe('joinGroup', () => {
  it.each([
    ['renews the Lease of the group', server('all'), true],
    ['retries after a conflict', server('all', conflict(), undefined), true],
    ['fails after lasting conflicts', server('all', conflict()), false],
    ['does not join when the server does not respond', server('all', away()), false],
    ['writes nothing when another replica holds the Lease', server('other'), false],
    ['writes nothing when the Lease was released', server(''), false],
    ['writes nothing without a Lease', server(undefined), false],
  ])('%s', async (_what, lease, joined) => {
    expect(await join(lease)).toBe(joined);
    const renewed = { holderIdentity: 'all', leaseTransitions: 3, renewTime: '1970-01-01T00:00:01.000000Z' };
    expect(lease.written.map(({ spec }) => spec)).toEqual(joined ? [renewed] : []);
  });
});

const lease = (holderIdentity: string, renewTime: string): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: `lease-of-${holderIdentity}` },
  spec: { holderIdentity, renewTime, leaseTransitions: 0 },
});
const NO_HEARTBEATS: MemberHeartbeats = new Map();
function own(identity: string, heartbeats: MemberHeartbeats, now: number): Set<number> {
  const replicas = replicasOf(identity, heartbeats, now, 15_000);
  const shards = Array.from({ length: 16 }, (_, shard) => shard);
  return new Set(shards.filter((shard) => holderOf(shard, replicas) === identity));
}

describe('the live replicas', () => {
  it('are those whose Lease changed within the lease duration, by the local clock', () => {
    let heartbeats = recordHeartbeats(NO_HEARTBEATS, [lease('a', '1970'), lease('b', '2999')], 0);
    heartbeats = recordHeartbeats(heartbeats, [lease('a', '1971'), lease('b', '2999')], 14_000);
    expect(expiredMembers(heartbeats, 14_999, 15_000)).toEqual(new Set());
    expect(expiredMembers(heartbeats, 15_000, 15_000)).toEqual(new Set(['lease-of-b']));
    expect(expiredMembers(heartbeats, 29_000, 15_000)).toEqual(new Set(['lease-of-a', 'lease-of-b']));
  });

  it('exclude replicas whose Lease is released or deleted', () => {
    const released = { ...lease('a', '1'), spec: { holderIdentity: '' } };
    expect(expiredMembers(recordHeartbeats(NO_HEARTBEATS, [released], 0), 0, 15_000)).toEqual(new Set(['lease-of-a']));
    expect(recordHeartbeats(recordHeartbeats(NO_HEARTBEATS, [lease('a', '1')], 0), [], 1)).toEqual(new Map());
  });

  it('always include the replica itself, so that the last replica holds all shards', () => {
    expect(own('a', NO_HEARTBEATS, 0).size).toBe(16);
  });

  it('hold all shards without overlap when they know each other', () => {
    const heartbeats = recordHeartbeats(NO_HEARTBEATS, [lease('a', '1'), lease('b', '1'), lease('c', '1')], 0);
    const shares = ['a', 'b', 'c'].map((identity) => [...own(identity, heartbeats, 0)]);
    expect(shares.flat().sort((x, y) => x - y)).toEqual(Array.from({ length: 16 }, (_, shard) => shard));
    // The shards of the replica that died move to the other replicas, and the shards of `a` do not move.
    const later = recordHeartbeats(heartbeats, [lease('a', '2'), lease('b', '2'), lease('c', '1')], 15_000);
    for (const shard of own('a', later, 15_000)) expect(['a', 'c']).toContain(holderOf(shard, ['a', 'b', 'c']));
    expect(own('a', later, 15_000).size + own('b', later, 15_000).size).toBe(16);
  });
});
