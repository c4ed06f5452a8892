import { type JsonObject, type JsonValue, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import { type GraphNode, Nodes } from '../../graph/index.ts';
import { assignItem } from './collection.ts';
import { type EvaluateContext, type Variables, evaluateToJson } from '../evaluate.ts';
import { fillTemplate, identityHoles } from '../template.ts';

/** The maximum number of items that a search examines. */
const MAX_SEARCHED_ITEMS = 10_000;

/**
 * The variables of the `forEach` item that renders an object: the given variables and the item's iterators. A display
 * such as the dashboard evaluates expressions with these variables. Returns `undefined` if the lists are unknown, if
 * there are more than 10,000 items, or if no item renders the object.
 */
export function variablesOfItem(
  node: GraphNode,
  variables: Variables,
  object: ObjectRef,
  context: EvaluateContext,
): Variables | undefined {
  const names: string[] = [];
  const lists: (readonly JsonValue[])[] = [];
  for (const { name, expression } of Nodes.dimensionsOf(node)) {
    const result = evaluateToJson(expression, variables, context);
    if (result.state !== 'value' || !Array.isArray(result.value)) return undefined;
    names.push(name);
    lists.push(result.value);
  }
  const size = lists.reduce((product, list) => product * list.length, 1);
  if (names.length === 0 || size > MAX_SEARCHED_ITEMS) return undefined;
  const identity = { skeleton: node.template.skeleton, holes: identityHoles(node.template.holes) };
  const own = new Map(variables);
  for (let index = 0; index < size; index++) {
    assignItem(own, { ok: true, names, lists, size }, index);
    const filled = fillTemplate(identity, own, context);
    if (filled.state === 'value' && makes(filled.value, object)) return own;
  }
  return undefined;
}

/** Does the filled template have the identity of the object? A template without a namespace matches every namespace. */
function makes({ apiVersion, kind, metadata }: JsonObject, object: ObjectRef): boolean {
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  return (
    apiVersion === object.apiVersion &&
    kind === object.kind &&
    name === object.name &&
    (typeof namespace !== 'string' || namespace.trim() === '' || namespace === object.namespace)
  );
}
