import { goQuoteJsonByte } from './go-json.ts';

/** The maximum nesting of objects and lists that Go's `encoding/json` accepts. */
const MAX_DEPTH = 10_000;

const DIGITS = /\d*/y;

function countDigits(text: string, index: number): number {
  DIGITS.lastIndex = index;
  return DIGITS.exec(text)?.[0].length ?? 0;
}

/**
 * Returns the error message of Go's `encoding/json` for a string that is not JSON; undefined for JSON. As in Go, more
 * than 10000 nested levels are an error.
 */
export function goJsonSyntaxError(text: string): string | undefined {
  let index = 0;
  const end = 'unexpected end of JSON input';
  const skip = () => {
    while (index < text.length && ' \t\r\n'.includes(text.charAt(index))) index++;
  };
  const fail = (where: string) =>
    index >= text.length ? end : `invalid character ${goQuoteJsonByte(text, index)} ${where}`;
  /** Reads a string, a number, `true`, `false` or `null`. Returns an error, or undefined. */
  const scalar = (): string | undefined => {
    const head = text.charAt(index);
    if (head === '"') return string();
    const literal = /^(?:true|false|null)/.exec(text.slice(index, index + 5));
    if (literal) {
      index += literal[0].length;
      return undefined;
    }
    if (/[-\d]/.test(head)) return number();
    for (const word of ['true', 'false', 'null']) {
      if (head !== word.charAt(0)) continue;
      let position = 0;
      while (position < word.length && text.charAt(index) === word.charAt(position)) {
        index++;
        position++;
      }
      return fail(`in literal ${word} (expecting ${goQuoteJsonByte(word, position)})`);
    }
    return fail('looking for beginning of value');
  };
  /** Reads digits. Returns an error when there are none. */
  const digits = (where: string): string | undefined => {
    const count = countDigits(text, index);
    index += count;
    return count === 0 ? fail(where) : undefined;
  };
  /** Reads a number. Returns an error, or undefined. */
  const number = (): string | undefined => {
    if (text.charAt(index) === '-') index++;
    let wrong: string | undefined;
    if (text.charAt(index) === '0') index++;
    else wrong = digits('in numeric literal');
    if (wrong === undefined && text.charAt(index) === '.') {
      index++;
      wrong = digits('after decimal point in numeric literal');
    }
    if (wrong !== undefined || !'eE'.includes(text.charAt(index) || ' ')) return wrong;
    index++;
    if ('+-'.includes(text.charAt(index) || ' ')) index++;
    return digits('in exponent of numeric literal');
  };
  /** Reads from a backslash to the last character of its escape sequence. */
  const escape = (): string | undefined => {
    index++;
    if (text.charAt(index) !== 'u') {
      return index < text.length && 'bfnrt\\/"'.includes(text.charAt(index))
        ? undefined
        : fail('in string escape code');
    }
    for (let digits = 0; digits < 4; digits++) {
      index++;
      if (!/^[0-9a-fA-F]$/.test(text.charAt(index))) return fail('in \\u hexadecimal character escape');
    }
    return undefined;
  };
  const string = (): string | undefined => {
    for (index++; index < text.length; index++) {
      const character = text.charAt(index);
      if (character === '"') {
        index++;
        return undefined;
      }
      if (character === '\\') {
        const wrong = escape();
        if (wrong !== undefined) return wrong;
      } else if (character < ' ') return fail('in string literal');
    }
    return end;
  };
  const key = (): string | undefined => {
    skip();
    if (text.charAt(index) !== '"') return fail('looking for beginning of object key string');
    const wrong = string();
    if (wrong !== undefined) return wrong;
    skip();
    if (text.charAt(index) !== ':') return fail('after object key');
    index++;
    return undefined;
  };
  /**
   * The closing brackets of the open objects and lists. This is an explicit stack, because the nesting may be deeper
   * than the call stack allows.
   */
  const open: string[] = [];
  /**
   * Reads a scalar, or the opening bracket of an object or list. In an object that is not empty, also reads the first
   * key. Returns true when a value must follow, and a string in case of an error.
   */
  const begin = (): boolean | string => {
    skip();
    const head = text.charAt(index);
    if (head !== '{' && head !== '[') return scalar() ?? false;
    const close = head === '{' ? '}' : ']';
    index++;
    if (open.push(close) > MAX_DEPTH) return 'exceeded max depth';
    skip();
    if (text.charAt(index) === close) return false;
    return (close === '}' ? key() : undefined) ?? true;
  };
  /**
   * Closes the objects and lists that end after a value. Returns true when another value must follow, and a string in
   * case of an error.
   */
  const proceed = (): boolean | string => {
    for (;;) {
      skip();
      const close = open.at(-1);
      if (close === undefined) return false;
      const next = text.charAt(index);
      if (next === close) {
        index++;
        open.pop();
        continue;
      }
      if (next !== ',') return fail(close === '}' ? 'after object key:value pair' : 'after array element');
      index++;
      return (close === '}' ? key() : undefined) ?? true;
    }
  };
  for (;;) {
    const begun = begin();
    const more = begun === false ? proceed() : begun;
    if (typeof more === 'string') return more;
    if (!more) break;
  }
  return index < text.length ? fail('after top-level value') : undefined;
}
