import type { JsonObject } from '../../core/index.ts';
import { objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';

/** Does a label selector match these labels? */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  for (const [key, value] of Object.entries(objectAt(selector, 'matchLabels'))) if (labels[key] !== value) return false;
  return objectsAt(selector, 'matchExpressions').every((expression) => {
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
  });
}
