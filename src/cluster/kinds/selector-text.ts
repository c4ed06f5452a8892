import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** A label selector as text. */
export function selectorText(selector: JsonValue | undefined): string {
  if (typeof selector === 'string') return selector;
  if (!isJsonObject(selector)) return '';
  const labels = isJsonObject(selector['matchLabels'])
    ? selector['matchLabels']
    : selector['matchExpressions'] === undefined
      ? selector
      : {};
  const parts = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${String(labels[key])}`);
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  for (const expression of expressions) if (isJsonObject(expression)) parts.push(requirementText(expression));
  return parts.join(',');
}

function requirementText(expression: JsonObject): string {
  const key = String(expression['key']);
  const values = Array.isArray(expression['values']) ? expression['values'].map(String).sort().join(',') : '';
  switch (expression['operator']) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'NotIn':
      return `${key} notin (${values})`;
    default:
      return `${key} in (${values})`;
  }
}
