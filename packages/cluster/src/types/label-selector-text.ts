import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { listAt, objectAt, objectsAt, requirementText, textAt } from '@typekro/kit/kubernetes';

/** Formats a label selector, or a plain map of labels, as a string. */
export function labelSelectorText(selector: JsonValue | undefined): string {
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
  for (const expression of expressions)
    if (isJsonObject(expression))
      parts.push(
        requirementText(
          textAt(expression, 'key'),
          textAt(expression, 'operator'),
          listAt(expression, 'values').map(String),
        ),
      );
  return parts.join(',');
}

/**
 * Formats a label selector as Go prints a value of the type `LabelSelector`, for messages and cells that show the whole
 * value.
 */
export function goLabelSelector(selector: JsonObject): string {
  const labels = objectAt(selector, 'matchLabels');
  const pairs = Object.keys(labels)
    .toSorted()
    .map((key) => `${key}: ${String(labels[key])},`);
  const terms = objectsAt(selector, 'matchExpressions').map(
    (term) =>
      `LabelSelectorRequirement{Key:${textAt(term, 'key')},Operator:${textAt(term, 'operator')},Values:[${listAt(term, 'values').join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${pairs.join('')}},MatchExpressions:[]LabelSelectorRequirement{${terms.join('')}},}`;
}
