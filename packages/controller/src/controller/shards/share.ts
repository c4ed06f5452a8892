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

/** The shards that a process holds. */
export class ShardShare implements DefinitionShare {
  readonly total: number;
  readonly #held = new Set<number>();

  constructor(total: number) {
    this.total = total;
  }

  has(definition: string): boolean {
    return this.#held.has(shardOf(definition, this.total));
  }

  held(): Iterable<number> {
    return [...this.#held].sort((a, b) => a - b);
  }

  take(shard: number): void {
    this.#held.add(shard);
  }

  leave(shard: number): void {
    this.#held.delete(shard);
  }
}
