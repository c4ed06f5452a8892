import type { Analysed } from '../analysis.ts';
import type { TypedResource } from '../checks/check-types.ts';
import type { PathStep } from '../model.ts';
import { formatPath } from '../path.ts';

/** The expressions of a node. A node of a Graph object has no `propagateWhen`. */
type ReadingNode = Omit<TypedResource, 'linked' | 'propagateWhen'> & Partial<Pick<TypedResource, 'propagateWhen'>>;

/**
 * The field paths of each node, and of `schema`, that expressions read. The paths of collections begin at the items. A
 * path below another path of the result is left out.
 */
export function collectReads(
  resources: readonly ReadingNode[],
  others: readonly Analysed[],
): Map<string, readonly (readonly PathStep[])[]> {
  const byId = new Map<string, Map<string, readonly PathStep[]>>();
  const inResources = resources.flatMap((each) => [
    ...each.fields,
    ...each.dimensions,
    ...each.includeWhen,
    ...each.readyWhen,
    ...(each.propagateWhen ?? []),
  ]);
  for (const { reads } of [...inResources, ...others]) {
    for (const { id, steps } of reads) {
      const paths = byId.get(id) ?? new Map<string, readonly PathStep[]>();
      byId.set(id, paths.set(formatPath(steps), steps));
    }
  }
  const ids = [...byId].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map(ids.map(([id, paths]) => [id, shortest(paths)]));
}

function shortest(paths: ReadonlyMap<string, readonly PathStep[]>): (readonly PathStep[])[] {
  const sorted = [...paths].toSorted(([a, one], [b, other]) => one.length - other.length || (a < b ? -1 : 1));
  const kept = new Map<string, readonly PathStep[]>();
  for (const [text, steps] of sorted) {
    if (!steps.some((_, length) => kept.has(formatPath(steps.slice(0, length))))) kept.set(text, steps);
  }
  return [...kept.values()];
}
