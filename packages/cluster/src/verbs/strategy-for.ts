import type { FieldTree } from '../fields/tree.ts';
import { treeOfMembers } from '../fields/tree.ts';
import { strategyOf } from '../kinds/index.ts';
import type { Strategy } from '../kinds/strategy.ts';
import type { ServedResource } from '../registry/resource.ts';

const strategies = new WeakMap<ServedResource, Strategy>();
const resets = new WeakMap<Strategy, Map<string, FieldTree>>();

/**
 * The rules for writes of a resource. Only the code for writes may import this file, because it loads the rules of all
 * built-in kinds.
 */
export function strategyFor(resource: ServedResource): Strategy {
  if (resource.custom !== undefined) return resource.custom.strategy;
  let strategy = strategies.get(resource);
  if (strategy === undefined) {
    strategy = strategyOf(resource.group, resource.plural, resource.subresources.has('status'));
    strategies.set(resource, strategy);
  }
  return strategy;
}

/** Paths that a request to the subresource (`''` for the resource itself) cannot change. */
export function resetFields(resource: ServedResource, subresource: string): FieldTree {
  const strategy = strategyFor(resource);
  const known = resets.get(strategy) ?? new Map<string, FieldTree>();
  resets.set(strategy, known);
  let tree = known.get(subresource);
  if (tree === undefined) {
    tree = treeOfMembers(resetPaths(resource, strategy, subresource));
    known.set(subresource, tree);
  }
  return tree;
}

function resetPaths(resource: ServedResource, strategy: Strategy, subresource: string): readonly (readonly string[])[] {
  const own = strategy.subresourceResets?.[subresource];
  if (own !== undefined) return own;
  if (subresource !== 'status') return strategy.hasStatus ? [['status']] : [];
  return [['spec'], ...(resource.custom === undefined ? (strategy.statusResets ?? []) : [['metadata']])];
}
