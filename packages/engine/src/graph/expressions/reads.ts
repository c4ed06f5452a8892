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
  return new Map(ids.map(([id, paths]) => [id, shortest([...paths.values()])]));
}

function shortest(paths: readonly (readonly PathStep[])[]): readonly (readonly PathStep[])[] {
  const sorted = paths.toSorted((a, b) => a.length - b.length || (formatPath(a) < formatPath(b) ? -1 : 1));
  const kept: (readonly PathStep[])[] = [];
  for (const path of sorted) {
    if (!kept.some((prefix) => prefix.every((step, index) => path[index] === step))) kept.push(path);
  }
  return kept;
}
