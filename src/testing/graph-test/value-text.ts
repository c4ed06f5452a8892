import type { JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';

/**
 * A value on one line, so that different values differ: texts are plain, and quoted when they look like another value,
 * lists of texts are `[a, b]`, other values are JSON. `nothing` stands for an absent value.
 */
export function valueText(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return looksDifferent(value) ? stringifyJson(value) : value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
    return `[${value.map((entry) => (/[,[\]]/.test(entry) ? stringifyJson(entry) : valueText(entry))).join(', ')}]`;
  }
  return stringifyJson(value);
}

/** Is the text empty, or can a reader take it for another type, for no value, or for a quoted text? */
function looksDifferent(text: string): boolean {
  return text.trim() !== text || text === '' || text === 'nothing' || isJsonLike(text);
}

/** A number, a constant, or the beginning of a list, an object or a quoted text in JSON. */
const isJsonLike = (text: string): boolean =>
  /^(?:true|false|null)$|^["[{]/.test(text) || (/^[-+.\d]/.test(text) && !Number.isNaN(Number(text)));
