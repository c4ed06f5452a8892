import { CHARACTERS } from '@typekro/kit/golang';
import { regexProblem } from '@typekro/cel';
import { type ClassItem, type Regex, PatternProblem } from './syntax.ts';

/** The characters that end a line in JavaScript, as items of an RE2 class. */
const LINE_END = String.raw`\n\r\x{2028}\x{2029}`;
/** All characters except JavaScript's white space, as items of an RE2 class. */
const NO_SPACE =
  String.raw`\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}` +
  String.raw`\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`;
const PAIRS = [
  ['d', 'D'],
  ['w', 'W'],
  ['s', 'S'],
] as const;
/** The maximum number of repetitions in RE2. The numbers of nested repetitions are multiplied. */
const MAX_REPEAT = 1000;

/** The use of an expression: to test whether it matches, or to find the text that it matches. */
export type RegexUse = 'test' | 'find';

/**
 * Prints the tree as RE2 with JavaScript's meaning.
 *
 * @throws PatternProblem for a part that RE2 cannot express.
 */
export function printRe2(root: Regex, pattern: RegExp, use: RegexUse): string {
  const printed = new Printer(root, pattern, use).print();
  const problem = regexProblem(printed);
  if (problem === undefined) return printed;
  throw new PatternProblem(`${String(pattern)} has no RE2 form: ${problem}`, 'write a shorter or simpler pattern');
}

class Printer {
  private readonly root: Regex;
  private readonly pattern: RegExp;
  private readonly use: RegexUse;
  private readonly multiline: boolean;
  private readonly dotAll: boolean;
  /** The form in which the flag i is written: omitted, as RE2's flag, or as classes of letters. */
  private readonly folding: 'none' | 'flag' | 'classes';

  constructor(root: Regex, pattern: RegExp, use: RegexUse) {
    const { flags } = pattern;
    this.root = root;
    this.pattern = pattern;
    this.use = use;
    this.multiline = flags.includes('m');
    this.dotAll = flags.includes('s');
    this.folding = !flags.includes('i') ? 'none' : foldsAlike(root) ? 'flag' : 'classes';
    if (this.folding === 'classes' && flags.includes('u')) this.folding = this.unicodeFolding();
  }

  print(): string {
    const body = this.multiline && this.use === 'test' ? this.withLines(this.root) : this.at(this.root, 0, 1);
    return this.folding === 'flag' ? `(?i)${body}` : body;
  }

  private refuse(what: string, hint: string): never {
    throw new PatternProblem(`${String(this.pattern)} ${what}`, hint);
  }

  /** With the flags `iu`, JavaScript folds cases as RE2 does, except for `\w`, `\b` and `\P`, which are refused. */
  private unicodeFolding(): 'flag' {
    const special = (node: Regex): boolean => {
      if (node.kind === 'boundary' || node.kind === 'inside') return true;
      if (node.kind === 'class')
        return node.items.some((item) =>
          'escape' in item ? /[wW]/.test(item.escape) : 'category' in item && item.negated,
        );
      return subexpressionsOf(node).some(special);
    };
    if (special(this.root))
      this.refuse('has \\w, \\b or \\P, which differ from RE2 with the flags i and u', 'leave out the flag i or u');
    return 'flag';
  }

  /**
   * Prints a pattern whose anchors `^` and `$` refer to lines (flag m). The match also contains the character that ends
   * a line.
   */
  private withLines(node: Regex): string {
    if (node.kind === 'choice') return node.options.map((option) => this.withLines(option)).join('|');
    const parts = node.kind === 'sequence' ? node.parts : [node];
    return parts
      .map((part, position) => {
        if (part.kind === 'start' && position === 0) return `(?:^|[${LINE_END}])`;
        if (part.kind === 'end' && position === parts.length - 1) return `(?:$|[${LINE_END}])`;
        return this.at(part, 1, 1);
      })
      .join('');
  }

