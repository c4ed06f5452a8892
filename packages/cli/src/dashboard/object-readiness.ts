import { type InstanceNode, type InstanceObject, type TreeNode, countObjects } from '@typekro/controller/inspect';
import type { Reports } from '@typekro/engine/runtime';

/** The maximum number of objects of one node in a response. */
const MAX_OBJECTS = 2000;

/**
 * Reasons that are only possible after the node's existing objects were compared with the graph. Objects without a
 * pending write then have their desired state.
 */
const COMPARED: ReadonlySet<Reports.Because['kind']> = new Set([
  'ready',
  'contested',
  'not-ready',
  'not-ready-by-kind',
  'items-missing',
  'write',
  'suspended',
]);

/**
 * The readiness that a view shows for an object. If the readiness conditions are true but the object differs from the
 * graph, or was not compared with it, the result is undefined, because the conditions can be about an old state.
 *
 * @param ready are the readiness conditions of the object true? Absent for an object that was not read
 * @param because the reason of the object's node
 * @param isPending does the controller still have to write the object?
 */
export function knownReadiness(
  ready: boolean | undefined,
  because: Reports.Because,
  isPending: boolean,
): boolean | undefined {
  if (ready !== true) return ready;
  return isPending || !COMPARED.has(because.kind) ? undefined : true;
}

/** Adds the objects, at most `MAX_OBJECTS`, and the number of objects in each state to a node of an instance. */
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
