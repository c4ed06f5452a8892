import type { JsonObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** Does a label selector match these labels? */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  return labelSelectorMatcher(selector)(labels);
}

/** Returns a function that matches labels against the selector. The selector is parsed once. */
export function labelSelectorMatcher(selector: JsonObject): (labels: JsonObject) => boolean {
  const equal = Object.entries(objectAt(selector, 'matchLabels'));
  const expressions = objectsAt(selector, 'matchExpressions');
  return (labels) => {
    for (const [key, value] of equal) if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
    return expressions.every((expression) => matches(expression, labels));
  };
}

function matches(expression: JsonObject, labels: JsonObject): boolean {
  const key = textAt(expression, 'key');
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const values = Array.isArray(expression['values']) ? expression['values'] : [];
  switch (expression['operator']) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
