import * as ir from '../ir/build.ts';

import type { Node } from '../ir/node.ts';
import { bindOnce } from '../ir/numeric.ts';
import { BOOL, INTEGER, listOf, STRING } from '../ir/types.ts';
import { type RegexUse, minMatchLength, printRe2, subexpressionsOf } from '../../notations/regex/re2.ts';
import { type ParsedRegex, type Regex, parseRegex, PatternProblem } from '../../notations/regex/syntax.ts';
import { type GroupStep, stepsToGroups } from '../../notations/regex/groups.ts';
import { refuse } from '../refusal/refusal.ts';

/** A pattern and its tree. */
interface Parsed extends ParsedRegex {
  readonly pattern: RegExp;
}

function parsed(pattern: RegExp): Parsed {
  if (pattern.flags.includes('y'))
    refuse('regex', `${String(pattern)} matches at a position that it stores`, 'leave out the flag y, or begin with ^');
  return { ...refusing(() => parseRegex(pattern)), pattern };
}

/** Converts a problem of a pattern to a refusal. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatternProblem) return refuse('regex', error.message, error.hint);
    throw error;
  }
}

const printed = (root: Regex, pattern: RegExp, use: RegexUse): Node =>
  ir.literal(refusing(() => printRe2(root, pattern, use)));

const re2 = ({ root, pattern }: Parsed, use: RegexUse): Node => printed(root, pattern, use);

/** `pattern.test(text)`. */
export function testPattern(text: Node, pattern: RegExp): Node {
  return matches(text, re2(parsed(withoutPosition(pattern)), 'test'));
}

/**
 * Returns the pattern of a method such as `test`. Refuses a pattern with the flag g, with which each call would begin
 * at the end of the previous match.
 */
export function withoutPosition(pattern: RegExp): RegExp {
  return pattern.flags.includes('g')
    ? refuse('regex', `${String(pattern)} stores a position between calls`, 'leave out the flag g')
    : pattern;
}

/** The text that a pattern of plain characters matches; `undefined` for other patterns. */
function plainText({ root, pattern }: Parsed): string | undefined {
  if (pattern.flags.includes('i')) return undefined;
  const parts = root.kind === 'sequence' ? root.parts : [root];
  const codes = parts.map((part) => (part.kind === 'char' ? part.code : undefined));
  return codes.every((code) => code !== undefined) && codes.length > 0 ? String.fromCodePoint(...codes) : undefined;
}

/** The character or class of a pattern of one character, and whether `+` follows it; undefined for other patterns. */
function characterOf({ root }: Parsed): { readonly one: Regex; readonly runs: boolean } | undefined {
  const isOne = (node: Regex) => node.kind === 'char' || node.kind === 'class' || node.kind === 'any';
  if (isOne(root)) return { one: root, runs: false };
  const runs = root.kind === 'repeat' && root.min === 1 && root.max === Infinity && !root.lazy;
  return runs && isOne(root.body) ? { one: root.body, runs } : undefined;
}

/**
 * The positions at which a pattern can match: anywhere, at the start or at the end of the text, or `other`. Without
 * anchors, the matched text does not occur earlier in the string, so `indexOf` finds the position of the match.
 */
function placeOf(root: Regex): 'anywhere' | 'start' | 'end' | 'other' {
  const parts = root.kind === 'sequence' ? root.parts : [root];
  const hasAnchors = (nodes: readonly Regex[]) => nodes.some(hasAnchor);
  if (!hasAnchors(parts)) return 'anywhere';
  const toTheEnd = parts.at(-1)?.kind === 'end';
  const rest = toTheEnd ? parts.slice(0, -1) : parts;
  if (rest[0]?.kind === 'start') return hasAnchors(rest.slice(1)) ? 'other' : 'start';
  return toTheEnd && !hasAnchors(rest) ? 'end' : 'other';
}

function hasAnchor(node: Regex): boolean {
  return ['start', 'end', 'boundary', 'inside'].includes(node.kind) || subexpressionsOf(node).some(hasAnchor);
}

/** `text.search(pattern)`: the position of the first match, or -1. */
export function searchPattern(text: Node, pattern: RegExp): Node {
  const found = firstMatch(text, pattern);
  return ir.cond(found.found, found.index(), ir.literal(-1));
}

/** The text of a group of a match. */
export interface GroupText {
  readonly text: Node;
  /** The condition under which the group is not `undefined`. */
  readonly has: Node;
}

/** The text of a match and of its groups. */
export interface MatchTexts {
  readonly text: Node;
  /** The groups by their numbers, from 1 on; `undefined` for a group whose position in the match is unknown. */
  readonly groups: readonly (GroupText | undefined)[];
  readonly names: ReadonlyMap<string, number>;
}

/** The first match of a pattern. */
export interface FirstMatch extends MatchTexts {
  readonly found: Node;
  /**
   * The position of the match.
   *
   * @throws Refusal when the position is unknown.
   */
  readonly index: () => Node;
}

