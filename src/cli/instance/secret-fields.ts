import type { Expression, Graph, GraphNode } from '../../graph/index.ts';
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
  const pathsOf = secretPaths(graph);
  return (id, path) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return true;
    if (isSecret(node)) return hidesInSecret(path);
    return pathsOf(node).some((at) => isWithin(at, path) || isWithin(path, at));
  };
}

/**
 * Finds the fields of live objects that can contain values of Secrets, as `secretFields` does. The server can sort a
 * list in another order than the graph, and another client can add elements. A field therefore counts as secret when
 * the same field of any element of the list is secret.
 *
 * @param graph absent when the graph is not known; every field that a user of the object sets then counts as secret
 * @returns a predicate on the id of a node and the path of a field of a live object
 */
export function secretLiveFields(graph: Graph | undefined): (node: string, path: string) => boolean {
  const pathsOf = graph === undefined ? undefined : secretPaths(graph);
  return (id, path) => {
    const node = graph?.nodes.get(id);
    if (node === undefined || pathsOf === undefined) return hidesInSecret(path) && !isWithin('status', path);
    if (isSecret(node)) return hidesInSecret(path);
    const own = anyElement(path);
    return pathsOf(node).some((at) => isWithin(anyElement(at), own) || isWithin(own, anyElement(at)));
  };
}

/** Finds the expressions of a node, or of the status, whose value can come from a Secret. */
export function secretExpressions(graph: Graph): (node: GraphNode | undefined, expression: Expression) => boolean {
  const reading = nodesThatReadSecrets(graph);
  return (node, { references }) =>
    references.some((name) => reading.has(name) || (node !== undefined && isIterator(node, name, reading)));
}

/** Finds the paths of the fields of a node whose expression reads a Secret. */
function secretPaths(graph: Graph): (node: GraphNode) => readonly string[] {
  const isSecretIn = secretExpressions(graph);
  const known = new Map<string, readonly string[]>();
  return (node) => {
    let paths = known.get(node.id);
    if (paths === undefined) {
      const holes = node.template.holes.filter(({ expression }) => isSecretIn(node, expression));
      paths = holes.map(objectPathText);
      known.set(node.id, paths);
    }
    return paths;
  };
}

/** `spec.ports[].port` for `spec.ports[3].port`. */
const anyElement = (path: string): string => path.replaceAll(/\[\d+\]/g, '[]');

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
