import { cryptoLibrary } from '../../core/index.ts';

/** The shard of a definition, from 0. It depends on the name alone, so that all replicas agree without asking. */
export function shardOf(definition: string, shards: number): number {
  return weight(definition, '') % shards;
}

/**
 * The replica that should hold a shard: the one with the highest weight for it (rendezvous hashing). When a replica
 * goes, only its own shards move; when one comes, shards move to that one alone.
 */
export function holderOf(shard: number, replicas: Iterable<string>): string | undefined {
  let best: { readonly replica: string; readonly weight: number } | undefined;
  for (const replica of replicas) {
    const own = weight(replica, String(shard));
    if (best === undefined || own > best.weight || (own === best.weight && replica > best.replica)) {
      best = { replica, weight: own };
    }
  }
  return best?.replica;
}

function weight(name: string, salt: string): number {
  return cryptoLibrary().createHash('sha256').update(`${salt}/${name}`).digest().readUIntBE(0, 6);
}
