import {
  and,
  call,
  compare,
  concat,
  cond,
  literal,
  macro,
  macroVariable,
  method,
  size,
  subtract,
  variable,
} from '../ir/build.ts';

import type { Node } from '../ir/node.ts';
import { bindOnce } from '../ir/numeric.ts';
import { BOOL, INTEGER, listOf, STRING } from '../ir/types.ts';
import { childrenOf, minLength, printRe2 } from '../regex/re2.ts';
import type { RegexUse } from '../regex/re2.ts';
import { parseRegex } from '../regex/syntax.ts';
import type { ParsedRegex, Regex } from '../regex/syntax.ts';
import { refuse } from '../trace/refusal.ts';

/** A pattern and its tree. */
interface Parsed extends ParsedRegex {
  readonly pattern: RegExp;
}

function parsed(pattern: RegExp): Parsed {
  if (pattern.flags.includes('y'))
    refuse('regex', `${String(pattern)} matches at a position that it keeps`, 'leave out the flag y, or begin with ^');
  return { ...parseRegex(pattern), pattern };
}

const re2 = ({ root, pattern }: Parsed, use: RegexUse): Node => literal(printRe2(root, pattern, use));

/** `pattern.test(text)`. */
export function testPattern(text: Node, pattern: RegExp): Node {
  return matches(text, re2(parsed(withoutPosition(pattern)), 'test'));
}

/** The pattern for a method that would go on from its last match; with the flag g it is refused. */
export function withoutPosition(pattern: RegExp): RegExp {
  return pattern.flags.includes('g')
    ? refuse('regex', `${String(pattern)} keeps a position between calls`, 'leave out the flag g')
    : pattern;
}

/** The text that a pattern of plain characters matches; `undefined` for real patterns. */
function plainText({ root, pattern }: Parsed): string | undefined {
  if (pattern.flags.includes('i')) return undefined;
  const parts = root.kind === 'sequence' ? root.parts : [root];
  const codes = parts.map((part) => (part.kind === 'char' ? part.code : undefined));
  return codes.every((code) => code !== undefined) && codes.length > 0 ? String.fromCodePoint(...codes) : undefined;
}

/** A pattern of one character, of whatever class, perhaps with + after it. */
function characterOf({ root }: Parsed): { readonly one: Regex; readonly runs: boolean } | undefined {
  const isOne = (node: Regex) => node.kind === 'char' || node.kind === 'class' || node.kind === 'any';
  if (isOne(root)) return { one: root, runs: false };
  const runs = root.kind === 'repeat' && root.min === 1 && root.max === Infinity && !root.lazy;
  return runs && isOne(root.body) ? { one: root.body, runs } : undefined;
}

/**
 * What a pattern asks of the place of a match: nothing, that the text begins or ends there, or anything else. A text
 * that matches without such marks is matched where it first occurs.
 */
function placeOf(root: Regex): 'anywhere' | 'start' | 'end' | 'other' {
  const parts = root.kind === 'sequence' ? root.parts : [root];
  const marks = (nodes: readonly Regex[]) => nodes.some(hasMark);
  if (!marks(parts)) return 'anywhere';
  const toTheEnd = parts.at(-1)?.kind === 'end';
  const rest = toTheEnd ? parts.slice(0, -1) : parts;
  if (rest[0]?.kind === 'start') return marks(rest.slice(1)) ? 'other' : 'start';
  return toTheEnd && !marks(rest) ? 'end' : 'other';
}

function hasMark(node: Regex): boolean {
  return ['start', 'end', 'boundary', 'inside'].includes(node.kind) || childrenOf(node).some(hasMark);
}

/** `text.search(pattern)`: where the first match begins, or -1. */
export function searchPattern(text: Node, pattern: RegExp): Node {
  const found = firstMatch(text, pattern);
  return cond(found.found, found.index(), literal(-1));
}

/** The first match of a pattern. */
export interface FirstMatch {
  readonly found: Node;
  readonly text: Node;
  readonly groups: number;
  readonly namedGroups: boolean;
  /** Where it begins. @throws Refusal where that cannot be told. */
  readonly index: () => Node;
}

/** The first match of a pattern in a text. */
export function firstMatch(whole: Node, pattern: RegExp): FirstMatch {
  const of = parsed(pattern);
  const found = method('find', whole, [re2(of, 'find')], STRING);
  return {
    found: matches(whole, re2(of, 'test')),
    text: found,
    groups: of.groups,
    namedGroups: of.namedGroups,
    index() {
      const place = placeOf(of.root);
      if (place === 'start') return literal(0);
      if (place === 'end') return subtract(size(whole, INTEGER), size(found, INTEGER));
      if (place === 'anywhere') return method('indexOf', whole, [found], INTEGER);
      return refuse('regex', `${String(pattern)} asks what stands beside the match`, 'leave out $, \\b and \\B');
    },
  };
}

const matches = (text: Node, expression: Node): Node => method('matches', text, [expression], BOOL);