  /**
   * Prints a node. `level` is 0 where a choice needs no parentheses, 1 in a sequence, 2 before a quantifier. `repeated`
   * is the product of the repetition counts around the node.
   */
  private at(node: Regex, level: 0 | 1 | 2, repeated: number): string {
    switch (node.kind) {
      case 'char':
        return this.character(node.code);
      case 'any':
        return this.dotAll ? '(?s:.)' : `[^${LINE_END}]`;
      case 'class':
        return this.characterClass(node.items, node.negated);
      case 'start':
      case 'end':
        if (this.multiline)
          this.refuse('has ^ or $ for single lines (flag m)', 'leave out the flag m, or split the string first');
        return anchor(node.kind === 'start' ? '^' : '$', level);
      case 'boundary':
        return anchor('\\b', level);
      case 'inside':
        return anchor('\\B', level);
      case 'group':
        return `${node.captures ? '(' : '(?:'}${this.at(node.body, 0, repeated)})`;
      case 'repeat':
        return this.repeat(node, level, repeated);
      case 'sequence': {
        const text = node.parts.map((part) => this.at(part, 1, repeated)).join('');
        return level === 2 ? `(?:${text})` : text;
      }
      default: {
        const text = node.options.map((option) => this.at(option, 1, repeated)).join('|');
        return level === 0 ? text : `(?:${text})`;
      }
    }
  }

  private repeat(node: Regex & { readonly kind: 'repeat' }, level: number, repeated: number): string {
    const { body, min, max, lazy } = node;
    const times = repeated * Math.max(min, max === Infinity ? 0 : max, 1);
    if (times > MAX_REPEAT && Math.max(min, max === Infinity ? 0 : max) > 1)
      this.refuse(`repeats ${times} times`, `RE2 repeats at most ${MAX_REPEAT} times; test the length of the string`);
    if (this.use === 'find' && minMatchLength(body) === 0 && (max > 1 || (min === 0 && mayPreferEmpty(body))))
      this.refuse(
        'repeats an expression that may match the empty string; JavaScript and RE2 match this differently',
        'make each repetition match a character',
      );
    const sign = signOf(min, max);
    const text = `${this.at(body, 2, times)}${sign}${lazy ? '?' : ''}`;
    return level === 2 ? `(?:${text})` : text;
  }

  private character(code: number): string {
    if (this.folding !== 'classes') return escaped(code);
    const ranges = foldedRanges([{ from: code, to: code }]);
    return ranges.length === 1 && ranges[0]?.from === ranges[0]?.to ? escaped(code) : `[${printRanges(ranges)}]`;
  }

  private characterClass(items: readonly ClassItem[], negated: boolean): string {
    const escapes = items.map((item) => ('escape' in item ? item.escape : ''));
    // `[\s\S]` means any character.
    if (!negated && PAIRS.some((pair) => pair.every((escape) => escapes.includes(escape)))) return '(?s:.)';
    if (items.length === 0) return negated ? '(?s:.)' : String.raw`[^\x{0}-\x{10FFFF}]`;
    const only = items.length === 1 ? items[0] : undefined;
    if (only !== undefined && 'escape' in only && !negated) return printEscape(only.escape);
    const ranges = items.filter((item) => 'from' in item);
    const written = printRanges(this.folding === 'classes' ? foldedRanges(ranges) : ranges);
    const others = items.map((item) => ('from' in item ? '' : printItem(item)));
    return `[${negated ? '^' : ''}${written}${others.join('')}]`;
  }
}

/** The text of an anchor, in parentheses before a quantifier. */
const anchor = (text: string, level: number): string => (level === 2 ? `(?:${text})` : text);

