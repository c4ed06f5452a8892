import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import { compareText } from './identity.ts';

/** The text form of a label selector, or what is wrong with it. */
export type SelectorText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/** A label selector object as the text that the API takes; absent and empty select everything. Terms are sorted. */
export function selectorText(selector: JsonValue | undefined): SelectorText {
  if (selector === undefined || selector === null) return { ok: true, text: '' };
  if (!isJsonObject(selector)) return { ok: false, problem: 'must be an object with matchLabels or matchExpressions' };
  const terms: string[] = [];
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (matchLabels !== null && !isJsonObject(matchLabels)) return { ok: false, problem: 'matchLabels must be a map' };
  for (const [key, value] of Object.entries(matchLabels ?? {})) {
    if (typeof value !== 'string') return { ok: false, problem: `matchLabels["${key}"] must be a text` };
    terms.push(`${key}=${value}`);
  }
  if (matchExpressions !== null && !Array.isArray(matchExpressions)) {
    return { ok: false, problem: 'matchExpressions must be a list' };
  }
  for (const [index, requirement] of (matchExpressions ?? []).entries()) {
    const term = isJsonObject(requirement) ? termOf(requirement) : undefined;
    if (term === undefined) return { ok: false, problem: `matchExpressions[${index}] is not a valid requirement` };
    terms.push(term);
  }
  return { ok: true, text: terms.sort(compareText).join(',') };
}

function termOf({ key, operator, values }: JsonObject): string | undefined {
  if (typeof key !== 'string' || key === '') return undefined;
  const list = Array.isArray(values) ? values : [];
  if (!list.every((value) => typeof value === 'string')) return undefined;
  switch (operator) {
    case 'In':
      return list.length === 0 ? undefined : `${key} in (${[...list].sort(compareText).join(',')})`;
    case 'NotIn':
      return list.length === 0 ? undefined : `${key} notin (${[...list].sort(compareText).join(',')})`;
    case 'Exists':
      return list.length === 0 ? key : undefined;
    case 'DoesNotExist':
      return list.length === 0 ? `!${key}` : undefined;
    default:
      return undefined;
  }
}
