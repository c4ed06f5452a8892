import type { Graph, GraphNode } from '../../graph/index.ts';
import { dimensionsOf, objectPathText } from '../../graph/index.ts';

/** Fields of a Secret that contain none of its values. */
const PUBLIC_FIELDS = /^(?:apiVersion|kind|type|immutable|metadata\.(?:name|namespace|labels))(?=[.[]|$)/;

/**
 * Can a field of a Secret contain one of its values? Every field can, except names, labels, `type` and `immutable`.
 * Annotations can, because some are a copy of the object.
 */
export const hidesInSecret = (path: string): boolean => !PUBLIC_FIELDS.test(path);

const isSecret = ({ type }: GraphNode): boolean => type?.group === '' && type.kind === 'Secret';

/**
 * Finds the fields that can contain values of Secrets: fields of Secrets, and fields whose expression reads a Secret,
 * directly or through other nodes. Fields of unknown nodes count as secret.
 *
 * @returns a predicate on the id of a node and the path of a field, in the form of a diff
 */
export function secretFields(graph: Graph): (node: string, path: string) => boolean {
  const reading = nodesThatReadSecrets(graph);
  return (id, path) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return true;
    if (isSecret(node)) return hidesInSecret(path);
    return node.template.holes.some((hole) => {
      const at = objectPathText(hole);
      return (
        (isWithin(at, path) || isWithin(path, at)) &&
        hole.expression.references.some((name) => reading.has(name) || isIterator(node, name, reading))
      );
    });
  };
}

/**
 * The ids of Secrets, and of all nodes that read a Secret, directly or through other nodes, deferred fields included.
 */
function nodesThatReadSecrets(graph: Graph): Set<string> {
  const reading = new Set<string>();
  for (let before = -1; before !== reading.size;) {
    before = reading.size;
    for (const node of graph.nodes.values()) {
      const isReading = [...node.dependsOn, ...(node.readsDeferred ?? [])].some((id) => reading.has(id));
      if (isSecret(node) || isReading) reading.add(node.id);
    }
  }
  return reading;
}

/** Is the name an iterator over a list that can contain values of Secrets? */
function isIterator(node: GraphNode, name: string, reading: ReadonlySet<string>): boolean {
  return dimensionsOf(node).some(
    (dimension) => dimension.name === name && dimension.expression.references.some((id) => reading.has(id)),
  );
}

const isWithin = (outer: string, path: string): boolean =>
  outer === '' || path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
