import type { JsonValue } from '@typekro/kit/core';
import { type Expression, type Graph, type GraphNode, type ReadPart, Nodes, Path } from '../../graph/index.ts';
import { type LiveNodes, hidesInSecret, isSecretNode } from './secret-nodes.ts';

/** The flow of values from Secrets and into Secrets. */
export interface SecretFlow {
  /** Can the field contain a value of a Secret? `form` normalises paths before they are compared. */
  readonly isSecretField: (node: GraphNode, path: string, form: (path: string) => string) => boolean;
  /**
   * Can the string at the path repeat a value of a Secret? A custom kind's controller can copy values from the spec to
   * the status.
   */
  readonly isEchoField: (node: GraphNode, path: string) => boolean;
  readonly isSecretExpression: (node: GraphNode | undefined, expression: Expression) => boolean;
  /** Is the value of the field written into a field of a Secret? */
  readonly isInput: (node: GraphNode, path: string) => boolean;
}

/** Traces the values of Secrets through the fields of a graph's nodes. */
export function secretFlow(graph: Graph, live?: LiveNodes): SecretFlow {
  const inputs = inputsOfSecrets(graph, live);
  /** Maps a node to the paths of its fields that contain a value of a Secret. */
  const paths = new Map<string, Set<string>>([...inputs].map(([id, own]) => [id, new Set(own)]));

  const isSecretField: SecretFlow['isSecretField'] = (node, path, form) => {
    if (isSecretNode(node, live) && hidesInSecret(path)) return true;
    if (node.nodeType === 'subgraph') return childrenAt(graph, node, path).some((each) => isSecretField(...each, form));
    const own = form(path);
    return [...(paths.get(node.id) ?? [])].some((at) => overlaps(form(at), own));
  };
  const isEchoField: SecretFlow['isEchoField'] = (node, path) => {
    if (node.nodeType === 'subgraph') return childrenAt(graph, node, path).some((each) => isEchoField(...each));
    return (
      isCustom(node) && (paths.get(node.id)?.size ?? 0) > 0 && overlaps('status', path) && !PLAIN_STATUS.test(path)
    );
  };
  const isSecretPart = ({ id, steps }: ReadPart, isText: boolean): boolean => {
    const path = Path.format(steps);
    return [id, ...(live?.sharing(id) ?? [])].some((each) => {
      const node = graph.nodes.get(each);
      // `sharing` can also return a node that the graph does not have, such as a retired one.
      if (node === undefined) return each !== id && hidesInUnknown(path);
      return isSecretField(node, path, anyElement) || (isText && isEchoField(node, path));
    });
  };
  const isSecretExpression: SecretFlow['isSecretExpression'] = (node, { cel, reads, references, type }) => {
    const canBeText = !NUMBERS.has(type);
    if (reads.some((part) => !isOfKeys(part, cel) && isSecretPart(part, canBeText))) return true;
    const isRead = (name: string): boolean => reads.some(({ id }) => id === name);
    return references.some((name) => {
      if (graph.nodes.has(name)) return !isRead(name) && isSecretPart({ id: name, steps: [] }, canBeText);
      const over =
        node === undefined ? undefined : Nodes.dimensionsOf(node).find((dimension) => dimension.name === name);
      return over !== undefined && isSecretExpression(node, over.expression);
    });
  };

  for (let before = -1, size = 0; before !== size;) {
    before = size;
    for (const node of graph.nodes.values()) {
      const own = paths.get(node.id) ?? new Set<string>();
      for (const hole of node.template.holes) {
        if (isSecretExpression(node, hole.expression)) own.add(Nodes.pathOf(hole));
      }
      if (own.size > 0) paths.set(node.id, own);
    }
    size = [...paths.values()].reduce((sum, own) => sum + own.size, 0);
  }
  const isInput = (node: GraphNode, path: string): boolean =>
    (isSecretNode(node, live) && hidesInSecret(path)) || inputs.get(node.id)?.has(path) === true;
  return { isSecretField, isEchoField, isSecretExpression, isInput };
}

/**
 * Maps a `def` node to those of its fields whose values are written into Secrets, directly or through other `def`
 * nodes.
 */
