import { cryptoLibrary } from '@typekro/kit/core';

/**
 * The shard of a definition, from 0 to `shards` - 1. It depends only on the name, so all replicas agree without
 * communication.
 */
export function shardOf(definition: string, shards: number): number {
  return weight(definition, '') % shards;
}

/**
 * The replica that should hold a shard: the replica with the highest weight for it (rendezvous hashing). When a replica
 * leaves, only its own shards move. When a replica joins, shards move only to this replica. Returns `undefined` without
 * replicas.
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
