import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type Expression, type Graph, type GraphNode, Nodes } from '@typekro/engine/graph';
import { Evaluate, projectStatus } from '@typekro/engine/runtime';
import type { EvaluatedResource, Evaluation } from './public-types.ts';

/** The variables and the context of the expressions of one node or one iteration of a loop. */
interface Scope {
  readonly variables: Map<string, unknown>;
  readonly context: Parameters<typeof Evaluate.toJson>[2];
}

/** The result of an expression: a value (`undefined` for `omit()`), or the reason why there is none. */
type Result = { readonly value: JsonValue | undefined } | { readonly pending: string };

/**
 * Evaluates a compiled graph on an instance. The graph of an object of kind Graph has no instance. As in a cluster, a
 * node is excluded when a node that it reads is excluded, and an excluded node has no data.
 */
export function evaluateGraph(
  graph: Graph,
  instance: JsonObject | undefined,
  observed: Readonly<Record<string, JsonValue>>,
  broken: readonly string[] = [],
): Evaluation {
  const variables = new Map<string, unknown>(instance === undefined ? [] : [['schema', instance]]);
  const context = { now: Date.now() };
  const scope: Scope = { variables, context };
  for (const [id, value] of Object.entries(observed)) variables.set(id, value);
  const resources = new Map<string, EvaluatedResource>();
  const excluded = new Set<string>();
  for (const id of graph.order) {
    const node = graph.nodes.get(id) as GraphNode;
    const dependsOnExcluded = node.dependsOn.some((other) => excluded.has(other));
    const result: EvaluatedResource = dependsOnExcluded
      ? { id, included: false, objects: [] }
      : evaluateNode(node, scope);
    resources.set(id, result);
    if (!result.included) {
      excluded.add(id);
      variables.delete(id);
    }
    if (!Object.hasOwn(observed, id) && result.included && result.pending === undefined) {
      if (node.nodeType === 'subgraph') variables.set(id, valueOfSubgraph(node, variables));
      else if (node.nodeType !== 'patch') variables.set(id, isCollection(node) ? result.objects : result.objects[0]);
    }
  }
  const ordered = [...graph.nodes.keys()].map((id) => resources.get(id) as EvaluatedResource);
  return { resources: ordered, status: projectStatus(graph, variables, context).fields, violations: broken };
}

/** Does the node have one object or value for each element of a product of lists? */
const isCollection = (node: GraphNode): boolean => Nodes.dimensionsOf(node).length > 0;

/** The known values of a subgraph's nodes, by the names of the nodes. */
function valueOfSubgraph(
  { id, children }: Extract<GraphNode, { nodeType: 'subgraph' }>,
  values: ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  const known = children.filter((child) => values.has(child));
  return Object.fromEntries(known.map((child) => [child.slice(id.length + 1), values.get(child)]));
}

function evaluateNode(node: GraphNode, scope: Scope): EvaluatedResource {
  const { id } = node;
  // As in a cluster, one false condition excludes the node even while other conditions have no value. Without a false
  // condition, a condition without a value leaves the node undecided.
  let pending: string | undefined;
  for (const condition of node.includeWhen) {
    const result = run(condition, scope);
    if ('pending' in result) pending ??= result.pending;
    else if (result.value !== true) return { id, included: false, objects: [] };
  }
  if (pending !== undefined) return { id, included: true, objects: [], pending };
  if (node.nodeType === 'subgraph') return { id, included: true, objects: [] };
  if (isCollection(node)) return evaluateCollection(node, scope);
  const object = fill(node, scope);
  return 'pending' in object
    ? { id, included: true, objects: [], pending: object.pending }
    : { id, included: true, objects: [object.value] };
}

function evaluateCollection(node: GraphNode, scope: Scope): EvaluatedResource {
  const { id } = node;
  let iterations = [scope];
  for (const dimension of Nodes.dimensionsOf(node)) {
    const result = run(dimension.expression, scope);
    if ('pending' in result) return { id, included: true, objects: [], pending: result.pending };
    const items = Array.isArray(result.value) ? result.value : [];
    iterations = iterations.flatMap(({ variables, context }) =>
      items.map((item) => ({ variables: new Map([...variables, [dimension.name, item]]), context })),
    );
  }
  const objects: JsonObject[] = [];
  const identities = new Set<string>();
  for (const iteration of iterations) {
    const object = fill(node, iteration);
    if ('pending' in object) return { id, included: true, objects: [], pending: object.pending };
    const identity = identityOf(object.value);
    if (node.nodeType !== 'def' && identities.has(identity)) {
      return {
        id,
        included: true,
        objects: [],
        pending: `two items of the collection make the same object ${identity}`,
      };
    }
    identities.add(identity);
    objects.push(object.value);
  }
  return { id, included: true, objects };
}

/** The identity by which the controller distinguishes the objects of a collection. */
function identityOf(object: JsonObject): string {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  return `${String(apiVersion)} ${String(kind)} ${namespace === undefined ? '' : `${String(namespace)}/`}${String(name)}`;
}

function fill(node: GraphNode, scope: Scope): { readonly value: JsonObject } | { readonly pending: string } {
  const filled = Evaluate.fill(node.template, scope.variables, scope.context);
  return filled.state === 'value' ? { value: filled.value } : { pending: reasonOf(filled.failure) };
}

/** Evaluates one expression. An error counts as pending, with its message as the reason. */
function run(expression: Expression, { variables, context }: Scope): Result {
  const result = Evaluate.toJson(expression, variables, context);
  return result.state === 'value' ? { value: result.value } : { pending: reasonOf(result.failure) };
}

const reasonOf = ({ expression, reason }: { readonly expression: string; readonly reason: string }): string =>
  `${expression}: ${reason}`;
