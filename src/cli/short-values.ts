/**
 * Matches the text before a refused value in a message of a server. The value is JSON, or a Go struct, map or slice.
 */
const VALUE = /\b(?:Invalid|Unsupported|Duplicate) value: (?:[\w.*/[\]&]*)(?=[{[])/g;

/** A refused value up to this length stays as it is. */
const MAX_VALUE_LENGTH = 80;

/**
 * A message of an API server without the contents of large values. For a field that cannot change, the server writes
 * the whole new value after the name of the field. For the template of a Job, this value has thousands of characters.
 */
export function withShortValues(text: string): string {
  let result = '';
  let at = 0;
  for (const match of text.matchAll(VALUE)) {
    const start = match.index + match[0].length;
    if (match.index < at) continue;
    const end = endOfValue(text, start);
    if (end - start <= MAX_VALUE_LENGTH) continue;
    const close = text[start] === '[' ? ']' : '}';
    result += `${text.slice(at, start + 1)}… ${end - start} characters${close}`;
    at = end;
  }
  return result + text.slice(at);
}

/** The end of the value that begins with a bracket; the end of the text when the value is cut off. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfQuoted(text, at);
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === '}' || character === ']') && (depth -= 1) === 0) return at + 1;
  }
  return text.length;
}

/** The place of the quote that ends a quoted text. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
