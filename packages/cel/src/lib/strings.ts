import type { CallContext, Library } from '../library.ts';
import { INT, listType, STRING, type CelType } from '../types.ts';
import { elementsOf, fail, type Int, type Value } from '../values.ts';
import { chargePass, chargeSearch, member, overload, declare } from './define.ts';
import { stringFormat } from './format.ts';
import { codePointLength, hasSurrogates } from '../utf8.ts';
import { showValue } from './show.ts';

const two: readonly CelType[] = [STRING, STRING];
const LIST_OF_STRING = listType(STRING);

/** cel-go's strings extension, all versions; positions and lengths count code points. */
export const strings: Library = {
  name: 'cel.lib.ext.strings',
  functions: [
    declare('charAt', member('string_char_at_int', [STRING, INT], STRING, charAt)),
    declare(
      'indexOf',
      member('string_index_of_string', two, INT, (text: string, part: string, context: CallContext) =>
        indexOf(text, part, 0, context),
      ),
      member('string_index_of_string_int', [...two, INT], INT, indexOf),
    ),
    declare(
      'lastIndexOf',
      member('string_last_index_of_string', two, INT, lastIndexOf),
      member('string_last_index_of_string_int', [...two, INT], INT, lastIndexOfFrom),
    ),
    declare(
      'lowerAscii',
      member('string_lower_ascii', [STRING], STRING, (text: string, context: CallContext) =>
        charged(
          text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
          context,
        ),
      ),
    ),
    declare(
      'replace',
      member('string_replace_string_string', [...two, STRING], STRING, replaceAll),
      member('string_replace_string_string_int', [...two, STRING, INT], STRING, replace),
    ),
    declare(
      'split',
      member('string_split_string', two, LIST_OF_STRING, (text: string, separator: string, context: CallContext) =>
        split(text, separator, -1, context),
      ),
      member('string_split_string_int', [...two, INT], LIST_OF_STRING, split),
    ),
    declare(
      'substring',
      member('string_substring_int', [STRING, INT], STRING, substringFrom),
      member('string_substring_int_int', [STRING, INT, INT], STRING, substring),
    ),
    declare(
      'trim',
      member('string_trim', [STRING], STRING, (text: string, context: CallContext) =>
        charged(trimSpace(text), context),
      ),
    ),
    declare(
      'upperAscii',
      member('string_upper_ascii', [STRING], STRING, (text: string, context: CallContext) =>
        charged(
          text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
          context,
        ),
      ),
    ),
    stringFormat.declaration,
    declare(
      'strings.quote',
      overload('strings_quote', [STRING], STRING, (text: string, context: CallContext) =>
        charged(quoteCelString(text), context),
      ),
    ),
    declare(
      'join',
      member('list_join', [LIST_OF_STRING], STRING, (list: Value, context: CallContext) =>
        join(list, '', context, 'join(list)'),
      ),
      member('list_join_string', [LIST_OF_STRING, STRING], STRING, join),
    ),
    declare('reverse', member('string_reverse', [STRING], STRING, reverse)),
  ],
  validators: [stringFormat.validator],
};

/** Charges the length of a new string, and returns the string. */
function charged(text: string, context: CallContext): string {
  context.charge(text.length);
  return text;
}

function outOfRange(index: Int): never {
  return fail(`index out of range: ${index}`);
}

function charAt(text: string, index: Int, context: CallContext): Value {
  chargePass(context, text);
  const length = codePointLength(text);
  if (index < 0 || index > length) return outOfRange(index);
  if (Number(index) === length) return '';
  return String.fromCodePoint(text.codePointAt(utf16Index(text, Number(index))) ?? 0);
}

/** The number of code points before a UTF-16 position. */
function codePointIndex(text: string, at: number): number {
  return hasSurrogates(text) ? codePointLength(text.slice(0, at)) : at;
}

function indexOf(text: string, part: string, offset: Int, context: CallContext): Value {
  if (offset < 0) return outOfRange(offset);
  context.charge(text.length);
  if (part === '') return Math.min(Number(offset), codePointLength(text));
  chargeSearch(context, text, part);
  const at = text.indexOf(part, utf16Index(text, Number(offset)));
  return at < 0 ? -1 : codePointIndex(text, at);
}

function lastIndexOf(text: string, part: string, context: CallContext): Value {
  context.charge(text.length);
  if (part === '') return codePointLength(text);
  chargeSearch(context, text, part);
  const at = text.lastIndexOf(part);
  return at < 0 ? -1 : codePointIndex(text, at);
}

