/** A member of an object literal, or an element of a list, with the offsets of its name and its value. */
export interface Member {
  readonly name: string | number;
  readonly key: number;
  readonly value: number;
}

const CLOSING: ReadonlyMap<string, string> = new Map([
  ['{', '}'],
  ['[', ']'],
  ['(', ')'],
]);
/** The maximum number of characters that `literalOf` reads to find a variable's name and the token after it. */
const MAX_NAME_LENGTH = 200;
const CALLEE = /(?:[\w$]+\s*\.\s*)*[\w$]+\s*(?:<[^(){}]*>\s*)?\(/y;
/**
 * Matches a text that ends with a keyword after which an expression must follow. A slash after this keyword begins a
 * regular expression, and is not a division.
 */
const KEYWORD = /(?<![\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|instanceof|await|yield)$/;
const NAME = /[\w$]+|'[^'\n]*'|"[^"\n]*"/y;

/**
 * Scans a JavaScript or TypeScript text for literals, without parsing the module. This is sufficient to find the line
 * of a field in the user's code.
 */
export class ScriptScanner {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Returns the offset of the literal at an offset or, for a call at the offset, of the literal in its first argument.
   */
  literalAt(offset: number): number | undefined {
    for (let at = this.#skipBlank(offset); at < this.#text.length;) {
      const character = this.#text.charAt(at);
      if (character === '{' || character === '[') return at;
      const next = character === '(' ? at + 1 : this.#afterCallee(at);
      if (next === undefined) return undefined;
      at = this.#skipBlank(next);
    }
    return undefined;
  }

  /**
   * Returns the offset of the literal at an offset or, for a variable at the offset, of the literal in its only
   * declaration.
   */
  literalOf(offset: number): number | undefined {
    const literal = this.literalAt(offset);
    if (literal !== undefined) return literal;
    const name = /^([A-Za-z_$][\w$]*)\s*(?:[,}\])]|as\b|$)/.exec(
      this.#text.slice(offset, offset + MAX_NAME_LENGTH),
    )?.[1];
    if (name === undefined) return undefined;
    const written = name.replaceAll('$', String.raw`\$`);
    const declared = new RegExp(String.raw`\b(?:const|let|var)\s+${written}\s*(?::[^=\n]*)?=(?![=>])`, 'g');
    const [first, ...others] = [...this.#text.matchAll(declared)];
    return first === undefined || others.length > 0 ? undefined : this.literalAt(first.index + first[0].length);
  }

  /** Does a call or an object literal begin here? */
  isCallOrLiteral(offset: number): boolean {
    return this.#text.charAt(offset) === '{' || this.#afterCallee(offset) !== undefined;
  }

  /**
   * Yields the members of the literal that begins at an offset. For an unclosed literal, yields the members up to the
   * end of the text.
   */
  *members(literal: number): Generator<Member> {
    const isList = this.#text.charAt(literal) === '[';
    for (let at = this.#skipBlank(literal + 1), index = 0; at < this.#text.length; index++) {
      if (/[\]})]/.test(this.#text.charAt(at))) return;
      if (isList) yield { name: index, key: at, value: at };
      else {
        const member = this.#member(at);
        if (member !== undefined) yield member;
      }
      const end = this.#skipValue(at);
      if (this.#text.charAt(end) !== ',') return;
      at = this.#skipBlank(end + 1);
    }
  }

  /** Reads a member with a constant name: `name: value`, or the shorthand `name`. */
  #member(key: number): Member | undefined {
    NAME.lastIndex = key;
    const written = NAME.exec(this.#text)?.[0];
    if (written === undefined) return undefined;
    const name = written.replaceAll(/^['"]|['"]$/g, '');
    const after = this.#skipBlank(key + written.length);
    return { name, key, value: this.#text.charAt(after) === ':' ? this.#skipBlank(after + 1) : key };
  }

  #afterCallee(at: number): number | undefined {
    CALLEE.lastIndex = at;
    const callee = CALLEE.exec(this.#text)?.[0];
    return callee === undefined ? undefined : at + callee.length;
  }

  /** Returns the offset of the comma or closing bracket after a value. */
  #skipValue(from: number): number {
    const open: string[] = [];
    for (let at = from; at < this.#text.length;) {
      const character = this.#text.charAt(at);
      const closing = CLOSING.get(character);
      if (open.length === 0 && /[,\]})]/.test(character)) return at;
      if (closing !== undefined) open.push(closing);
      else if (character === open.at(-1)) open.pop();
      at = this.#skipToken(at, from);
    }
    return this.#text.length;
  }

  /**
   * Returns the offset after a string, a template, a regular expression or a comment. Elsewhere, returns the next
   * offset.
   */
  #skipToken(at: number, from: number): number {
    const character = this.#text.charAt(at);
    if (character === "'" || character === '"') return this.#skipQuoted(at, character);
    if (character === '`') return this.#skipTemplate(at);
    if (character !== '/') return at + 1;
    const blank = this.#skipBlank(at);
    if (blank !== at) return blank;
    const before = this.#text.slice(from, at).trimEnd();
    const isOperand = /[^(,=:[!&|?{};>]$/.test(before) && !KEYWORD.test(before);
    return isOperand ? at + 1 : this.#skipPattern(at);
  }

  #skipQuoted(at: number, quote: string): number {
    let end = at + 1;
    while (end < this.#text.length && this.#text.charAt(end) !== quote) {
      if (this.#text.charAt(end) === '\n') return end;
      end += this.#text.charAt(end) === '\\' ? 2 : 1;
    }
    return end + 1;
  }

  /** Returns the offset after a regular expression. A slash in a character class does not end the expression. */
  #skipPattern(at: number): number {
    const pattern = /\/(?:\\.|\[(?:\\.|[^\]\n\\])*\]|[^/[\n\\])+\//y;
    pattern.lastIndex = at;
    return at + (pattern.exec(this.#text)?.[0].length ?? 1);
  }

  #skipTemplate(at: number): number {
    let end = at + 1;
    while (end < this.#text.length && this.#text.charAt(end) !== '`') {
      if (this.#text.startsWith('${', end)) {
        end += 2;
        while (end < this.#text.length && this.#text.charAt(end) !== '}') {
          end = Math.max(end + 1, this.#skipValue(end));
          if (this.#text.charAt(end) === ',') end++;
        }
        end++;
      } else end += this.#text.charAt(end) === '\\' ? 2 : 1;
    }
    return end + 1;
  }

  /** Returns the offset after white space and comments. */
  #skipBlank(from: number): number {
    const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
    blank.lastIndex = from;
    return from + (blank.exec(this.#text)?.[0].length ?? 0);
  }
}