/** `text.replace(pattern, by)`; `by` is a fixed text. */
export function replacePattern(text: Node, pattern: RegExp, by: Node): Node {
  const of = parsed(pattern);
  const plain = plainText(of);
  const all = pattern.flags.includes('g');
  if (plain !== undefined)
    return method('replace', text, all ? [literal(plain), by] : [literal(plain), by, literal(1)], STRING);
  if (all && characterOf(of) !== undefined) return replaceCharacters(text, of, by);
  const ends = bothEnds(of);
  if (all && ends !== undefined && by.attr === '')
    return ends.reduce((left, root) => replaceFirst(left, { ...of, root }, by), text);
  const place = placeOf(of.root);
  const single = !all || place === 'start' || (place === 'end' && by.attr === '');
  if (single && place !== 'other') return replaceFirst(text, of, by);
  return refuse(
    'no-cel',
    `.replace(${String(pattern)}) has no CEL form`,
    'replace a fixed text, the first match, or one class of characters with the flag g',
  );
}

/** `/^-+|-+$/`: a pattern for the begin and one for the end, of which the first cannot be empty. */
function bothEnds({ root }: Parsed): readonly Regex[] | undefined {
  if (root.kind !== 'choice' || root.options.length !== 2) return undefined;
  const [begin, end] = root.options as [Regex, Regex];
  return placeOf(begin) === 'start' && placeOf(end) === 'end' && minLength(begin) > 0 ? [begin, end] : undefined;
}

/** The first match: the first occurrence of its text, or the begin or end of the whole. Without one, `find` gives "". */
function replaceFirst(whole: Node, of: Parsed, by: Node): Node {
  const place = placeOf(of.root);
  return bindOnce(whole, 't', STRING, (text) => {
    const found = method('find', text, [re2(of, 'find')], STRING);
    const part = (...ends: Node[]) => method('substring', text, ends, STRING);
    const length = size(found, INTEGER);
    const replaced =
      place === 'start'
        ? concat([by, part(length)])
        : place === 'end'
          ? concat([part(literal(0), subtract(size(text, INTEGER), length)), by])
          : method('replace', text, [found, by, literal(1)], STRING);
    return by.attr === '' ? replaced : cond(matches(text, re2(of, 'test')), replaced, text);
  });
}

/** Every character of a class, or every run of them, replaced. */
function replaceCharacters(text: Node, of: Parsed, by: Node): Node {
  // Runs look at their neighbours, so the text is read several times.
  return characterOf(of)?.runs === true
    ? bindOnce(text, 't', STRING, (bound) => charactersReplaced(bound, of, by))
    : charactersReplaced(text, of, by);
}

function charactersReplaced(text: Node, of: Parsed, by: Node): Node {
  const { one, runs } = characterOf(of) ?? { one: of.root, runs: false };
  const expression = re2({ ...of, root: one }, 'test');
  const join = (list: Node) => method('join', list, [], STRING);
  if (!runs) {
    const each = macroVariable('c');
    const character = variable(each, STRING);
    const characters = method('split', text, [literal('')], listOf(STRING));
    const replaced = cond(matches(character, expression), by, character);
    return join(macro('map', characters, [each], [replaced], listOf(STRING)));
  }
  const position = macroVariable('i');
  const at = variable(position, INTEGER);
  const isOne = (where: Node) => matches(method('charAt', text, [where], STRING), expression);
  const goesOn = and(compare('gt', at, literal(0)), isOne(subtract(at, literal(1))));
  const replaced = cond(isOne(at), cond(goesOn, literal(''), by), method('charAt', text, [at], STRING));
  const positions = call('lists.range', [size(text, INTEGER)], listOf(INTEGER));
  return join(macro('map', positions, [position], [replaced], listOf(STRING)));
}

/** The printable characters of ASCII. */
const PRINTABLE = Array.from({ length: 95 }, (_, position) => String.fromCodePoint(32 + position));

/** What to split at which fixed text, for `text.split(pattern)`. */
export function splitPattern(text: Node, pattern: RegExp): { readonly text: Node; readonly separator: string } {
  const of = parsed(pattern);
  const plain = plainText(of);
  if (plain !== undefined) return { text, separator: plain };
  const once = new RegExp(pattern.source, pattern.flags.replaceAll('g', ''));
  // One of the separators stands for all of them.
  const separator = characterOf(of) === undefined ? undefined : PRINTABLE.find((each) => once.test(each));
  if (separator === undefined)
    return refuse(
      'no-cel',
      `.split(${String(pattern)}) has no CEL form`,
      'split at a fixed text or a class such as /[,;]/',
    );
  return { text: replaceCharacters(text, of, literal(separator)), separator };
}

/** `text.match(/re/g)`: whether there is a match, and all of them. */
export function allMatches(text: Node, pattern: RegExp): { readonly found: Node; readonly matches: Node } {
  const of = parsed(pattern);
  if (minLength(of.root) === 0)
    return refuse(
      'regex',
      `${String(pattern)} matches the empty text`,
      'write + in the place of *, or leave out the flag g',
    );
  const all = method('findAll', text, [re2(of, 'find')], listOf(STRING));
  return { found: matches(text, re2(of, 'test')), matches: all };
}