function lastIndexOfFrom(text: string, part: string, offset: Int, context: CallContext): Value {
  if (offset < 0) return outOfRange(offset);
  context.charge(text.length);
  const length = codePointLength(text);
  if (part === '') return Math.min(Number(offset), length);
  if (offset >= length) return -1;
  chargeSearch(context, text, part);
  const at = text.lastIndexOf(part, utf16Index(text, Number(offset)));
  return at < 0 ? -1 : codePointIndex(text, at);
}

function replaceAll(text: string, old: string, replacement: string, context: CallContext): Value {
  return replace(text, old, replacement, -1, context);
}

function replace(text: string, old: string, replacement: string, limit: Int, context: CallContext): Value {
  if (old === replacement || limit === 0) return text;
  chargeSearch(context, text, old);
  const places = limit < 0 ? Infinity : Number(limit);
  const parts: string[] = [];
  let from = 0;
  let done = 0;
  while (done < places) {
    const at = old === '' ? emptyMatch(text, from, done) : text.indexOf(old, from);
    if (at < 0) break;
    parts.push(text.slice(from, at), replacement);
    context.charge(at - from + replacement.length + 1);
    from = at + old.length;
    done += 1;
  }
  parts.push(text.slice(from));
  return charged(parts.join(''), context);
}

/**
 * Returns the position of the next match of an empty search string. It matches before each character and at the end.
 */
function emptyMatch(text: string, from: number, done: number): number {
  if (done === 0) return 0;
  if (from >= text.length) return -1;
  return from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1);
}

function split(text: string, separator: string, limit: Int, context: CallContext): Value {
  context.charge(text.length);
  if (limit === 0) return [];
  const maxParts = limit < 0 ? Infinity : Number(limit);
  if (separator === '') return splitCharacters(text, maxParts, context);
  chargeSearch(context, text, separator);
  const parts: string[] = [];
  let from = 0;
  while (parts.length + 1 < maxParts) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  context.charge(parts.length);
  return parts;
}

function splitCharacters(text: string, most: number, context: CallContext): Value {
  const parts: string[] = [];
  let from = 0;
  while (from < text.length) {
    const to = parts.length + 1 < most ? from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1) : text.length;
    parts.push(text.slice(from, to));
    from = to;
  }
  context.charge(parts.length);
  return parts;
}

function substringFrom(text: string, start: Int, context: CallContext): Value {
  chargePass(context, text);
  if (start < 0 || start > codePointLength(text)) return outOfRange(start);
  return charged(text.slice(utf16Index(text, Number(start))), context);
}

function substring(text: string, start: Int, end: Int, context: CallContext): Value {
  if (start > end) return fail(`invalid substring range. start: ${start}, end: ${end}`);
  chargePass(context, text);
  const length = codePointLength(text);
  if (start < 0 || start > length) return outOfRange(start);
  if (end < 0 || end > length) return outOfRange(end);
  return charged(text.slice(utf16Index(text, Number(start)), utf16Index(text, Number(end))), context);
}

/** Unicode's White_Space property. JavaScript's `\s` differs: it does not match U+0085, and it matches U+FEFF. */
const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`);
const IS_SPACE = new RegExp(`[${SPACE}]`);

function trimSpace(text: string): string {
  const front = text.replace(LEADING_SPACE, '');
  let end = front.length;
  while (end > 0 && IS_SPACE.test(front.charAt(end - 1))) end -= 1;
  return front.slice(0, end);
}

function reverse(text: string, context: CallContext): Value {
  context.charge(text.length);
  return Array.from(text).reverse().join('');
}

function join(list: Value, separator: string, context: CallContext, call = 'join(list, string)'): Value {
  const elements = elementsOf(list) ?? [];
  const texts: string[] = [];
  let length = 0;
  for (const element of elements) {
    if (typeof element !== 'string') {
      // cel-go chooses the overload by the first element of a `dyn` list.
      return fail(texts.length === 0 ? `no such overload: ${call}` : `join: invalid input: ${showValue(element)}`);
    }
    texts.push(element);
    length += element.length + separator.length;
  }
  context.charge(length + texts.length);
  return texts.join(separator);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quoteCelString(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the function escapes these characters
  const escaped = text.replace(/[\u0007-\r\\"]/g, (char) => ESCAPES[char] ?? char);
  return `"${escaped.replace(/(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])/g, '\ufffd')}"`;
}

// Functions for code points. cel-go measures and orders strings by code point, JavaScript by UTF-16 unit.

/** Converts the index of a code point to a UTF-16 index. Returns `text.length` for an index at or beyond the end. */
export function utf16Index(text: string, codePoints: number): number {
  if (!hasSurrogates(text)) return Math.min(codePoints, text.length);
  let at = 0;
  for (let i = 0; i < codePoints && at < text.length; i++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}
