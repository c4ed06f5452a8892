import { type KubeObject, refOf, TypeKroError } from '@typekro/kit/core';
import { type Clock, type KubernetesApi, elapsed } from '@typekro/kube';
import { holderOf } from './assignment.ts';
import { type MemberHeartbeats, expiredMembers, replicasOf, recordHeartbeats } from './member-heartbeats.ts';

/** The label with the purpose of a Lease: replica or shard. */
export const LEASE_LABEL = 'typekro.dev/lease';
export const REPLICA = 'replica';
export const SHARD = 'shard';

/** The dependencies of a `ShardMembership`. */
export interface ShardMembershipOptions {
  readonly api: Pick<KubernetesApi, 'delete'>;
  readonly clock: Clock;
  readonly identity: string;
  /** The time without a renewal after which a replica counts as gone, in milliseconds. */
  readonly durationMs: number;
}

/** The live replicas as this replica observes them, and the shards that this replica should hold. */
export class ShardMembership {
  readonly #options: ShardMembershipOptions;
  #heartbeats: MemberHeartbeats | undefined;

  constructor(options: ShardMembershipOptions) {
    this.#options = options;
  }

  /** Updates the heartbeats of the replicas from all current Leases. Deletes the Leases of replicas that have left. */
  observe(leases: readonly KubeObject[]): void {
    const heartbeats = this.#recordHeartbeats(leases);
    const left = expiredMembers(heartbeats, elapsed(this.#options.clock), this.#options.durationMs);
    for (const lease of leases) if (left.has(lease.metadata.name ?? '')) void this.clear(lease);
  }

  /** According to the current Leases, has every other replica left? */
  isAlone(leases: readonly KubeObject[]): boolean {
    const heartbeats = this.#recordHeartbeats(leases);
    const left = expiredMembers(heartbeats, elapsed(this.#options.clock), this.#options.durationMs);
    return [...heartbeats].every(([name, { holder }]) => left.has(name) || holder === this.#options.identity);
  }

  /** Should this replica hold a shard? False before the first list of Leases. */
  shouldHold(shard: number): boolean {
    if (this.#heartbeats === undefined) return false;
    const { identity, durationMs } = this.#options;
    return (
      holderOf(shard, replicasOf(identity, this.#heartbeats, elapsed(this.#options.clock), durationMs)) === identity
    );
  }

  /** Deletes the Lease of a replica that left. A Lease that was written in the meantime stays. */
  async clear(lease: KubeObject): Promise<void> {
    const { uid, resourceVersion } = lease.metadata;
    if (uid === undefined || resourceVersion === undefined) return;
    try {
      await this.#options.api.delete(refOf(lease), { preconditions: { uid, resourceVersion } });
    } catch (thrown) {
      // A remaining Lease does no harm. The next replica that finds it tries again.
      if (!(thrown instanceof TypeKroError)) throw thrown;
    }
  }

  #recordHeartbeats(leases: readonly KubeObject[]): MemberHeartbeats {
    const members = leases.filter(({ metadata }) => metadata.labels?.[LEASE_LABEL] === REPLICA);
    const heartbeats = recordHeartbeats(this.#heartbeats ?? new Map(), members, elapsed(this.#options.clock));
    this.#heartbeats = heartbeats;
    return heartbeats;
  }
}
