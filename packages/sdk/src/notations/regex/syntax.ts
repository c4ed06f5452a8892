/** A part of a JavaScript pattern that has no form in RE2, and a remedy. */
export class PatternProblem extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'PatternProblem';
    this.hint = hint;
  }
}

/** One item of a class: a range of characters, or an escape for several characters. */
export type ClassItem =
  | { readonly from: number; readonly to: number }
  | { readonly escape: 'd' | 'D' | 'w' | 'W' | 's' | 'S' }
  /** A general category such as `L` or `Nd`. */
  | { readonly category: string; readonly negated: boolean };

/** A JavaScript regular expression as a tree. */
export type Regex =
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly items: readonly ClassItem[]; readonly negated: boolean }
  | { readonly kind: 'start' | 'end' | 'boundary' | 'inside' }
  | {
      readonly kind: 'group';
      readonly body: Regex;
      readonly captures: boolean;
      /** The number of the group, from 1 on, if it captures. */
      readonly index?: number;
    }
  | {
      readonly kind: 'repeat';
      readonly body: Regex;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] };

/** The tree of a pattern, and the number of its capturing groups. */
export interface ParsedRegex {
  readonly root: Regex;
  readonly groups: number;
  /** Maps the name of each named group to its number. */
  readonly names: ReadonlyMap<string, number>;
}

/** The remedy for look-around in a program. */
export const WITHOUT_LOOKING = 'match the text around it, too, and put it back: x.replace(/(-)prod$/, "$1p")';
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/**
 * Parses the source of a `RegExp` (ECMA-262, with the lenient syntax of annex B where the flag `u` is missing).
 *
 * @throws PatternProblem for look-around, back references, lone surrogates, flags of a group, properties other than general
 * categories, and the flag `v`.
 */
export function parseRegex(pattern: RegExp): ParsedRegex {
  return new Parser(pattern).parse();
}

class Parser {
  private readonly pattern: RegExp;
  private readonly source: string;
  private readonly unicode: boolean;
  private readonly groups: number;
  private readonly namedGroups: boolean;
  private readonly names = new Map<string, number>();
  private opened = 0;
  private at = 0;

