import { cryptoLibrary, whenAborted } from '@typekro/kit/core';
import { setMaxListeners } from 'node:events';
import type { Clock, ElectionOptions, KubernetesApi, LeaseTimes } from '@typekro/kube';
import { pause, runElection } from '@typekro/kube';
import type { Logger } from '../logger.ts';
import { LeaseLogger } from '../telemetry/lease-logger.ts';
import { ShardMembership, LEASE_LABEL, REPLICA, SHARD } from './shard-membership.ts';
import { joinGroup } from './join-group.ts';
import { LEASE_TYPE, LeaseBoard } from './lease-board.ts';
import { type DefinitionShare, type HeldLeases, ShardShare } from './shard-share.ts';

/** The options of `runShards`. */
export interface RunShardsOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The namespace of the Leases. */
  readonly namespace: string;
  /**
   * The name of the Lease that a single process holds when the work is not divided. The names of all other Leases begin
   * with this name.
   */
  readonly lease: string;
  /** The identity of this replica. */
  readonly identity: string;
  /** The number of shards. All replicas must have the same number. */
  readonly shards: number;
  readonly times: LeaseTimes;
  /** Ends the replica when it aborts. Running passes end first. */
  readonly signal: AbortSignal;
  /** Called after each poll of the Lease `lease`, which all replicas share, with the error if there was one. */
  readonly onPoll?: ElectionOptions['onPoll'];
  /** Works on a share until `ending` aborts. When `held.lost` aborts, running passes must be aborted. */
  readonly work: (share: DefinitionShare, ending: AbortSignal, held: HeldLeases) => Promise<void>;
  /**
   * Called when the share has changed. The promise must settle when the last running pass over the definitions that
   * left the share has ended. Such passes must be aborted when `abortGrace` aborts.
   */
  readonly onChange: (abortGrace: AbortSignal) => Promise<void>;
}

/**
 * Divides definitions among replicas. Each shard has a Lease and an election. A replica takes a Lease only after the
 * holder released the Lease or the Lease expired. A holder that cannot renew its Lease stops writing before the Lease
 * expires. The set of replicas determines the assignment of shards. A replica belongs to the set while it renews its
 * own Lease.
 *
 * All replicas together hold the Lease of an undivided controller, with one holder identity. An undivided controller,
 * or replicas with another number of shards, wait until all of these replicas have ended.
 */
export async function runShards(options: RunShardsOptions): Promise<void> {
  const { api, clock, namespace, lease, shards, identity, times, signal, onPoll } = options;
  const membership = new ShardMembership({ api, clock, identity, durationMs: times.leaseDurationMs });
  let term: Promise<void> = Promise.resolve();
  await runElection({
    api,
    clock,
    namespace,
    name: lease,
    identity: groupOf(shards),
    times,
    signal,
    ...(onPoll === undefined ? {} : { onPoll }),
    // Other replicas may still work under this Lease. Replicas that end at the same time have released their own Leases
    // before this call, so the last one finds no other replica.
    mayRelease: async (requestSignal) => {
      const { items } = await api.list(LEASE_TYPE, { namespace, labelSelector: LEASE_LABEL, signal: requestSignal });
      return membership.isAlone(items);
    },
    onLeading(ending, lost, holds) {
      term = term.then(() => workInShards(options, membership, ending, { lost, holds }));
      return term;
    },
  });
}

async function workInShards(
  options: RunShardsOptions,
  membership: ShardMembership,
  ending: AbortSignal,
  { lost, holds }: HeldLeases,
): Promise<void> {
  if (ending.aborted) return;
  const { api, clock, logger, namespace, lease, identity, shards, times, work } = options;
  const share = new ShardShare(shards);
  const board = new LeaseBoard({
    api,
    clock,
    namespace,
    labelSelector: LEASE_LABEL,
    maxAgeMs: times.retryPeriodMs / 2,
    onRead: (leases) => membership.observe(leases),
  });
  const finished = new AbortController();
  const stopped = AbortSignal.any([ending, finished.signal]);
  // Every shard adds a listener, so many listeners are not a leak.
  setMaxListeners(0, stopped);
  const election = (
    name: string,
    purpose: string,
    rest: Pick<ElectionOptions, 'onLeading' | 'onPoll' | 'isEligible'>,
  ): Promise<void> => {
    const labels = { [LEASE_LABEL]: purpose };
    return runElection({ api: board, clock, namespace, name, identity, labels, times, signal: stopped, ...rest });
  };
  const ownLease = `${lease}-replica-${digest(identity)}`;
  const leaseLogger = new LeaseLogger(logger, clock, `${namespace}/${ownLease}`);
  let joined = false;
  const parts = [
    work(share, stopped, { lost, holds: () => holds() && share.holdsAll() }),
    election(ownLease, REPLICA, {
      async onLeading(end) {
        while (!end.aborted && !joined) {
          joined = await joinGroup({ api, clock, namespace, lease, group: groupOf(shards), signal: end });
          if (!joined) await pause(clock, times.retryPeriodMs, end);
        }
        await whenAborted(end);
      },
      onPoll: (failure) => leaseLogger.polled(failure),
    }),
    ...Array.from({ length: shards }, (_, shard) => {
      let term: Promise<void> = Promise.resolve();
      return election(`${lease}-shard-${shard}`, SHARD, {
        isEligible: () => joined && membership.shouldHold(shard),
        onLeading(end, gone, isHeld) {
          const held = { lost: AbortSignal.any([gone, lost]), holds: isHeld };
          term = term.then(() => holdShard(options, share, shard, end, held));
          return term;
        },
      });
    }),
  ];
  // When the work or an election fails, the other parts end before the error is thrown.
  for (const part of parts) part.catch(() => finished.abort());
  await Promise.allSettled(parts);
  await Promise.all(parts);
}

/** The holder identity that the replicas share for the common Lease. */
function groupOf(shards: number): string {
  return `typekro-${shards}-shards`;
}

/** Works on a shard until `ending` aborts. Settles when no pass over its definitions is running. */
async function holdShard(
  { onChange, logger }: RunShardsOptions,
  share: ShardShare,
  shard: number,
  ending: AbortSignal,
  { lost, holds }: HeldLeases,
): Promise<void> {
  if (ending.aborted) return;
  logger.log('info', 'took over a shard', { shard });
  share.take(shard, holds);
  await Promise.all([onChange(lost), whenAborted(ending)]);
  share.leave(shard);
  await onChange(lost);
  logger.log('info', 'a shard was handed over', { shard });
}

/** A digest of an identity for the names of objects. An identity may have characters that a name may not have. */
function digest(identity: string): string {
  return cryptoLibrary().createHash('sha256').update(identity).digest('hex').slice(0, 16);
}
