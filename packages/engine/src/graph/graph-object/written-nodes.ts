import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';

/** The maximum depth of subgraphs that are searched. The compiler refuses a Graph with so many levels of subgraphs. */
const MAX_DEPTH = 100;

/** A node as it is written in a Graph object. */
export interface WrittenNode {
  /** The node, unchecked. */
  readonly node: JsonObject;
  /** The ids of the subgraphs that contain the node, and the node's own id, joined by `/`. A missing id is empty. */
  readonly path: string;
}

/**
 * The nodes of a Graph object and of all its subgraphs. A subgraph comes before its nodes. Skips malformed nodes, so
 * that even a Graph that does not compile can be searched.
 */
export function* writtenNodes({ spec }: KubeObject): Generator<WrittenNode> {
  yield* nodesOf(spec?.['nodes'], '', 0);
}

function* nodesOf(nodes: JsonValue | undefined, place: string, depth: number): Generator<WrittenNode> {
  if (!Array.isArray(nodes) || depth > MAX_DEPTH) return;
  for (const node of nodes) {
    if (!isJsonObject(node)) continue;
    const path = place + textAt(node, 'id');
    yield { node, path };
    if (isJsonObject(node['graph'])) yield* nodesOf(node['graph']['nodes'], `${path}/`, depth + 1);
  }
}
