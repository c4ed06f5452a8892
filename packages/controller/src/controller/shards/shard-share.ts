import { shardOf } from './assignment.ts';

/** The definitions that one of several processes works on. The set can change. */
export interface DefinitionShare {
  /** Does this process work on the definition and its instances? */
  has(definition: string): boolean;
  /** The numbers of the shards that this process holds, for metrics. */
  held(): Iterable<number>;
  /** The total number of shards, for metrics. */
  readonly total: number;
}

/** The Leases under which a process works. */
export interface HeldLeases {
  /** Aborts when another process may lead. Running passes are then aborted. */
  readonly lost: AbortSignal;
  /** Does the process hold the Leases? If not, it must not write (`ElectionOptions.onLeading`). */
  readonly holds: () => boolean;
}

/** The shards that a process holds. */
export class ShardShare implements DefinitionShare {
  readonly total: number;
  /** For each shard, whether its Lease is still held. */
  readonly #held = new Map<number, () => boolean>();

  constructor(total: number) {
    this.total = total;
  }

  has(definition: string): boolean {
    return this.#held.has(shardOf(definition, this.total));
  }

  held(): Iterable<number> {
    return [...this.#held.keys()].sort((a, b) => a - b);
  }

  /** Are the Leases of all shards still held? After a pause of the process, all expire together. */
  holdsAll(): boolean {
    for (const holds of this.#held.values()) if (!holds()) return false;
    return true;
  }

  take(shard: number, holds: () => boolean): void {
    this.#held.set(shard, holds);
  }

  leave(shard: number): void {
    this.#held.delete(shard);
  }
}
