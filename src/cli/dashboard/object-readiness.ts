import type { InstanceNode, InstanceObject, TreeNode } from '../../inspect/index.ts';
import { countObjects } from '../../inspect/index.ts';
import type { Because } from '../../runtime/index.ts';

/** The maximum number of objects of one node in an answer. */
const MAX_OBJECTS = 2000;

/** The reasons of a node whose existing objects are as the graph wants them, except for those with a pending write. */
const COMPARED: ReadonlySet<Because['kind']> = new Set([
  'ready',
  'contested',
  'not-ready',
  'not-ready-by-kind',
  'items-missing',
  'write',
  'suspended',
]);

/**
 * The readiness that a view shows of an object. Conditions that hold for an object say nothing while the object differs
 * from the graph.
 *
 * @param ready do the conditions hold? Absent for an object that was not read
 * @param because the reason of the object's node
 * @param isPending does the controller still have to write the object?
 */
export function knownReadiness(ready: boolean | undefined, because: Because, isPending: boolean): boolean | undefined {
  if (ready !== true) return ready;
  return isPending || !COMPARED.has(because.kind) ? undefined : true;
}

/** A node of an instance with the numbers of its objects. */
export function withCounts(node: TreeNode, objects: readonly InstanceObject[]): InstanceNode {
  const omitted = objects.length - MAX_OBJECTS;
  const present = objects.filter(({ state }) => state === 'present');
  const unready = present.filter(({ ready }) => ready === false).length;
  const unchecked = present.filter(({ ready }) => ready === undefined).length;
  return {
    ...node,
    objects: omitted > 0 ? objects.slice(0, MAX_OBJECTS) : objects,
    counts: countObjects(objects),
    ...(unready > 0 ? { unready } : {}),
    ...(unchecked > 0 ? { unchecked } : {}),
    ...(omitted > 0 ? { omitted } : {}),
  };
}
