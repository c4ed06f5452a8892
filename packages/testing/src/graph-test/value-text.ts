import { type JsonValue, stringifyJson } from '@typekro/kit/core';

/**
 * Formats a value on one line. Different values have different lines. Strings are plain, or quoted if they look like
 * another value. Lists of strings are `[a, b]`. Other values are JSON. `nothing` stands for an absent value.
 */
export function shownValue(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return looksDifferent(value) ? stringifyJson(value) : value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
    return `[${value.map((entry) => (/[,[\]]/.test(entry) ? stringifyJson(entry) : shownValue(entry))).join(', ')}]`;
  }
  return stringifyJson(value);
}

/**
 * Is the string empty, or does it begin or end with white space? Or does it look like a value of another type, like an
 * absent value, or like a quoted string?
 */
function looksDifferent(text: string): boolean {
  return text.trim() !== text || text === '' || text === 'nothing' || isJsonLike(text);
}

/** Is the string a number or a constant in JSON, or does it begin like a list, an object or a quoted string? */
const isJsonLike = (text: string): boolean =>
  /^(?:true|false|null)$|^["[{]/.test(text) || (/^[-+.\d]/.test(text) && !Number.isNaN(Number(text)));
