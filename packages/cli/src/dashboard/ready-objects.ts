import type { KubeObject } from '@typekro/kit/core';
import type { GraphNode } from '@typekro/engine/graph';
import { Evaluate } from '@typekro/engine/runtime';

/**
 * The readiness of each object of a node, for displays such as the dashboard. An object is ready if every condition of
 * `readyWhen` that reads a single object is true. The conditions are evaluated as in a step. The report of a node
 * cannot replace this function, because the report names only the first object that is not ready.
 *
 * @param now the value of `now()` in conditions, in milliseconds since the epoch
 */
export function readyObjects(
  node: Pick<GraphNode, 'id' | 'nodeType' | 'readyWhen'>,
  objects: readonly KubeObject[],
  now: number,
): readonly boolean[] {
  const isList = node.nodeType === 'collection' || node.nodeType === 'externalCollection';
  // In an external collection, a condition that contains the node's id reads the whole list.
  const conditions = isList ? node.readyWhen.filter(({ references }) => !references.includes(node.id)) : node.readyWhen;
  return objects.map((object) => {
    const variables = new Map<string, unknown>([[isList ? 'each' : node.id, object]]);
    return conditions.every((condition) => {
      const result = Evaluate.toJson(condition, variables, { now });
      return result.state === 'value' && result.value === true;
    });
  });
}
