import { type Clock, type LeaseApi, isConflict, KubeError, renewedLease } from '@typekro/kube';
import { LEASE_TYPE } from './lease-board.ts';

/** The common Lease that a replica joins. */
export interface JoinOptions {
  readonly api: Pick<LeaseApi, 'find' | 'update'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly lease: string;
  /** The holder identity that all replicas use for the Lease. */
  readonly group: string;
  readonly signal: AbortSignal;
}

/** The maximum number of attempts when other replicas write the Lease at the same time. */
const MAX_TRIES = 4;

/**
 * Renews the common Lease after this replica's own Lease was created. Returns false when the renewal failed, or when
 * the group does not hold the common Lease.
 *
 * At its end, a replica reads the common Lease, then lists the replicas, and then releases the Lease with the
 * resourceVersion that it read. After the renewal, a replica that is about to end either finds this replica in the
 * list, or the server refuses its release of the Lease. Therefore no replica works while the Lease is free.
 */
export async function joinGroup({ api, clock, namespace, lease, group, signal }: JoinOptions): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      const found = await api.find({ ...LEASE_TYPE, namespace, name: lease }, { signal });
      if (found?.spec?.['holderIdentity'] !== group) return false;
      await api.update(renewedLease(found, clock.now()), { signal });
      return true;
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      if (!isConflict(thrown)) return false;
    }
  }
  return false;
}
