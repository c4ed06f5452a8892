import type { Clock, LeaseApi } from '../../kube/index.ts';
import { isConflict, KubeError, renewedLease } from '../../kube/index.ts';
import { LEASE_TYPE } from './lease-board.ts';

/** The common Lease that a replica joins. */
export interface JoinOptions {
  readonly api: Pick<LeaseApi, 'find' | 'update'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly lease: string;
  /** The name under which all replicas hold it. */
  readonly group: string;
  readonly signal: AbortSignal;
}

/** Attempts when other replicas write the Lease in between. */
const MAX_TRIES = 4;

/**
 * Renews the common Lease after this replica's own exists. False when that failed, or the group does not hold the
 * Lease. A replica that ends reads the common Lease, then lists the replicas, then gives the Lease back at the version
 * that it read. After this renewal it either sees this replica or its write is refused, so no replica works under a
 * free Lease.
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
