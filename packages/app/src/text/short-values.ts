/** Matches the text before a refused value in a server's message. The value is JSON, or a Go struct, map or slice. */
const VALUE = /\b(?:Invalid|Unsupported|Duplicate) value: (?:[\w.*/[\]&]*)(?=[{[])/g;

/** Values up to this length are not shortened. */
const MAX_VALUE_LENGTH = 80;

/**
 * Removes the contents of large values from an API server's message. For an immutable field, the server appends the
 * whole new value to the field's name. For the template of a Job, this value has thousands of characters.
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

/** Returns the end of the value that begins with a bracket, or the end of the text when the value is truncated. */
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

/** Returns the index of the closing quote of a quoted string. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
