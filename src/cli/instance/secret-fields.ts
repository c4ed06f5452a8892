import type { ObjectRef } from '../../core/index.ts';
import { parseApiVersion } from '../../core/index.ts';
import type { Expression, Graph, GraphNode } from '../../graph/index.ts';
import { dimensionsOf, isExternal, objectPathText } from '../../graph/index.ts';

/** Fields of a Secret that contain none of its values. */
const PUBLIC_FIELDS = /^(?:apiVersion|kind|type|immutable|metadata\.(?:name|namespace|labels))(?=[.[]|$)/;

/**
 * Can a field of a Secret contain one of its values? Every field can, except names, labels, `type` and `immutable`.
 * Annotations can, because some are a copy of the object.
 */
export const hidesInSecret = (path: string): boolean => !PUBLIC_FIELDS.test(path);

/** What is known about the live objects of an instance's nodes. */
export interface LiveNodes {
  /** Can an object of the node be a Secret? True when no object is known. Only asked about a node with a computed kind. */
  readonly mayHaveSecret: (node: string) => boolean;
  /** The other nodes that have an object of the node. An external collection can select an object of another node. */
  readonly sharing: (node: string) => readonly string[];
}

/**
 * What is known about the objects of nodes: their kinds, and which nodes have an object in common.
 *
 * @param objects the known objects, each with the id of a node
 */
export function liveNodesOf(objects: Iterable<readonly [node: string, object: ObjectRef]>): LiveNodes {
  const nodesOf = new Map<string, Set<string>>();
  const types = new Map<string, Set<string>>();
  for (const [id, object] of objects) {
    const [key, type] = [objectKey(object), typeKey(object)];
    nodesOf.set(key, (nodesOf.get(key) ?? new Set<string>()).add(id));
    types.set(id, (types.get(id) ?? new Set<string>()).add(type));
  }
  const sharing = new Map<string, Set<string>>();
  for (const ids of nodesOf.values()) {
    for (const id of ids.size === 1 ? [] : ids) {
      const others = [...ids].filter((other) => other !== id);
      sharing.set(id, new Set([...(sharing.get(id) ?? []), ...others]));
    }
  }
  return {
    mayHaveSecret: (id) => types.get(id)?.has(SECRET) ?? true,
    sharing: (id) => [...(sharing.get(id) ?? [])],
  };
}

const typeKey = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string =>
  `${parseApiVersion(apiVersion).group}/${kind}`;

const SECRET = typeKey({ apiVersion: 'v1', kind: 'Secret' });

/** The key of an object, equal in all versions of its kind. */
export const objectKey = (ref: ObjectRef): string => `${typeKey(ref)} ${ref.namespace ?? ''}/${ref.name}`;

/**
 * Is the node a Secret, or can it be one?
 *
 * @param mayHaveSecret can an object of this node be a Secret? Only called for a node with a computed kind
 */
export function canBeSecret(node: GraphNode, mayHaveSecret: (node: string) => boolean): boolean {
  const { id, type, nodeType, template } = node;
  if (type !== undefined) return type.group === '' && type.kind === 'Secret';
  if (nodeType === 'def' || nodeType === 'subgraph') return false;
  const { kind, apiVersion } = template.skeleton;
  const isComputed = (path: string): boolean =>
    template.holes.some(({ pathText }) => pathText === path || pathText === '');
  const [hasKind, hasVersion] = [!isComputed('kind'), !isComputed('apiVersion')];
  if ((hasKind && kind !== 'Secret') || (hasVersion && apiVersion !== 'v1')) return false;
  return (hasKind && hasVersion) || mayHaveSecret(id);
}

/** Is the node a Secret? Without live objects, a computed kind counts as another kind. */
const isSecret = (node: GraphNode, live?: LiveNodes): boolean =>
  canBeSecret(node, (id) => live?.mayHaveSecret(id) === true);

/**
 * Finds the fields that can contain values of Secrets: fields of Secrets, and fields whose expression reads a Secret,
 * directly or through other nodes. Fields of unknown nodes count as secret.
 *
 * @param live the known objects of the nodes. Absent: no node with a computed kind counts as a Secret
 * @returns a predicate on the id of a node and the path of a field, in the form of a diff
 */
export function secretFields(graph: Graph, live?: LiveNodes): (node: string, path: string) => boolean {
  const pathsOf = secretPaths(graph, live);
  return (id, path) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return true;
    if (isSecret(node, live)) return hidesInSecret(path);
    return pathsOf(node).some((at) => isWithin(at, path) || isWithin(path, at));
  };
}

/**
 * Finds the fields of live objects that can contain values of Secrets, as `secretFields` does. The server can sort a
 * list in another order than the graph, and another client can add elements. A field therefore counts as secret when
 * the same field of any element of the list is secret.
 *
 * @param graph absent when the graph is not known; every field that a user of the object sets then counts as secret
 * @param live the live objects of the nodes. An object of two nodes is secret where one of the nodes hides it, which
 *   the caller decides by `sharing`
 * @returns a predicate on the id of a node and the path of a field of a live object
 */
export function secretLiveFields(graph: Graph | undefined, live?: LiveNodes): (node: string, path: string) => boolean {
  const pathsOf = graph === undefined ? undefined : secretPaths(graph, live);
  return (id, path) => {
    const node = graph?.nodes.get(id);
    if (node === undefined || pathsOf === undefined) return hidesInSecret(path) && !isWithin('status', path);
    if (isSecret(node, live)) return hidesInSecret(path);
    const own = anyElement(path);
    return pathsOf(node).some((at) => isWithin(anyElement(at), own) || isWithin(own, anyElement(at)));
  };
}

/** Finds the expressions of a node, or of the status, whose value can come from a Secret. */
export function secretExpressions(
  graph: Graph,
  live?: LiveNodes,
): (node: GraphNode | undefined, expression: Expression) => boolean {
  const reading = nodesThatReadSecrets(graph, live);
  return (node, { references }) =>
    references.some((name) => reading.has(name) || (node !== undefined && isIterator(node, name, reading)));
}

/** Finds the paths of the fields of a node whose expression reads a Secret. */
function secretPaths(graph: Graph, live?: LiveNodes): (node: GraphNode) => readonly string[] {
  const isSecretIn = secretExpressions(graph, live);
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
 * The ids of Secrets, and of all nodes that read a Secret, directly or through other nodes, deferred fields included. A
 * node that has an object which such a node writes reads the Secret, too. So does one with an object of an unknown node.
 */
function nodesThatReadSecrets(graph: Graph, live?: LiveNodes): Set<string> {
  const reading = new Set<string>();
  const isWriter = (id: string): boolean => {
    const node = graph.nodes.get(id);
    return node === undefined || (reading.has(id) && !isExternal(node));
  };
  for (let before = -1; before !== reading.size;) {
    before = reading.size;
    for (const node of graph.nodes.values()) {
      const isReading = [...node.dependsOn, ...(node.readsDeferred ?? [])].some((id) => reading.has(id));
      const isSharing = live?.sharing(node.id).some(isWriter) === true;
      if (isSecret(node, live) || isReading || isSharing) reading.add(node.id);
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
