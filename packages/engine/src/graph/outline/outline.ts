import { type SourcePosition, formatApiVersion } from '@typekro/kit/core';
import type { Expression, Graph, GraphNode } from '../model.ts';
import { apiVersionOf, dimensionsOf, kindOf } from '../nodes.ts';

/** The parts of a graph as plain data for pictures, pages and reports. Later versions only add fields. */
export interface GraphOutline {
  /** The name of the definition or of the Graph object. */
  readonly name: string;
  readonly apiVersion: string;
  /** Kind of the instances. */
  readonly kind: string;
  readonly plural: string;
  /** The nodes in the order of creation. */
  readonly nodes: readonly OutlineNode[];
  /** The fields and the conditions of the status that read nodes. */
  readonly status: readonly OutlineRead[];
}

/** A node of the graph. */
export interface OutlineNode {
  readonly id: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly nodeType: GraphNode['nodeType'];
  /**
   * The level of the node. It is 1 for a node without dependencies. For any other node, it is one more than the highest
   * level of its dependencies.
   */
  readonly level: number;
  /** Deletion wave. The wave with the highest number is deleted first. */
  readonly deletionWave: number;
  /** The sorted ids of the nodes on which this node depends. */
  readonly dependsOn: readonly string[];
  /**
   * The expressions that read other nodes. Dependencies of three kinds have no such expression; see `UnreadDependency`.
   */
  readonly reads: readonly OutlineRead[];
  /** The lists of a collection. The first list is the outermost loop. */
  readonly forEach: readonly { readonly name: string; readonly expression: string }[];
  readonly includeWhen: readonly string[];
  readonly readyWhen: readonly string[];
  /** The conditions that must be true before an object is created, adopted or changed; absent when there are none. */
  readonly propagateWhen?: readonly string[];
}

/** An expression that reads other nodes. */
export interface OutlineRead {
  /**
   * The path of the template field with the expression, or of another member, such as `includeWhen[0]` or
   * `forEach.zone`.
   */
  readonly place: string;
  /** The author's string: a string that contains `${…}`, or only the expression without `${…}`. */
  readonly expression: string;
  /** Ids of the nodes that the expression reads. */
  readonly nodes: readonly string[];
  readonly source?: SourcePosition;
}

/** The outline of a graph. */
export function graphOutline(graph: Graph): GraphOutline {
  const levels = new Map<string, number>();
  const nodes = graph.order.flatMap((id) => {
    const node = graph.nodes.get(id);
    if (node === undefined) return [];
    const level = node.dependsOn.reduce((highest, other) => Math.max(highest, levels.get(other) ?? 0), 0) + 1;
    levels.set(id, level);
    return [nodeOutline(graph, node, level)];
  });
  const { kind, plural } = graph.instance;
  const fields = graph.status.holes.flatMap(({ pathText, expression }) => readOf(graph, pathText, expression));
  const conditions = (graph.status.conditions ?? []).flatMap((expression, index) =>
    readOf(graph, `conditions[${index}]`, expression),
  );
  return {
    name: graph.name,
    apiVersion: formatApiVersion(graph.instance),
    kind,
    plural,
    nodes,
    status: [...fields, ...conditions],
  };
}

function nodeOutline(graph: Graph, node: GraphNode, level: number): OutlineNode {
  const { id, nodeType, dependsOn, includeWhen, readyWhen, propagateWhen, template } = node;
  const forEach = dimensionsOf(node);
  return {
    id,
    apiVersion: apiVersionOf(node),
    kind: kindOf(node),
    nodeType,
    level,
    deletionWave: graph.applyOrder.get(id) ?? 0,
    dependsOn: [...dependsOn].sort(),
    reads: [
      ...includeWhen.flatMap((expression, index) => readOf(graph, `includeWhen[${index}]`, expression)),
      ...forEach.flatMap(({ name, expression }) => readOf(graph, `forEach.${name}`, expression)),
      ...template.holes.flatMap(({ pathText, expression }) => readOf(graph, pathText, expression)),
    ],
    forEach: forEach.map(({ name, expression }) => ({ name, expression: expression.cel })),
    includeWhen: includeWhen.map(({ cel }) => cel),
    readyWhen: readyWhen.map(({ cel }) => cel),
    ...(propagateWhen === undefined ? {} : { propagateWhen: propagateWhen.map(({ cel }) => cel) }),
  };
}

function readOf(graph: Graph, place: string, { cel, template, references, source }: Expression): OutlineRead[] {
  const nodes = references.filter((name) => graph.nodes.has(name));
  if (nodes.length === 0) return [];
  return [{ place, expression: template ?? cel, nodes, ...(source === undefined ? {} : { source }) }];
}

/** The outline of a graph. */
export const GraphOutline = { of: graphOutline };
