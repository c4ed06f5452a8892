import { oncePerObject, getOrInsert } from '@typekro/kit/core';
import { type FieldTree, treeOfMembers } from '../fields/tree.ts';
import { strategyOf } from '../kinds/index.ts';
import type { Strategy } from '../kinds/strategy.ts';
import type { ServedResource } from '../registry/served-resource.ts';

const builtinStrategy = oncePerObject(({ group, plural, subresources }: ServedResource) =>
  strategyOf(group, plural, subresources.has('status')),
);

/**
 * The rules for writes of a resource. Only the code for writes may import this file, because it loads the rules of all
 * built-in kinds.
 */
export const strategyFor = (resource: ServedResource): Strategy =>
  resource.custom?.strategy ?? builtinStrategy(resource);

const resetsOf = oncePerObject((_: Strategy) => new Map<string, FieldTree>());

/** Paths that a request to the subresource (`''` for the resource itself) cannot change. */
export function resetFields(resource: ServedResource, subresource: string): FieldTree {
  const strategy = strategyFor(resource);
  const known = resetsOf(strategy);
  return getOrInsert(known, subresource, () => treeOfMembers(resetPaths(resource, strategy, subresource)));
}

function resetPaths(resource: ServedResource, strategy: Strategy, subresource: string): readonly (readonly string[])[] {
  const own = strategy.subresourceResets?.[subresource];
  if (own !== undefined) return own;
  if (subresource !== 'status') return strategy.hasStatus ? [['status']] : [];
  return [['spec'], ...(resource.custom === undefined ? (strategy.statusResets ?? []) : [['metadata']])];
}