  constructor(pattern: RegExp) {
    this.pattern = pattern;
    this.source = pattern.source;
    this.unicode = pattern.flags.includes('u');
    // Escapes and classes are replaced by letters, so that each parenthesis belongs to a group.
    const plain = this.source.replaceAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, 'a');
    this.namedGroups = /\(\?<[^=!]/.test(plain);
    this.groups = [...plain.matchAll(/\((?!\?)|\(\?<[^=!]/g)].length;
  }

  parse(): ParsedRegex {
    if (this.pattern.flags.includes('v'))
      return this.refuse('has the flag v, whose sets have no RE2 form', 'use the flag u');
    return { root: this.choice(), groups: this.groups, names: this.names };
  }

  private refuse(what: string, hint: string): never {
    throw new PatternProblem(`${String(this.pattern)} ${what}`, hint);
  }

  private peek(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  private take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  /** Matches a sticky expression at the current position, and moves past the match. */
  private match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private choice(): Regex {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options.length === 1 ? (options[0] as Regex) : { kind: 'choice', options };
  }

  private sequence(): Regex {
    const parts: Regex[] = [];
    while (this.at < this.source.length && !this.peek('|') && !this.peek(')')) parts.push(this.quantified());
    return parts.length === 1 ? (parts[0] as Regex) : { kind: 'sequence', parts };
  }

  private quantified(): Regex {
    const body = this.atom();
    const found = this.match(/([*+?]|\{(\d+)(,(\d*))?\})(\??)/y);
    if (found === null) return body;
    if (body.kind === 'char' && body.code > 0xffff && !this.unicode)
      return this.refuse('repeats half of a character beyond U+FFFF', 'add the flag u');
    const [, sign = '', from, range, to] = found;
    const min = sign === '*' || sign === '?' ? 0 : sign === '+' ? 1 : Number(from);
    const max = sign === '?' ? 1 : sign === '*' || sign === '+' || to === '' ? Infinity : Number(range ? to : from);
    return { kind: 'repeat', body, min, max, lazy: found[5] === '?' };
  }

  private atom(): Regex {
    if (this.take('^')) return { kind: 'start' };
    if (this.take('$')) return { kind: 'end' };
    if (this.take('.')) return { kind: 'any' };
    if (this.peek('(')) return this.group();
    if (this.take('[')) return this.characterClass();
    if (this.take('\\')) return this.escape();
    return { kind: 'char', code: this.character() };
  }

  private character(): number {
    const code = this.source.codePointAt(this.at) as number;
    if (code >= 0xd800 && code <= 0xdfff)
      return this.refuse('contains half of a character', 'write the whole character');
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }

  private group(): Regex {
    if (this.match(/\(\?<?[=!]/y))
      return this.refuse('has look-around, which RE2 (CEL) does not have', WITHOUT_LOOKING);
    const name = this.match(/\(\?<([^>]+)>/y)?.[1];
    const captures = name !== undefined || this.match(/\((?!\?)/y) !== null;
    if (!captures && !this.take('(?:'))
      return this.refuse('changes flags inside, which is not translated', 'write the flags after the pattern: /…/i');
    const index = captures ? ++this.opened : undefined;
    if (name !== undefined && index !== undefined) this.names.set(name, index);
    const body = this.choice();
    this.take(')');
    return { kind: 'group', body, captures, ...(index !== undefined && { index }) };
  }

  private escape(): Regex {
    if (this.take('b')) return { kind: 'boundary' };
    if (this.take('B')) return { kind: 'inside' };
    const digits = /[1-9]\d*/y;
    digits.lastIndex = this.at;
    const reference = digits.exec(this.source);
    if ((reference !== null && Number(reference[0]) <= this.groups) || (this.namedGroups && this.peek('k<')))
      return this.refuse(
        'has a back reference, which RE2 (CEL) does not have',
        'match the parts alone, and compare them in the composition',
      );
    const item = this.escaped();
    if ('from' in item) return { kind: 'char', code: item.from };
    return { kind: 'class', items: [item], negated: false };
  }

  /** Parses an escape after its backslash, inside or outside of a class. */
  private escaped(): ClassItem {
    const name = this.match(/[dDwWsS]/y);
    if (name !== null) return { escape: name[0] as 'd' };
    if (this.unicode && this.match(/[pP](?=\{)/y)) return this.category();
    const code = this.escapedCode();
    return { from: code, to: code };
  }

  private category(): ClassItem {
    const negated = this.source[this.at - 1] === 'P';
    const found = this.match(/\{(?:gc=|General_Category=)?([A-Z][a-z]?)\}/y);
    if (found === null || found[1] === 'LC')
      return this.refuse('names a property whose characters differ from engine to engine', 'use a category: \\p{L}');
    return { category: found[1] as string, negated };
  }

  private escapedCode(): number {
    const control = this.match(/[tnvfr]/y);
    if (control !== null) return CONTROLS[control[0]] as number;
    const letter = this.match(/c([A-Za-z])/y);
    if (letter !== null) return (letter[1] as string).charCodeAt(0) % 32;
    // Annex B: without a letter after `\c`, the backslash means itself.
    if (this.peek('c')) return 0x5c;
    const octal = this.unicode ? this.match(/0/y) : this.match(/[0-3][0-7]{0,2}|[4-7][0-7]?/y);
    if (octal !== null) return Number.parseInt(octal[0], 8);
    const hex =
      this.match(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})/y) ?? (this.unicode ? this.match(/u\{([0-9a-fA-F]+)\}/y) : null);
    if (hex !== null) return this.wholeCharacter(Number.parseInt(hex[1] ?? (hex[2] as string), 16));
    // Any other character means itself.
    return this.character();
  }

  /** Joins two escapes of UTF-16 units to one character. */
  private wholeCharacter(code: number): number {
    if (code < 0xd800 || code > 0xdfff) return code;
    const second = code < 0xdc00 ? this.match(/\\u([dD][c-fC-F][0-9a-fA-F]{2})/y) : null;
    if (second === null) return this.refuse('contains half of a character', 'write the whole character');
    return 0x10000 + (code - 0xd800) * 0x400 + (Number.parseInt(second[1] as string, 16) - 0xdc00);
  }

  private characterClass(): Regex {
    const negated = this.take('^');
    const items: ClassItem[] = [];
    while (!this.take(']')) {
      const first = this.classAtom();
      if (!this.peek('-') || this.source[this.at + 1] === ']') {
        items.push(first);
        continue;
      }
      this.at += 1;
      const last = this.classAtom();
      // Annex B: next to an escape for several characters, the dash means itself.
      if ('from' in first && 'from' in last) items.push({ from: first.from, to: last.from });
      else items.push(first, { from: 0x2d, to: 0x2d }, last);
    }
    return { kind: 'class', items, negated };
  }

  private classAtom(): ClassItem {
    const item = this.classItem();
    if ('from' in item && item.from > 0xffff && !this.unicode)
      return this.refuse('has a character beyond U+FFFF in a class, which counts as two', 'add the flag u');
    return item;
  }

  private classItem(): ClassItem {
    if (!this.take('\\')) {
      const code = this.character();
      return { from: code, to: code };
    }
    if (this.take('b')) return { from: 8, to: 8 };
    // Annex B: in classes digits and the underscore count as letters of a control character.
    const letter = this.unicode ? null : this.match(/c([0-9_])/y);
    if (letter === null) return this.escaped();
    const code = (letter[1] as string).charCodeAt(0) % 32;
    return { from: code, to: code };
  }
}
