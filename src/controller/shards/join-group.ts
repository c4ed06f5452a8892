import type { Clock, LeaseApi } from '../../kube/index.ts';
import { isConflict, KubeError, renewedLease } from '../../kube/index.ts';
import { LEASE_TYPE } from './lease-board.ts';

/** Which common Lease a replica joins. */
export interface JoinOptions {
  readonly api: Pick<LeaseApi, 'find' | 'update'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly lease: string;
  /** The name under which all replicas hold it. */
  readonly group: string;
  readonly signal: AbortSignal;
}

/** So often in a row others may write the Lease in between. */
const MAX_TRIES = 4;

/**
 * Renews the common Lease once this replica's own is there; false when that did not work, or it is not held by the
 * group. A replica that ends reads the common Lease, then who else is there, then gives it back on the version that it
 * read: after this write it either sees this replica or is refused, so that nobody works under a Lease that is free.
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