function inputsOfSecrets(graph: Graph, live?: LiveNodes): ReadonlyMap<string, ReadonlySet<string>> {
  const inputs = new Map<string, Set<string>>();
  const isInput = (node: GraphNode, path: string): boolean =>
    (isSecretNode(node, live) && hidesInSecret(path)) || inputs.get(node.id)?.has(path) === true;
  for (let before = -1, size = 0; before !== size;) {
    before = size;
    const reads = [...graph.nodes.values()].flatMap((node) =>
      node.template.holes.flatMap((hole) => (isInput(node, hole.pathText) ? hole.expression.reads : [])),
    );
    for (const { id, steps } of reads) {
      const node = graph.nodes.get(id);
      if (node?.nodeType !== 'def') continue;
      const own = inputs.get(id) ?? new Set<string>();
      // A constant of the node has no hole.
      if (steps.length > 0) own.add(Path.format(steps));
      for (const { pathText } of node.template.holes) if (overlaps(pathText, Path.format(steps))) own.add(pathText);
      inputs.set(id, own);
    }
    size = [...inputs.values()].reduce((sum, own) => sum + own.size, 0);
  }
  return inputs;
}

/** The children of a subgraph that a path reads, each with the remaining path. */
function childrenAt(
  graph: Graph,
  node: Extract<GraphNode, { nodeType: 'subgraph' }>,
  path: string,
): [GraphNode, string][] {
  return node.children.flatMap((id): [GraphNode, string][] => {
    const child = graph.nodes.get(id);
    const name = id.slice(node.id.length + 1);
    if (child === undefined || !overlaps(name, path)) return [];
    return [[child, path.slice(name.length).replace(/^\./, '')]];
  });
}

/**
 * Does this part read only the keys of a Secret's data: how many there are, or whether one exists? Keys are not secret:
 * views show them too.
 */
function isOfKeys({ id, steps: [field] }: ReadPart, cel: string): boolean {
  if (field !== 'data' && field !== 'stringData') return false;
  // Expressions of a subgraph name its nodes by the last part of their ids.
  const name = id.slice(id.lastIndexOf('/') + 1);
  const map = `(?<![\\w.])${name}\\.(?:data|stringData)(?!\\w)`;
  const keys = new RegExp(
    `size\\(${map}\\)|${map}\\.size\\(\\)|has\\(${map}\\.\\w+\\)|"[^"\\\\]*" in ${map}(?![.[?])`,
    'g',
  );
  const others = new RegExp(`(?<![\\w.])${name}(?!\\w)(?!\\.(?:metadata|type|immutable|kind|apiVersion)\\b)`);
  const rest = cel.replaceAll(keys, '');
  // An expression that does not contain the name reads the Secret by another name, such as an iterator.
  return rest !== cel && !others.test(rest);
}

/** The types of values that cannot contain a string. */
export const NUMBERS: ReadonlySet<string> = new Set(['bool', 'int', 'uint', 'double']);

export const isText = (value: JsonValue | undefined): boolean =>
  typeof value !== 'number' && typeof value !== 'boolean';

/** Matches status fields whose values are fixed words of an API, and not free text. */
const PLAIN_STATUS = /^status\.(?:conditions\[\d*\]\.(?:type|status|reason|lastTransitionTime)|phase|state)$/;

/** The groups of Kubernetes' built-in kinds have no dot, or end with `k8s.io`. */
const isCustom = ({ type }: GraphNode): boolean =>
  type === undefined ? false : type.group.includes('.') && !/(?:^|\.)k8s\.io$/.test(type.group);

/** In an object of an unknown node, every field that a client can set counts as secret. */
export const hidesInUnknown = (path: string): boolean => hidesInSecret(path) && !isWithin('status', path);

/**
 * Removes list indexes from a path: `spec.ports[3].port` becomes `spec.ports.port`, which is also the path that a loop
 * over the ports reads.
 */
export const anyElement = (path: string): string => path.replaceAll(/\[\d+\]/g, '');

export const overlaps = (a: string, b: string): boolean => isWithin(a, b) || isWithin(b, a);

export const isWithin = (outer: string, path: string): boolean =>
  outer === '' || path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
