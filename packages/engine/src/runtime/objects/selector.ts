import type { JsonValue } from '@typekro/kit/core';
import { labelSelectorProblems, requirementText } from '@typekro/kit/kubernetes';
import { compareText } from '@typekro/kit/golang';
import { isJsonObject } from '@typekro/kit/core';

/** The string form of a label selector, or its problem. */
export type SelectorText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/**
 * Converts a label selector to the API's string form, with sorted terms. An absent or empty selector selects
 * everything. A selector with an unknown field is refused, because a selector without that field could select
 * everything.
 */
export function selectorText(selector: JsonValue | undefined): SelectorText {
  if (selector === undefined || selector === null) return { ok: true, text: '' };
  const [problem] = labelSelectorProblems(selector);
  if (problem !== undefined || !isJsonObject(selector)) {
    const { path = [], message = '' } = problem ?? {};
    return { ok: false, problem: path.length === 0 ? message : `${path.join('.')}: ${message}` };
  }
  const labels = (selector['matchLabels'] ?? {}) as Readonly<Record<string, string>>;
  const requirements = (selector['matchExpressions'] ?? []) as unknown as readonly Requirement[];
  const terms = [
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ...requirements.map(({ key, operator, values }) => requirementText(key, operator, values ?? [])),
  ];
  return { ok: true, text: terms.sort(compareText).join(',') };
}

/** A validated entry of `matchExpressions`. */
interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null;
}
