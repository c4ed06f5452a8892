import { formatApiVersion } from '../../core/index.ts';
import type { SourcePosition } from '../../core/index.ts';
import type { Expression, Graph, GraphNode } from '../model.ts';

/** What a graph consists of, as plain data for pictures, pages and reports. Later versions only add fields. */
export interface GraphOutline {
  /** Name of the definition. */
  readonly name: string;
  readonly apiVersion: string;
  /** Kind of the instances. */
  readonly kind: string;
  readonly plural: string;
  /** In the order of creation. */
  readonly nodes: readonly OutlineNode[];
  /** The fields of the status that read nodes. */
  readonly status: readonly OutlineRead[];
}

/** A node of the graph. */
export interface OutlineNode {
  readonly id: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly nodeType: GraphNode['nodeType'];
  /** 1 for a node that depends on no other, else one more than the highest level of its dependencies. */
  readonly level: number;
  /** Deletion wave: the highest number is deleted first. */
  readonly deletionWave: number;
  /** Ids, sorted. */
  readonly dependsOn: readonly string[];
  /** The expressions that make the dependencies. Empty where another node installs the kind. */
  readonly reads: readonly OutlineRead[];
  /** The lists that a collection runs over; the first is outermost. */
  readonly forEach: readonly { readonly name: string; readonly expression: string }[];
  readonly includeWhen: readonly string[];
  readonly readyWhen: readonly string[];
}

/** An expression that reads other nodes. */
export interface OutlineRead {
  /** The field that it fills, or `includeWhen[0]`, `forEach.zone`. */
  readonly place: string;
  /** As the author wrote it: a text with `${…}` in it, or the expression alone. */
  readonly expression: string;
  /** Ids of the nodes that it reads. */
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
  const { id, type, nodeType, dependsOn, includeWhen, readyWhen, template } = node;
  const forEach = node.nodeType === 'collection' ? node.forEach : [];
  return {
    id,
    apiVersion: formatApiVersion(type),
    kind: type.kind,
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
  };
}

function readOf(graph: Graph, place: string, { cel, template, references, source }: Expression): OutlineRead[] {
  const nodes = references.filter((name) => graph.nodes.has(name));
  if (nodes.length === 0) return [];
  return [{ place, expression: template ?? cel, nodes, ...(source === undefined ? {} : { source }) }];
}
