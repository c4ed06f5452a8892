/** Texts seen lately, by a hash; a newer text takes the place of an older one, so that it never grows. */
const TEXTS: string[] = [];
/** The same of lists and objects, by their JSON. */
const VALUES: { readonly json: string; readonly value: object }[] = [];
const TEXT_PLACES = 8192;
const VALUE_PLACES = 512;
/** Longer ones are hardly ever shared, and would be held for nothing. */
const LONGEST_TEXT = 128;
const LONGEST_JSON = 512;

/** The text itself, or one that says the same and is held already: thousands of objects repeat each other's. */
export function shared(text: string): string {
  if (text.length > LONGEST_TEXT) return text;
  const place = placeOf(text, TEXT_PLACES);
  const known = TEXTS[place];
  if (known === text) return known;
  TEXTS[place] = text;
  return text;
}

/** Like `shared`, for JSON. What it gives is frozen, since it may be part of many objects; so the value has to be ours. */
export function sharedValue<T extends object>(value: T): T {
  const json = JSON.stringify(value);
  if (json.length > LONGEST_JSON) return value;
  const place = placeOf(json, VALUE_PLACES);
  const known = VALUES[place];
  // The same JSON was parsed from both.
  if (known?.json === json) return known.value as T;
  VALUES[place] = { json, value: Object.freeze(value) };
  return value;
}

function placeOf(text: string, places: number): number {
  let hash = text.length;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  return hash & (places - 1);
}