/** The first match of a pattern in a text. */
export function firstMatch(whole: Node, pattern: RegExp): FirstMatch {
  const of = parsed(pattern);
  const found = ir.method('find', whole, [re2(of, 'find')], STRING);
  return {
    found: matches(whole, re2(of, 'test')),
    text: found,
    // A pattern that is anchored at both ends matches the whole text.
    groups: groupTexts(isWhole(of) ? whole : found, of),
    names: of.names,
    index() {
      const place = placeOf(of.root);
      if (place === 'start') return ir.literal(0);
      if (place === 'end') return ir.subtract(ir.size(whole, INTEGER), ir.size(found, INTEGER));
      if (place === 'anywhere') return ir.method('indexOf', whole, [found], INTEGER);
      return refuse('regex', `${String(pattern)} tests the text next to the match`, 'leave out $, \\b and \\B');
    },
  };
}

function isWhole({ root, pattern }: Parsed): boolean {
  const parts = root.kind === 'sequence' ? root.parts : [root];
  return parts[0]?.kind === 'start' && parts.at(-1)?.kind === 'end' && !pattern.flags.includes('m');
}

/** The texts of the groups of a match. Each step matches a part at the start or the end of the remaining text. */
function groupTexts(match: Node, { root, pattern, groups }: Parsed): (GroupText | undefined)[] {
  const { flags, source } = pattern;
  const steps = stepsToGroups(root, flags);
  // The anchors of a step refer to the ends of the remaining text, not to lines.
  const plain = new RegExp(source, flags.replaceAll(/[gm]/g, ''));
  const part = (text: Node, edge: 'first' | 'last', parts: readonly Regex[]) => {
    const withAnchors: Regex = {
      kind: 'sequence',
      parts: edge === 'first' ? [{ kind: 'start' }, ...parts] : [...parts, { kind: 'end' }],
    };
    return ir.method('find', text, [printed(withAnchors, plain, 'find')], STRING);
  };
  const follow = (place: GroupText, step: GroupStep): GroupText => {
    const { text, has } = place;
    if (step.kind === 'optional') return { text, has: ir.and(has, ir.not(ir.eq(text, ir.literal('')))) };
    if (step.kind === 'take') return { text: part(text, step.edge, [step.part]), has };
    const dropped = ir.size(part(text, step.edge, step.parts), INTEGER);
    const ends = step.edge === 'first' ? [dropped] : [ir.literal(0), ir.subtract(ir.size(text, INTEGER), dropped)];
    return { text: ir.method('substring', text, ends, STRING), has };
  };
  return Array.from({ length: groups }, (_, position) =>
    steps.get(position + 1)?.reduce(follow, { text: match, has: ir.TRUE() }),
  );
}

/** Every match of `text.matchAll(pattern)`: the texts of the matches, and the groups of a match. */
export function everyMatch(
  text: Node,
  pattern: RegExp,
): { readonly matches: Node; readonly textsOf: (match: Node) => MatchTexts } {
  const of = parsed(pattern);
  return {
    matches: allMatches(text, pattern, 'matchAll').matches,
    textsOf: (match) => ({ text: match, groups: groupTexts(match, of), names: of.names }),
  };
}

const matches = (text: Node, expression: Node): Node => ir.method('matches', text, [expression], BOOL);

/** The replacement of a match: a fixed text, or a text that is made from the match. */
export type Replacement = string | ((match: MatchTexts) => Node);

const replaced = (by: Replacement, match: MatchTexts): Node => (typeof by === 'string' ? ir.literal(by) : by(match));

/** `text.replace(pattern, by)`. */
export function replacePattern(text: Node, pattern: RegExp, by: Replacement): Node {
  const of = parsed(pattern);
  const plain = plainText(of);
  const all = pattern.flags.includes('g');
  if (plain !== undefined) {
    const fixed = replaced(by, { text: ir.literal(plain), groups: [], names: of.names });
    return ir.method(
      'replace',
      text,
      all ? [ir.literal(plain), fixed] : [ir.literal(plain), fixed, ir.literal(1)],
      STRING,
    );
  }
  const one = characterOf(of);
  if (all && one !== undefined && (!one.runs || typeof by === 'string')) return replaceCharacters(text, of, by);
  const ends = bothEnds(of);
  if (all && ends !== undefined && by === '')
    return ends.reduce((left, root) => replaceFirst(left, { ...of, root }, by), text);
  const place = placeOf(of.root);
  const single = !all || place === 'start' || (place === 'end' && by === '');
  if (single && place !== 'other') return replaceFirst(text, of, by);
  if (single && isWhole(of)) return replaceFirst(text, of, by);
  return refuse(
    'no-cel',
    `.replace(${String(pattern)}) has no CEL form`,
    'replace a fixed string, the first match, or one class of characters with the flag g',
  );
}

/**
 * The two alternatives of a pattern such as `/^-+|-+$/`: one for the start and one for the end of a text. The
 * alternative for the start matches at least one character. Undefined for other patterns.
 */
function bothEnds({ root }: Parsed): readonly Regex[] | undefined {
  if (root.kind !== 'choice' || root.options.length !== 2) return undefined;
  const [begin, end] = root.options as [Regex, Regex];
  return placeOf(begin) === 'start' && placeOf(end) === 'end' && minMatchLength(begin) > 0 ? [begin, end] : undefined;
}

