import type { JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';

/**
 * A value as one line. Different values have different lines. Texts are plain, or quoted when they look like another
 * value. Lists of texts are `[a, b]`. Other values are JSON. `nothing` stands for an absent value.
 */
export function shownValue(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return looksDifferent(value) ? stringifyJson(value) : value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
    return `[${value.map((entry) => (/[,[\]]/.test(entry) ? stringifyJson(entry) : shownValue(entry))).join(', ')}]`;
  }
  return stringifyJson(value);
}

/** Is the text empty, or can a reader take it for another type, for no value, or for a quoted text? */
function looksDifferent(text: string): boolean {
  return text.trim() !== text || text === '' || text === 'nothing' || isJsonLike(text);
}

/** Is the text a number or a constant in JSON, or does it begin like a list, an object or a quoted text? */
const isJsonLike = (text: string): boolean =>
  /^(?:true|false|null)$|^["[{]/.test(text) || (/^[-+.\d]/.test(text) && !Number.isNaN(Number(text)));
