import type { JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { listAt, requirementText, textAt } from '../../kubernetes/index.ts';

/** The text of a label selector or of a plain map of labels. */
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