/**
 * Replaces the first match: the first occurrence of the matched text, or the part at the start or end of the whole
 * text. Without a match, `find` returns "".
 */
function replaceFirst(whole: Node, of: Parsed, by: Replacement): Node {
  const place = placeOf(of.root);
  return bindOnce(whole, 't', STRING, (text) => {
    const found = ir.method('find', text, [re2(of, 'find')], STRING);
    const part = (...ends: Node[]) => ir.method('substring', text, ends, STRING);
    const length = ir.size(found, INTEGER);
    const fixed = replaced(by, { text: found, groups: groupTexts(isWhole(of) ? text : found, of), names: of.names });
    const after = isWhole(of)
      ? fixed
      : place === 'start'
        ? ir.concat([fixed, part(length)])
        : place === 'end'
          ? ir.concat([part(ir.literal(0), ir.subtract(ir.size(text, INTEGER), length)), fixed])
          : ir.method('replace', text, [found, fixed, ir.literal(1)], STRING);
    return by === '' && !isWhole(of) ? after : ir.cond(matches(text, re2(of, 'test')), after, text);
  });
}

/** Replaces every character of a class, or every run of such characters. */
function replaceCharacters(text: Node, of: Parsed, by: Replacement): Node {
  // The replacement of runs also tests the preceding character, and so reads the text several times. Therefore the text
  // is bound to a variable.
  return characterOf(of)?.runs === true
    ? bindOnce(text, 't', STRING, (bound) => charactersReplaced(bound, of, by))
    : charactersReplaced(text, of, by);
}

function charactersReplaced(text: Node, of: Parsed, by: Replacement): Node {
  const { one, runs } = characterOf(of) ?? { one: of.root, runs: false };
  const expression = re2({ ...of, root: one }, 'test');
  const join = (list: Node) => ir.method('join', list, [], STRING);
  if (!runs) {
    const each = ir.macroVariable('c');
    const character = ir.variable(each, STRING);
    const characters = ir.method('split', text, [ir.literal('')], listOf(STRING));
    const fixed = replaced(by, { text: character, groups: [], names: of.names });
    return join(
      ir.macro('map', characters, [each], [ir.cond(matches(character, expression), fixed, character)], listOf(STRING)),
    );
  }
  const position = ir.macroVariable('i');
  const at = ir.variable(position, INTEGER);
  const isOne = (where: Node) => matches(ir.method('charAt', text, [where], STRING), expression);
  const continuesRun = ir.and(ir.compare('gt', at, ir.literal(0)), isOne(ir.subtract(at, ir.literal(1))));
  const run = replaced(by, { text: ir.literal(''), groups: [], names: of.names });
  const turn = ir.cond(isOne(at), ir.cond(continuesRun, ir.literal(''), run), ir.method('charAt', text, [at], STRING));
  const positions = ir.call('lists.range', [ir.size(text, INTEGER)], listOf(INTEGER));
  return join(ir.macro('map', positions, [position], [turn], listOf(STRING)));
}

/** The candidates for the fixed separator of `splitPattern`: the printable characters and the white space of ASCII. */
const SEPARATORS = [
  ...Array.from({ length: 95 }, (_, position) => String.fromCodePoint(32 + position)),
  '\n',
  '\t',
  '\r',
  '\v',
  '\f',
];

/**
 * The text and the fixed separator of `text.split(pattern)`. Other separators in the text are replaced by the fixed
 * one.
 */
export function splitPattern(text: Node, pattern: RegExp): { readonly text: Node; readonly separator: string } {
  const of = parsed(pattern);
  const plain = plainText(of);
  if (plain !== undefined) return { text, separator: plain };
  const once = new RegExp(pattern.source, pattern.flags.replaceAll('g', ''));
  // One of the separators replaces all others.
  const separator = characterOf(of) === undefined ? undefined : SEPARATORS.find((each) => once.test(each));
  if (separator === undefined)
    return refuse(
      'no-cel',
      `.split(${String(pattern)}) has no CEL form`,
      'split at a fixed string, or at a class with a printable character or white space of ASCII, such as /[,;]/',
    );
  return { text: replaceCharacters(text, of, separator), separator };
}

/**
 * All matches of a pattern with the flag g, for `match` and `matchAll`: the condition that there is a match, and the
 * matches. `matchAll` accepts no pattern without the flag.
 */
export function allMatches(
  text: Node,
  pattern: RegExp,
  name: 'match' | 'matchAll',
): { readonly found: Node; readonly matches: Node } {
  const of = parsed(pattern);
  if (minMatchLength(of.root) === 0)
    return refuse(
      'regex',
      `${String(pattern)} matches the empty string`,
      name === 'match' ? 'write + instead of *, or leave out the flag g' : 'write + instead of *',
    );
  const all = ir.method('findAll', text, [re2(of, 'find')], listOf(STRING));
  return { found: matches(text, re2(of, 'test')), matches: all };
}
