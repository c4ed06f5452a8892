import { toJson } from '../../cel/index.ts';
import type { KubeObject } from '../../core/index.ts';
import type { GraphNode } from '../../graph/index.ts';

/** What expressions can see, by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** Items of a collection that are looked at: more of them decide nothing new. */
const MAX_ITEMS = 100;

/**
 * The variables for each evaluation of an expression: those of each item for the template of a collection, those of each
 * object for its `readyWhen`, and the given ones otherwise.
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
  // Without items only the lists themselves are evaluated.
  return items.length === 0 ? [variables] : items;
}
