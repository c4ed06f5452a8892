import { createHash } from 'node:crypto';
import { type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { scanExpressions } from '@typekro/engine/graph';

/** Masks an entry of `data`. The result is the base64 form of a masked string. */
export function hashedValue(salt: string, base64: string): string {
  return Buffer.from(hashOf(salt, base64)).toString('base64');
}

/** Masks a string. The base64 form of the result equals `hashedValue` of the string's base64 form. */
export function hashedText(salt: string, text: string): string {
  return hashOf(salt, Buffer.from(text).toString('base64'));
}

function hashOf(salt: string, base64: string): string {
  return `hash:${createHash('sha256').update(`${salt} ${base64}`).digest('hex').slice(0, 32)}`;
}

/**
 * Matches both forms of a masked value in a string. A masked value consists of `hash:` and 32 digits. In base64,
 * `hash:` begins with `aGFzaD`, and 37 bytes end with `==`.
 */
const MASKED = /hash:[0-9a-f]{32}|aGFzaD[A-Za-z0-9+/]{44}==/;

/** Does a string contain a masked value? */
export const isMasked = (text: string): boolean => MASKED.test(text);

/** Replaces each masked value in a string with `by`. */
export const withoutMasks = (text: string, by: string): string => text.replaceAll(new RegExp(MASKED, 'g'), () => by);

/** The form of a value: `base64` for an entry of `data`, `text` for any other value. */
export type TextForm = 'text' | 'base64';

/** Masks a value of either form. */
export const maskedText = (salt: string, text: string, form: TextForm): string =>
  form === 'text' ? hashedText(salt, text) : hashedValue(salt, text);

/** Masks the literals of a template: the text between expressions, and the literals inside expressions. */
export const maskedTemplate = (salt: string, template: string, form: TextForm): string =>
  replaceLiterals(template, (text) => maskedText(salt, text, form));

/** Replaces the literals of a template. */
export function replaceLiterals(template: string, mask: (text: string) => string): string {
  const scan = scanExpressions(template);
  if (!scan.ok || scan.parts.length === 0) return mask(template);
  const parts = scan.parts.map(({ kind, text }) =>
    kind === 'text' ? mask(text) : `\${${maskedExpression(text, mask)}}`,
  );
  return parts.join('');
}

/** Matches CEL string literals: raw strings, and strings with escapes. */
const CEL_STRING =
  /[bB]?[rR][bB]?(?:"""[^]*?"""|'''[^]*?'''|"[^"]*"|'[^']*')|[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')/y;

/** Matches a CEL comment, identifier or number. */
const CEL_WORD = /\/\/[^\n]*|[A-Za-z_]\w*|\d[\w.]*/y;

/** The maximum number of spaces between a bracket and its key. A literal after more spaces is masked. */
const MAX_SPACE_LENGTH = 20;

/**
 * Masks the literals of a CEL expression, except keys in an index such as `secret.data["password"]`. Removes comments.
 */
function maskedExpression(cel: string, mask: (text: string) => string): string {
  let masked = '';
  for (let at = 0; at < cel.length;) {
    const literal = matchAt(CEL_STRING, cel, at);
    if (literal !== undefined) {
      const [, prefix = '', quotes = '"'] = /^([bBrR]*)("""|'''|"|')/.exec(literal) ?? [];
      const inner = literal.slice(prefix.length + quotes.length, -quotes.length);
      const end = at + literal.length;
      const isKey =
        /[\w)\]]\s*\[\??\s*$/.test(cel.slice(Math.max(0, at - MAX_SPACE_LENGTH), at)) &&
        /^\s*\]/.test(cel.slice(end, end + MAX_SPACE_LENGTH));
      masked += isKey || inner === '' ? literal : `${prefix}${quotes}${mask(inner)}${quotes}`;
      at = end;
      continue;
    }
    const word = matchAt(CEL_WORD, cel, at) ?? cel.charAt(at);
    // An unclosed quote also begins a literal.
    if (word === '"' || word === "'") return `${masked}"${mask(cel.slice(at))}"`;
    if (!word.startsWith('//')) masked += isLongNumber(word) ? `"${mask(word)}"` : word;
    at += word.length;
  }
  return masked;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Is the word a number with more than three characters? Shorter numbers are indices and sizes, not secrets. */
const isLongNumber = (word: string): boolean => /^\d/.test(word) && word.length > 3;

/**
 * Replaces each masked part with the corresponding part of `plain`, if the mask is the hash of that part. The two
 * values can then be compared. Matches items with an `id` by id, and all other items by index.
 */
export function revealed(salt: string, masked: JsonValue, plain: JsonValue | undefined): JsonValue {
  if (typeof masked === 'string') return isMasked(masked) ? revealedText(salt, masked, plain) : masked;
  if (Array.isArray(masked)) {
    const others: readonly JsonValue[] = Array.isArray(plain) ? plain : [];
    return masked.map((item, index) => revealed(salt, item, itemWithIdOf(item, others) ?? others[index]));
  }
  if (!isJsonObject(masked) || !isJsonObject(plain)) return masked;
  return Object.fromEntries(
    Object.entries(masked).map(([key, member]) => {
      const other = Object.hasOwn(plain, key) ? plain[key] : undefined;
      return [key, member === undefined ? undefined : revealed(salt, member, other)];
    }),
  );
}

function itemWithIdOf(item: JsonValue, others: readonly JsonValue[]): JsonValue | undefined {
  const id = isJsonObject(item) ? item['id'] : undefined;
  return typeof id === 'string' ? others.find((other) => isJsonObject(other) && other['id'] === id) : undefined;
}

function revealedText(salt: string, masked: string, plain: JsonValue | undefined): JsonValue {
  if (plain === undefined || plain === null || typeof plain === 'object') return masked;
  if (typeof plain !== 'string') return hashedText(salt, stringifyJson(plain)) === masked ? plain : masked;
  const isTemplate = maskedTemplate(salt, plain, 'text') === masked || maskedTemplate(salt, plain, 'base64') === masked;
  return isTemplate || isTextBehind(salt, masked, plain) ? plain : masked;
}

/** Does masking `plain` result in `masked`? The text between two masked values shows where the first value ends. */
function isTextBehind(salt: string, masked: string, plain: string): boolean {
  const found = MASKED.exec(masked);
  if (found === null) return masked === plain;
  const [mask] = found;
  if (!plain.startsWith(masked.slice(0, found.index))) return false;
  const rest = masked.slice(found.index + mask.length);
  const next = MASKED.exec(rest);
  const between = rest.slice(0, next?.index ?? rest.length);
  const isOf = (text: string) => hashedText(salt, text) === mask || hashedValue(salt, text) === mask;
  const from = plain.slice(found.index);
  if (next === null) return from.endsWith(between) && isOf(from.slice(0, from.length - between.length));
  // Tries every possible end of the first value. Without text between two masked values, each position is possible.
  for (let end = from.indexOf(between, 1); end > 0; end = from.indexOf(between, end + 1)) {
    if (isOf(from.slice(0, end))) return isTextBehind(salt, rest, from.slice(end));
    if (end >= from.length) return false;
  }
  return false;
}
