import { stringifyJson } from '@typekro/kit/core';

/** Recent strings by hash. A new string replaces the string in its slot, so the table has a fixed size. */
const TEXTS: string[] = [];
/** Recent lists and objects by the hash of their JSON. */
const VALUES: { readonly json: string; readonly value: object }[] = [];
const TEXT_PLACES = 8192;
const VALUE_PLACES = 512;
/** The number of characters at the end of a string that the hash always includes. */
const ENDING_LENGTH = 5;
/** The maximum length of a shared string. Longer strings are rarely repeated. */
const MAX_TEXT_LENGTH = 128;
const MAX_JSON_LENGTH = 512;

/**
 * Returns an equal string that is already in memory, or the given string. Thousands of objects repeat the same strings.
 */
export function internString(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) return text;
  const place = placeOf(text, TEXT_PLACES);
  const known = TEXTS[place];
  if (known === text) return known;
  TEXTS[place] = text;
  return text;
}

/**
 * Like `internString`, for JSON values. The result is frozen, because it may be part of many objects. It may be `value`
 * itself, so no other code may have to change `value` later. Values whose JSON is longer than `MAX_JSON_LENGTH` are
 * returned unchanged.
 */
export function internJson<T extends object>(value: T): T {
  const json = stringifyJson(value);
  if (json.length > MAX_JSON_LENGTH) return value;
  const place = placeOf(json, VALUE_PLACES);
  const known = VALUES[place];
  // Equal JSON means equal values, so `known` has the type of `value`.
  if (known?.json === json) return known.value as T;
  VALUES[place] = { json, value: Object.freeze(value) };
  return value;
}

/**
 * Hashes about sixteen characters from the whole string, and all of its last `ENDING_LENGTH` characters. The ending is
 * hashed completely, because the names of siblings differ at the end.
 */
function placeOf(text: string, places: number): number {
  const { length } = text;
  const stride = 1 + (length >> 4);
  const tail = Math.max(0, length - ENDING_LENGTH);
  let hash = length;
  for (let index = 0; index < tail; index += stride) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  for (let index = tail; index < length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash & (places - 1);
}
