import { createHash } from 'node:crypto';
import type { JsonValue } from '../../core/index.ts';
import { isJsonObject, stringifyJson } from '../../core/index.ts';
import { scanExpressions } from '../../graph/index.ts';

/** A masked value in the form of an entry of `data`: the base64 form of a masked text. */
export function hashedValue(salt: string, base64: string): string {
  return Buffer.from(hashOf(salt, base64)).toString('base64');
}

/** A masked text. Its base64 form is the masked form of the text's base64 form. */
export function hashedText(salt: string, text: string): string {
  return hashOf(salt, Buffer.from(text).toString('base64'));
}

function hashOf(salt: string, base64: string): string {
  return `hash:${createHash('sha256').update(`${salt} ${base64}`).digest('hex').slice(0, 32)}`;
}

/** Both forms of a masked value inside of a text. `aGFzaD` is the base64 form of `hash`, and 37 bytes end with `==`. */
const MASKED = /hash:[0-9a-f]{32}|aGFzaD[A-Za-z0-9+/]{44}==/;

/** Does a text hold a masked value? */
export const isMasked = (text: string): boolean => MASKED.test(text);

/** The form of a text: an entry of `data` is the base64 form of a value, any other text is the value itself. */
export type TextForm = 'text' | 'base64';

/** A masked text of either form. */
export const maskedText = (salt: string, text: string, form: TextForm): string =>
  form === 'text' ? hashedText(salt, text) : hashedValue(salt, text);

/** A text of a template with its literals masked: those between expressions, and those inside of them. */
export function maskedTemplate(salt: string, template: string, form: TextForm): string {
  const mask = (text: string) => maskedText(salt, text, form);
  const scan = scanExpressions(template);
  if (!scan.ok || scan.parts.length === 0) return mask(template);
  const parts = scan.parts.map(({ kind, text }) =>
    kind === 'text' ? mask(text) : `\${${maskedExpression(text, mask)}}`,
  );
  return parts.join('');
}

/** String literals of CEL: raw ones, and those in which a backslash hides a quote. */
const CEL_STRING =
  /[bB]?[rR][bB]?(?:"""[^]*?"""|'''[^]*?'''|"[^"]*"|'[^']*')|[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')/y;

/** A comment, a name or a number of CEL, read as a whole. */
const CEL_WORD = /\/\/[^\n]*|[A-Za-z_]\w*|\d[\w.]*/y;

/** So far from its bracket a key is looked for; a literal behind more space is masked. */
const MAX_SPACE_LENGTH = 20;

/** Masks the literals of a CEL expression, but for keys that select a member: `secret.data["password"]`. Leaves comments out. */
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
    // A quote that ends nowhere begins a literal, too.
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

/** Shorter numbers are positions and sizes. */
const isLongNumber = (word: string): boolean => /^\d/.test(word) && word.length > 3;

/**
 * A masked value with the plain one in each place where that has the same hash, so that both can be compared. Resources
 * are paired by their ids, items of other lists by their positions.
 */
export function revealed(salt: string, masked: JsonValue, plain: JsonValue | undefined): JsonValue {
  if (typeof masked === 'string') return isMasked(masked) ? revealedText(salt, masked, plain) : masked;
  if (Array.isArray(masked)) {
    const others: readonly JsonValue[] = Array.isArray(plain) ? plain : [];
    return masked.map((item, index) => revealed(salt, item, partnerOf(item, others) ?? others[index]));
  }
  if (!isJsonObject(masked) || !isJsonObject(plain)) return masked;
  return Object.fromEntries(
    Object.entries(masked).map(([key, member]) => {
      const other = Object.hasOwn(plain, key) ? plain[key] : undefined;
      return [key, member === undefined ? undefined : revealed(salt, member, other)];
    }),
  );
}

function partnerOf(item: JsonValue, others: readonly JsonValue[]): JsonValue | undefined {
  const id = isJsonObject(item) ? item['id'] : undefined;
  return typeof id === 'string' ? others.find((other) => isJsonObject(other) && other['id'] === id) : undefined;
}

function revealedText(salt: string, masked: string, plain: JsonValue | undefined): JsonValue {
  if (plain === undefined || plain === null || typeof plain === 'object') return masked;
  if (typeof plain !== 'string') return hashedText(salt, stringifyJson(plain)) === masked ? plain : masked;
  const isTemplate = maskedTemplate(salt, plain, 'text') === masked || maskedTemplate(salt, plain, 'base64') === masked;
  return isTemplate || isTextBehind(salt, masked, plain) ? plain : masked;
}

/** Is the masked text that of the plain one? The text between two masked values ends the first of them. */
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
  // An empty text between two masked values leaves every end open.
  for (let end = from.indexOf(between, 1); end > 0; end = from.indexOf(between, end + 1)) {
    if (isOf(from.slice(0, end))) return isTextBehind(salt, rest, from.slice(end));
    if (end >= from.length) return false;
  }
  return false;
}
