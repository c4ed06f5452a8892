import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { holderOf } from './assignment.ts';
import type { MemberHeartbeats } from './members.ts';
import { expiredMembers, replicasOf, recordHeartbeats } from './members.ts';

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
    for (const shard of own('a', later, 15_000)) {
      expect(['a', 'c']).toContain(holderOf(shard, ['a', 'b', 'c']));
    }
    expect(own('a', later, 15_000).size + own('b', later, 15_000).size).toBe(16);
  });
});
