import { boxDouble, type Value } from '../values.ts';
import { setOwn } from '@typekro/kit/core';
import { type Failure, failure, goQuoteJsonByte } from '@typekro/kit/golang';

/**
 * Parses a JSON document as Go's `encoding/json` does for untyped values. Every number becomes a double, the last of
 * equal keys wins, and the messages are Go's.
 */
export function parseGoJson(text: string): Value | Failure {
  const parser = new Parser(text);
  return parser.document();
}

const MAX_DEPTH = 10_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** A run of characters of a string, without escapes and without the closing quote. */
// oxlint-disable-next-line no-control-regex -- control characters end the run
const CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const END = 'unexpected end of JSON input';

/** A container that is still open. */
interface Frame {
  readonly list?: Value[];
  readonly object?: Record<string, Value>;
  key: string;
}

/** Thrown inside this module only; `document` turns it into a failure. */
class JsonProblem {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #outOfRange: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value | Failure {
    try {
      const value = this.#value();
      this.#skipSpace();
      if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
      // As in Go, an error of the syntax anywhere in the document has precedence over a number that is out of range.
      return this.#outOfRange === undefined
        ? value
        : failure(`json: cannot unmarshal number ${this.#outOfRange} into Go value of type float64`);
    } catch (problem) {
      if (problem instanceof JsonProblem) return failure(problem.message);
      throw problem;
    }
  }

  /**
   * Reads one value. The method has an explicit stack, because the nesting of a document may be deeper than the call
   * stack.
   */
  #value(): Value {
    const stack: Frame[] = [];
    for (;;) {
      let done = this.#start(stack);
      while (done !== undefined) {
        const frame = stack.at(-1);
        if (frame === undefined) return done;
        done = this.#add(frame, done, stack);
      }
    }
  }

  /**
   * Reads a scalar or an empty container and returns it. When the value is another container, opens the container and
   * returns undefined.
   */
  #start(stack: Frame[]): Value | undefined {
    this.#skipSpace();
    const char = this.#text.charAt(this.#at);
    if (char !== '{' && char !== '[') return this.#scalar(char);
    if (stack.length >= MAX_DEPTH) throw new JsonProblem('exceeded max depth');
    this.#at += 1;
    this.#skipSpace();
    const next = this.#text.charAt(this.#at);
    if (char === '[') {
      if (next === ']') return this.#close([]);
      stack.push({ list: [], key: '' });
      return undefined;
    }
    if (next === '}') return this.#close({});
    stack.push({ object: {}, key: this.#key() });
    return undefined;
  }

  #close<T extends Value>(value: T): T {
    this.#at += 1;
    return value;
  }

  /** Puts a finished value into its container. Returns the container when it is finished, too. */
  #add(frame: Frame, value: Value, stack: Frame[]): Value | undefined {
    if (frame.list) frame.list.push(value);
    else if (frame.object) setOwn(frame.object, frame.key, value);
    this.#skipSpace();
    const char = this.#text.charAt(this.#at);
    if (char === ',') {
      this.#at += 1;
      if (frame.object) frame.key = this.#key();
      return undefined;
    }
    if (char !== (frame.list ? ']' : '}')) {
      throw this.#unexpected(frame.list ? 'after array element' : 'after object key:value pair');
    }
    this.#at += 1;
    stack.pop();
    return frame.list ?? frame.object ?? null;
  }

  #key(): string {
    this.#skipSpace();
    if (this.#text.charAt(this.#at) !== '"') throw this.#unexpected('looking for beginning of object key string');
    const key = this.#string();
    this.#skipSpace();
    if (this.#text.charAt(this.#at) !== ':') throw this.#unexpected('after object key');
    this.#at += 1;
    return key;
  }

  #scalar(char: string): Value {
    switch (char) {
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        if (/[-\d]/.test(char)) return this.#number();
        throw this.#unexpected('looking for beginning of value');
    }
  }

  #word<T extends Value>(word: string, value: T): T {
    for (const letter of word) {
      if (this.#text.charAt(this.#at) !== letter) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      this.#at += 1;
    }
    return value;
  }

  #number(): Value {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0] ?? '';
    const end = this.#at + text.length;
    const next = this.#text.charAt(end);
    if (text === '') {
      this.#at += 1;
      throw this.#unexpected('in numeric literal');
    }
    if (next === '.' && !/[.eE]/.test(text)) {
      this.#at = end + 1;
      throw this.#unexpected('after decimal point in numeric literal');
    }
    if ((next === 'e' || next === 'E') && !/[eE]/.test(text)) {
      this.#at = end + (/[+-]/.test(this.#text.charAt(end + 1)) ? 2 : 1);
      throw this.#unexpected('in exponent of numeric literal');
    }
    this.#at = end;
    const value = Number(text);
    if (!Number.isFinite(value)) this.#outOfRange ??= text;
    return boxDouble(value);
  }

  #string(): string {
    this.#at += 1;
    let out = '';
    for (;;) {
      CHARACTERS.lastIndex = this.#at;
      const run = CHARACTERS.exec(this.#text)?.[0] ?? '';
      out += run;
      this.#at += run.length;
      const char = this.#text.charAt(this.#at);
      if (char === '"') {
        this.#at += 1;
        return wellFormed(out);
      }
      if (char !== '\\') throw this.#unexpected('in string literal');
      this.#at += 1;
      out += this.#escape();
    }
  }

  #escape(): string {
    const char = this.#text.charAt(this.#at);
    const simple = char === '' ? -1 : '"\\/bfnrt'.indexOf(char);
    if (simple >= 0) {
      this.#at += 1;
      return '"\\/\b\f\n\r\t'.charAt(simple);
    }
    if (char !== 'u') throw this.#unexpected('in string escape code');
    this.#at += 1;
    const start = this.#at;
    while (this.#at < start + 4) {
      if (!/[0-9a-fA-F]/.test(this.#text.charAt(this.#at))) {
        throw this.#unexpected('in \\u hexadecimal character escape');
      }
      this.#at += 1;
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  /**
   * The error for the character at the present position, or for the end of the document. At the end, Go's scanner reads
   * an additional space. When the document ends inside a word, number or escape, Go's message therefore names a space.
   */
  #unexpected(where: string): JsonProblem {
    if (this.#at >= this.#text.length) {
      return new JsonProblem(
        / literal|escape/.test(where) && where !== 'in string literal' ? `invalid character ' ' ${where}` : END,
      );
    }
    return new JsonProblem(`invalid character ${goQuoteJsonByte(this.#text, this.#at)} ${where}`);
  }
}

/** Replaces lone surrogates by U+FFFD. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text)
    ? text.replace(/(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])/g, '\ufffd')
    : text;
}
