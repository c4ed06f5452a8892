import { shardOf } from './assignment.ts';

/** The definitions that one of several processes works on. The set can change. */
export interface DefinitionShare {
  /** Does this process work on the definition and its instances? */
  has(definition: string): boolean;
  /** The held shards, for metrics. */
  held(): Iterable<number>;
}

/** The shards that a process holds. */
export class ShardShare implements DefinitionShare {
  readonly #shards: number;
  readonly #held = new Set<number>();

  constructor(shards: number) {
    this.#shards = shards;
  }

  has(definition: string): boolean {
    return this.#held.has(shardOf(definition, this.#shards));
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