function signOf(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  if (min === 0 && max === 1) return '?';
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function printEscape(escape: string): string {
  if (escape === 's') return `[${CHARACTERS.space}]`;
  return escape === 'S' ? `[^${CHARACTERS.space}]` : `\\${escape}`;
}

function printItem(item: Exclude<ClassItem, { readonly from: number }>): string {
  if ('category' in item) return `\\${item.negated ? 'P' : 'p'}{${item.category}}`;
  if (item.escape === 's') return CHARACTERS.space;
  return item.escape === 'S' ? NO_SPACE : `\\${item.escape}`;
}

function printRanges(ranges: readonly { readonly from: number; readonly to: number }[]): string {
  return ranges.map(({ from, to }) => (from === to ? inClass(from) : `${inClass(from)}-${inClass(to)}`)).join('');
}

/** Prints a character as RE2: letters and digits unchanged, characters with a special meaning escaped or by number. */
function escaped(code: number): string {
  const text = String.fromCodePoint(code);
  if (/^[A-Za-z0-9_ !"#%&',/:;<=>@`~-]$/.test(text)) return text;
  if (code > 0x20 && code < 0x7f) return `\\${text}`;
  return /^[\p{L}\p{M}\p{N}]$/u.test(text) && code <= 0xffff ? text : `\\x{${code.toString(16).toUpperCase()}}`;
}

function inClass(code: number): string {
  const text = String.fromCodePoint(code);
  return /^[[\]\\^-]$/.test(text) ? `\\${text}` : /^[$.*+?(){}|]$/.test(text) ? text : escaped(code);
}

/**
 * Does RE2's flag i fold the letters of the pattern as JavaScript does? With RE2's flag, S also matches ſ, and K also
 * matches the Kelvin sign.
 */
function foldsAlike(node: Regex): boolean {
  if (node.kind === 'char') return isSafe(node.code, node.code);
  if (node.kind === 'class')
    return node.items.every((item) =>
      'from' in item ? isSafe(item.from, item.to) : 'escape' in item && item.escape === 'd',
    );
  return subexpressionsOf(node).every(foldsAlike);
}

function isSafe(from: number, to: number): boolean {
  return to < 0x80 && ![0x4b, 0x53, 0x6b, 0x73].some((letter) => from <= letter && letter <= to);
}

/** The child nodes. */
export function subexpressionsOf(node: Regex): readonly Regex[] {
  switch (node.kind) {
    case 'group':
    case 'repeat':
      return [node.body];
    case 'sequence':
      return node.parts;
    case 'choice':
      return node.options;
    default:
      return [];
  }
}

/** May the node prefer an empty match? JavaScript does not repeat an empty match, and RE2 does. */
function mayPreferEmpty(node: Regex): boolean {
  return node.kind === 'choice' || (node.kind === 'repeat' && node.lazy) || subexpressionsOf(node).some(mayPreferEmpty);
}

/** The minimum length of a match. */
export function minMatchLength(node: Regex): number {
  switch (node.kind) {
    case 'char':
    case 'any':
    case 'class':
      return 1;
    case 'group':
      return minMatchLength(node.body);
    case 'repeat':
      return node.min * minMatchLength(node.body);
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + minMatchLength(part), 0);
    case 'choice':
      return Math.min(...node.options.map(minMatchLength));
    default:
      return 0;
  }
}

/** A range of characters, both ends included. */
export interface CharacterRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Maps a canonical character to the characters of the Basic Multilingual Plane that fold to it (flag i without u).
 * Filled at the first use.
 */
let alike: Map<number, number[]> | undefined;

/**
 * The canonical character of all characters that a pattern with the flag i treats as equal (ECMA-262, Canonicalize).
 */
function canonical(code: number): number {
  const upper = String.fromCharCode(code).toUpperCase();
  if (upper.length !== 1) return code;
  const result = upper.charCodeAt(0);
  return code >= 0x80 && result < 0x80 ? code : result;
}

function families(): Map<number, number[]> {
  if (alike !== undefined) return alike;
  alike = new Map();
  for (let code = 0; code <= 0xffff; code++) {
    const of = canonical(code);
    const members = alike.get(of);
    if (members === undefined) alike.set(of, [code]);
    else members.push(code);
  }
  return alike;
}

/** The ranges with the characters that the flag i, without u, adds to them, sorted and joined. */
export function foldedRanges(ranges: readonly CharacterRange[]): CharacterRange[] {
  const codes = new Set<number>();
  for (const { from, to } of ranges)
    for (let code = from; code <= to; code++)
      for (const other of (code <= 0xffff && families().get(canonical(code))) || [code]) codes.add(other);
  const joined: { from: number; to: number }[] = [];
  for (const code of [...codes].sort((a, b) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && last.to === code - 1) last.to = code;
    else joined.push({ from: code, to: code });
  }
  return joined;
}
