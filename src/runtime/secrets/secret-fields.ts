import type { JsonValue } from '../../core/index.ts';
import type { Expression, Graph, GraphNode } from '../../graph/index.ts';
import type { PlacedExpression } from '../placed-expressions.ts';
import { anyElement, hidesInUnknown, isText, secretFlow } from './secret-flow.ts';
import type { LiveNodes } from './secret-nodes.ts';

/**
 * Finds the fields that can contain values of Secrets: fields of Secrets, and fields whose expression takes such a
 * field, directly or through fields of other nodes. Fields of unknown nodes count as secret.
 *
 * @param live the known objects of the nodes. Absent: no node with a computed kind counts as a Secret
 * @returns a predicate on the id of a node and the path of a field, in the form of a diff
 */
export function secretFields(graph: Graph, live?: LiveNodes): (node: string, path: string) => boolean {
  const flow = secretFlow(graph, live);
  return (id, path) => {
    const node = graph.nodes.get(id);
    return node === undefined || flow.isSecretField(node, path, (at) => at);
  };
}

/**
 * Finds the fields of live objects that can contain values of Secrets, as `secretFields` does. The server can sort a
 * list in another order than the graph, and another client can add elements. A field therefore counts as secret when
 * the same field of any element of the list is secret.
 *
 * @param graph absent when the graph is not known; every field that a user of the object sets then counts as secret
 * @param live the live objects of the nodes. A field of an object that several nodes have is secret when it is secret
 *   for one of them. The caller asks about each node that `sharing` names
 * @returns a predicate on the id of a node, the path of a field of a live object, and its value where it is known
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

/** Finds the expressions of a node, or of the status, whose value can come from a Secret. */
export function secretExpressions(
  graph: Graph,
  live?: LiveNodes,
): (node: GraphNode | undefined, expression: Expression) => boolean {
  return secretFlow(graph, live).isSecretExpression;
}

/**
 * Finds the expressions of a node whose value goes into a secret field of a Secret. These are the expressions at such a
 * field, the expressions of a `def` that such a field takes, and the list of a dimension whose iterator such a field
 * reads.
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
