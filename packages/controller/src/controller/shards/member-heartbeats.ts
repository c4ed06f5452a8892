import type { KubeObject } from '@typekro/kit/core';

/**
 * The last observed content of a replica's Lease. `since` is the time of this replica's clock at which the content was
 * observed for the first time.
 */
export interface MemberHeartbeat {
  readonly holder: string;
  readonly record: string;
  readonly since: number;
}

/** Heartbeats of the replicas, including this one, by the names of their Leases. */
export type MemberHeartbeats = ReadonlyMap<string, MemberHeartbeat>;

/**
 * Updates the heartbeats from a list of the replicas' Leases. `now` is the monotonic time of this replica. A Lease
 * counts as renewed when this replica observes a change of its content. The times in the Lease come from clocks of
 * other machines, so they are only compared for equality.
 */
export function recordHeartbeats(known: MemberHeartbeats, leases: Iterable<KubeObject>, now: number): MemberHeartbeats {
  const heartbeats = new Map<string, MemberHeartbeat>();
  for (const { metadata, spec = {} } of leases) {
    const name = metadata.name ?? '';
    const holder = typeof spec['holderIdentity'] === 'string' ? spec['holderIdentity'] : '';
    const record = JSON.stringify([holder, spec['renewTime'], spec['leaseTransitions']]);
    const before = known.get(name);
    heartbeats.set(name, before?.record === record ? before : { holder, record, since: now });
  }
  return heartbeats;
}

/** The names of the Leases that were not renewed for `durationMs`, and of those that were released. */
export function expiredMembers(heartbeats: MemberHeartbeats, now: number, durationMs: number): Set<string> {
  const left = new Set<string>();
  for (const [name, { holder, since }] of heartbeats) if (holder === '' || now - since >= durationMs) left.add(name);
  return left;
}

/** The replicas among which shards are assigned: this replica, and all others whose Leases are renewed. */
export function replicasOf(
  identity: string,
  heartbeats: MemberHeartbeats,
  now: number,
  durationMs: number,
): Set<string> {
  const left = expiredMembers(heartbeats, now, durationMs);
  const replicas = new Set([identity]);
  for (const [name, { holder }] of heartbeats) if (!left.has(name)) replicas.add(holder);
  return replicas;
}
