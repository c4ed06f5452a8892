import { goQuoteJsonByte } from './json.ts';

/**
 * The error of a text that is not JSON, in the words of Go's `encoding/json`; undefined for JSON. The text must not be
 * nested deeper than the call stack allows.
 */
export function goJsonSyntaxError(text: string): string | undefined {
  let index = 0;
  const end = 'unexpected end of JSON input';
  const skip = () => {
    while (index < text.length && ' \t\r\n'.includes(text.charAt(index))) index++;
  };
  const fail = (where: string) =>
    index >= text.length ? end : `invalid character ${goQuoteJsonByte(text, index)} ${where}`;
  /** Reads one value. Returns an error, or undefined. */
  const value = (): string | undefined => {
    skip();
    const head = text.charAt(index);
    if (head === '{') return members('}');
    if (head === '[') return members(']');
    if (head === '"') return string();
    const literal = /^(?:true|false|null)/.exec(text.slice(index, index + 5));
    if (literal) {
      index += literal[0].length;
      return undefined;
    }
    const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(index, index + 400));
    if (number === null) {
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
    }
    index += number[0].length;
    return undefined;
  };
  const string = (): string | undefined => {
    for (index++; index < text.length; index++) {
      const character = text.charAt(index);
      if (character === '"') {
        index++;
        return undefined;
      }
      if (character === '\\') index++;
      else if (character < ' ') return fail('in string literal');
    }
    return end;
  };
  const members = (close: string): string | undefined => {
    index++;
    skip();
    if (text.charAt(index) === close) {
      index++;
      return undefined;
    }
    for (;;) {
      if (close === '}') {
        skip();
        if (text.charAt(index) !== '"') return fail('looking for beginning of object key string');
        const wrong = string();
        if (wrong !== undefined) return wrong;
        skip();
        if (text.charAt(index) !== ':') return fail('after object key');
        index++;
      }
      const wrong = value();
      if (wrong !== undefined) return wrong;
      skip();
      const next = text.charAt(index);
      if (next === close) {
        index++;
        return undefined;
      }
      if (next !== ',') return fail(close === '}' ? 'after object key:value pair' : 'after array element');
      index++;
    }
  };
  const wrong = value();
  if (wrong !== undefined) return wrong;
  skip();
  return index < text.length ? fail('after top-level value') : undefined;
}
