import { type KubeObject, namespacedName } from '@typekro/kit/core';
import type { KindCache } from '../cache/kind-cache.ts';

/** The maximum number of instances that the message names. */
const MAX_NAMED_INSTANCES = 5;

/**
 * Names the instances that delay the removal of a deleted definition, and their finalizers. The instances are sorted by
 * name.
 */
export function remainingText(instances: Pick<KindCache, 'size' | 'values'>): string {
  const named = [...instances.values()]
    .map(({ object }) => object)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .slice(0, MAX_NAMED_INSTANCES)
    .map((object) => `${nameOf(object)} (${stateOf(object)})`);
  const more = instances.size > named.length ? `, and ${instances.size - named.length} more` : '';
  const count = instances.size === 1 ? 'an instance' : `${instances.size} instances`;
  return `deletion waits for ${count}: ${named.join(', ')}${more}`;
}

function nameOf({ metadata }: KubeObject): string {
  return namespacedName(metadata);
}

function stateOf({ metadata }: KubeObject): string {
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined) return 'not deleted';
  const held = finalizers.length === 0 ? '' : `, finalizers ${finalizers.join(', ')}`;
  return `deleted at ${deletionTimestamp}${held}`;
}
