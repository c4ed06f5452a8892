import { toJson } from '@typekro/cel';
import type { KubeObject } from '@typekro/kit/core';
import type { GraphNode } from '@typekro/engine/graph';

/** The values of an expression's variables, by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** The maximum number of evaluated items per collection. More items rarely add coverage. */
const MAX_ITEMS = 100;

/**
 * The variables for each evaluation of an expression. The kind `field` comprises the expressions of templates, of the
 * status, and of `forEach`. A collection's expressions of this kind are evaluated once per item, and its `readyWhen`
 * expressions once per object. All other expressions are evaluated once, with the given variables.
 */
export function itemVariables(
  node: GraphNode | undefined,
  kind: 'includeWhen' | 'readyWhen' | 'field',
  variables: Variables,
  objects: readonly KubeObject[],
): readonly Variables[] {
  if (node?.nodeType !== 'collection' || kind === 'includeWhen') return [variables];
  if (kind === 'readyWhen') return objects.slice(0, MAX_ITEMS).map((each) => ({ ...variables, each }));
  let items: readonly Variables[] = [variables];
  for (const { name, expression } of node.forEach) {
    items = items
      .flatMap((item) => {
        const result = expression.program.evaluate(item);
        const json = result.ok ? toJson(result.value) : undefined;
        const list = json?.ok === true && Array.isArray(json.value) ? json.value : [];
        return list.slice(0, MAX_ITEMS).map((value) => ({ ...item, [name]: value }));
      })
      .slice(0, MAX_ITEMS);
  }
  // If there are no items, the expression is evaluated once without item variables, so that a `forEach` expression that
  // yields an empty list is also observed.
  return items.length === 0 ? [variables] : items;
}
