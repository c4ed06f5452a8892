import type { JsonValue } from '@typekro/kit/core';
import type { Expression, Graph, GraphNode } from '../../graph/index.ts';
import type { PlacedExpression } from '../placed-expressions.ts';
import { anyElement, hidesInUnknown, isText, secretFlow } from './secret-flow.ts';
import type { LiveNodes } from './secret-nodes.ts';

/**
 * Finds the fields that can contain values of Secrets: fields of Secrets, and fields whose expressions take values from
 * Secrets, directly or through fields of other nodes. Fields of unknown nodes count as secret.
 *
 * @param live the known objects of the nodes. Absent: no node with a computed kind counts as a Secret
 * @returns a predicate on a node's id and a field's path, in the notation of a diff
 */
export function secretFields(graph: Graph, live?: LiveNodes): (node: string, path: string) => boolean {
  const flow = secretFlow(graph, live);
  return (id, path) => {
    const node = graph.nodes.get(id);
    return node === undefined || flow.isSecretField(node, path, (at) => at);
  };
}

/**
 * Finds the fields of live objects that can contain values of Secrets, as `secretFields` does. The server can order a
 * list differently from the graph, and another client can add elements. A field of a list element therefore counts as
 * secret if the same field of any element is secret.
 *
 * @param graph absent if the graph is unknown; every field that a client can set then counts as secret
 * @param live the live objects of the nodes. For an object that several nodes share, the caller must ask for each node
 *   that `sharing` names: a field is secret if it is secret for one of them
 * @returns a predicate on a node's id, the path of a field of a live object, and the field's value if known
 */
export function secretLiveFields(
  graph: Graph | undefined,
  live?: LiveNodes,
): (node: string, path: string, value?: JsonValue) => boolean {
  const flow = graph === undefined ? undefined : secretFlow(graph, live);
  return (id, path, value) => {
    const node = graph?.nodes.get(id);
    if (node === undefined || flow === undefined) return hidesInUnknown(path);
    return flow.isSecretField(node, path, anyElement) || (isText(value) && flow.isEchoField(node, path));
  };
}

/** Finds the expressions of a node or of the status whose value can come from a Secret. */
export function secretExpressions(
  graph: Graph,
  live?: LiveNodes,
): (node: GraphNode | undefined, expression: Expression) => boolean {
  return secretFlow(graph, live).isSecretExpression;
}

/**
 * Finds the expressions of a node whose value is written into a secret field of a Secret. These are the expressions at
 * such a field, the expressions of a `def` node that such a field reads, and the list expression of a dimension whose
 * iterator such a field reads.
 */
export function expressionsIntoSecrets(
  graph: Graph,
  live?: LiveNodes,
): (node: GraphNode | undefined, placed: Pick<PlacedExpression, 'purpose' | 'place'>) => boolean {
  const { isInput } = secretFlow(graph, live);
  return (node, { purpose, place }) => {
    if (node === undefined) return false;
    if (purpose === 'field') return isInput(node, place);
    if (purpose !== 'forEach') return false;
    const name = place.replace(/^forEach\./, '');
    return node.template.holes.some(
      ({ pathText, expression }) => expression.references.includes(name) && isInput(node, pathText),
    );
  };
}
