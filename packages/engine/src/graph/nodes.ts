import { type GroupVersionKind, formatApiVersion, parseApiVersion } from '@typekro/kit/core';
import { formatPath } from './path.ts';
import type {
  CollectionNode,
  ExternalCollectionNode,
  ExternalNode,
  ForEachDimension,
  Graph,
  GraphNode,
  Hole,
  PathStep,
  ResourceNode,
  TypedNode,
} from './model.ts';

/** Does the compiler know the type of the node's objects? */
export function isTyped(node: GraphNode): node is TypedNode {
  return node.type !== undefined;
}

/** The nodes whose types are known, in the order of the definition. */
export function typedNodes({ nodes }: { readonly nodes: ReadonlyMap<string, GraphNode> }): TypedNode[] {
  return [...nodes.values()].filter(isTyped);
}

/** Does the graph own the objects of the node? */
export function ownsObjects(node: GraphNode): node is ResourceNode | CollectionNode {
  return node.nodeType === 'resource' || node.nodeType === 'collection';
}

/**
 * The kind for which a resource of a definition waits (`deferredSchemas`); undefined for any other node, and for every
 * node of a Graph object.
 */
export function awaitedKind(graph: Pick<Graph, 'definedBy'>, node: GraphNode): GroupVersionKind | undefined {
  if (graph.definedBy !== 'definition' || !ownsObjects(node) || isTyped(node)) return undefined;
  const { apiVersion, kind } = node.template.skeleton;
  return typeof apiVersion === 'string' && typeof kind === 'string'
    ? { ...parseApiVersion(apiVersion), kind }
    : undefined;
}

/** Does the node read objects that exist without the graph? */
export function isExternal(node: GraphNode): node is ExternalNode | ExternalCollectionNode {
  return node.nodeType === 'external' || node.nodeType === 'externalCollection';
}

/**
 * The path of the field that a hole fills in the object. For a field at or below a computed key, it is the path of the
 * map with this key, because the object has no field at the path of the hole.
 */
export function objectPathOf({ path, computedMap }: Hole): readonly PathStep[] {
  return computedMap ?? path;
}

/** The path of `objectPathOf` as a string. */
export function objectPathText({ pathText, computedMap }: Hole): string {
  return computedMap === undefined ? pathText : formatPath(computedMap);
}

/** The dimensions of a node; empty for a node without `forEach`. */
export function dimensionsOf(node: GraphNode): readonly ForEachDimension[] {
  return ('forEach' in node ? node.forEach : undefined) ?? [];
}

/**
 * The kind of the node's objects, for display. For a computed kind, it is the author's expression. For a node without
 * objects, it is ''.
 */
export function kindOf(node: GraphNode): string {
  return node.type === undefined ? headerText(node, 'kind') : node.type.kind;
}

/**
 * The apiVersion of the node's objects, for display. For a computed apiVersion, it is the author's expression. For a
 * node without objects, it is ''.
 */
export function apiVersionOf(node: GraphNode): string {
  return node.type === undefined ? headerText(node, 'apiVersion') : formatApiVersion(node.type);
}

function headerText({ nodeType, template: { skeleton, holes } }: GraphNode, field: 'apiVersion' | 'kind'): string {
  if (nodeType === 'def' || nodeType === 'subgraph') return '';
  const computed = holes.find(({ path }) => path.length === 1 && path[0] === field)?.expression;
  if (computed !== undefined) return computed.template ?? `\${${computed.cel}}`;
  const written = skeleton[field];
  return typeof written === 'string' ? written : '';
}

/** Questions about the nodes of a graph. */
export const Nodes = {
  typed: typedNodes,
  isTyped,
  ownsObjects,
  isExternal,
  awaitedKind,
  dimensionsOf,
  kindOf,
  pathOf: objectPathText,
};
