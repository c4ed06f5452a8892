import type { RE2JS } from 're2js';
import { re2Library } from '@typekro/kit/core';
import { failure, Failure } from '@typekro/kit/golang';
import type { CallContext } from '../library.ts';
import { BUDGET_EXCEEDED, EvalFailure } from '../values.ts';
import { type SearchMeter, LazyAutomaton } from './lazy-automaton.ts';

/**
 * A regular expression with RE2's syntax. The time of a match is linear in the length of the text. A constant pattern
 * is compiled when the program is planned; other patterns come from a cache of bounded size.
 */
export interface Pattern {
  /**
   * Does the pattern match anywhere in `text`? The result is `undefined` when the searches of the meter take too much
   * work.
   */
  search(text: string, meter: SearchMeter): boolean | undefined;
  /** Does the pattern match anywhere in `text`? */
  test(text: string, context: CallContext): boolean;
  /** Returns the leftmost match, or an empty string if there is no match. */
  find(text: string, context: CallContext): string;
  /** Returns at most `limit` matches that do not overlap. A negative `limit` means all matches. */
  findAll(text: string, limit: number, context: CallContext): string[];
}

/** The longest pattern in the cache, in UTF-16 units. Longer patterns are compiled at each use. */
const MAX_CACHED_LENGTH = 2_000;
const CACHE_SIZE = 256;
/** The cost of a compilation, per character of the pattern. */
const COMPILE_COST = 50;
/**
 * The longest pattern that is accepted. A pattern of more than a megabyte takes seconds to compile; real patterns are
 * far shorter.
 */
const MAX_PATTERN_LENGTH = 1_000_000;
/** The maximum number of alternatives and groups. The library copies its stack at the end of each of them. */
const MAX_PARTS = 4000;
/** The maximum number of instructions of a program. Go's limit is 33 times as high, and takes a gigabyte of memory. */
const MAX_INSTRUCTIONS = 100_000;
/**
 * The maximum product of the lengths of a pattern's texts and of its program for which the library's own engines are
 * used. They may execute each instruction for each character, which takes up to 0.1 microseconds.
 */
const MAX_DIRECT_WORK = 1_000_000;
/** The number of executed instructions that one unit of the budget pays. */
const WORK_PER_UNIT = 4;

const cache = new Map<string, Pattern | Failure>();

/** Compiles `source`. A failure has the message of Go's `regexp` package ("error parsing regexp: …"). */
export function compilePattern(source: string): Pattern | Failure {
  if (isTooLarge(source)) return failure('error parsing regexp: expression too large');
  try {
    return patternOf(re2Library().RE2JS.compile(source));
  } catch (error) {
    return recover(source, error);
  }
}

/** Like {@link compilePattern}, but uses a cache, and charges a compilation to the budget. */
export function cachedPattern(source: string, context: CallContext): Pattern | Failure {
  const known = cache.get(source);
  if (known !== undefined) {
    // Move the pattern to the end of the map, so that the map is ordered by last use.
    cache.delete(source);
    cache.set(source, known);
    return known;
  }
  context.charge(COMPILE_COST * (source.length + 1));
  const pattern = compilePattern(source);
  if (source.length > MAX_CACHED_LENGTH) return pattern;
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value ?? source);
  cache.set(source, pattern);
  return pattern;
}

/** Handles patterns that re2js refuses and Go accepts, and errors of re2js that are less precise than Go's errors. */
function recover(source: string, error: unknown): Pattern | Failure {
  const message = error instanceof Error ? error.message : 'error parsing regexp: internal error';
  if (message.includes('duplicate capture group name')) {
    // Go accepts two groups of the same name, but re2js does not. CEL does not use group names, so they are removed.
    const nameless = withoutGroupNames(source);
    if (nameless === source) return failure(message);
    try {
      return patternOf(re2Library().RE2JS.compile(nameless));
    } catch (second) {
      const problem = recover(nameless, second);
      return problem instanceof Failure ? failure(problem.message.replace(nameless, () => source)) : problem;
    }
  }
  if (message.endsWith('trailing backslash at end of expression')) return failure(`${message}: \`\``);
  if (message.endsWith('expression nests too deeply')) return failure(`${message}: \`${source}\``);
  return failure(message.startsWith('error parsing regexp') ? message : 'error parsing regexp: expression too large');
}

/**
 * Matches a quoted literal, an escape or a class. Also matches an unclosed class, up to the end of the pattern. Otherwise
 * the search would start again at each `[` in it, and scan to the end each time.
 */
const ATOM = String.raw`\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*(?:\]|\\?$)`;

function withoutGroupNames(source: string): string {
  return source.replace(new RegExp(`${ATOM}|\\(\\?P?<\\w+>`, 'g'), (token) => (token.startsWith('(?') ? '(' : token));
}

/** Matches one part of a pattern. The groups are the bounds of a repetition. */
const PART = new RegExp(String.raw`\\[pPx]\{[^}]*\}|${ATOM}|\{(\d+)(?:,(\d*))?\}|[^]`, 'g');
/** The maximum number of repetitions. The numbers of nested repetitions are multiplied. RE2 refuses higher numbers. */
const MAX_REPEAT = 1000;

/**
 * Would the compilation of a pattern take too much time or memory? Estimates the number of instructions from the
 * repetitions: the program has a copy of the repeated part for each repetition.
 */
function isTooLarge(source: string): boolean {
  if (source.length > MAX_PATTERN_LENGTH) return true;
  const outer: { size: number; repeat: number }[] = [];
  let group = { size: 0, repeat: 1 };
  let last = { size: 0, repeat: 1 };
  let parts = 0;
  for (const [token, min, max = ''] of source.matchAll(PART)) {
    if (token === '(') {
      outer.push(group);
      group = { size: 0, repeat: 1 };
      continue;
    }
    if (min !== undefined) {
      const count = Math.max(Number(min), Number(max), 1);
      group.size += (count - 1) * last.size;
      last = { size: count * last.size, repeat: count * last.repeat };
      if (last.repeat > MAX_REPEAT) return false;
    } else {
      last = token === ')' ? { ...group, size: group.size + 2 } : { size: sizeOf(token), repeat: 1 };
      if (token === ')') group = outer.pop() ?? { size: 0, repeat: 1 };
      group.size += last.size;
    }
    group.repeat = Math.max(group.repeat, last.repeat);
    if (token === ')' || token === '|') parts += 1;
    if (parts > MAX_PARTS || group.size > MAX_INSTRUCTIONS) return true;
  }
  return false;
}

/** The number of instructions of a quoted literal, an escape, a class or a character. */
const sizeOf = (token: string): number => (token.startsWith('\\Q') ? token.length : 1);

function patternOf(compiled: RE2JS): Pattern {
  const engine = compiled.re2();
  const size = compiled.programSize();
  // In the worst case, each character of the text executes every instruction of the compiled program. Most characters
  // execute few instructions.
  const perChar = 1 + size / 64;
  const cost = (text: string) => Math.ceil(text.length * perChar) + 1;
  let automaton: LazyAutomaton | undefined;
  let directWork = 0;
  const search = (text: string, meter: SearchMeter): boolean | undefined => {
    directWork += text.length * size;
    if (directWork <= MAX_DIRECT_WORK) return compiled.test(text);
    return (automaton ??= new LazyAutomaton(compiled)).test(text, meter);
  };
  const test = (text: string, context: CallContext): boolean => {
    context.charge(cost(text));
    const meter = context.searches ?? { visits: 0 };
    const { visits } = meter;
    const found = search(text, meter);
    context.charge(Math.ceil((meter.visits - visits) / WORK_PER_UNIT));
    if (found !== undefined) return found;
    context.charge(Infinity);
    // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
    throw new EvalFailure(BUDGET_EXCEEDED, true);
  };
  /** Is there no match? If there may be one, charges the work of the engine that finds its place. */
  const isAbsent = (text: string, context: CallContext): boolean => {
    if (!test(text, context)) return true;
    if (text.length * size > MAX_DIRECT_WORK) context.charge(Math.ceil((text.length * size) / WORK_PER_UNIT));
    return false;
  };
  return {
    search,
    test,
    find: (text, context) => (isAbsent(text, context) ? '' : (engine.find(text) as string)),
    findAll(text, limit, context) {
      if (isAbsent(text, context) || limit === 0) return [];
      // The engine returns null, and not an empty list, when nothing matches.
      const found = (engine.findAll(text, limit < 0 ? -1 : limit) ?? []) as string[];
      context.charge(found.length);
      return found;
    },
  };
}

/**
 * Compiles the pattern of a schema. The function that it returns decides whether the pattern matches anywhere in a text.
 * It adds its work to `visits`; its result is `undefined` when all searches together take too much work (about half a
 * second). For a pattern that RE2 refuses, the result is the message of Go's `regexp` package.
 */
export function compileSearch(
  source: string,
): string | ((text: string, meter: { visits: number }) => boolean | undefined) {
  const pattern = compilePattern(source);
  return pattern instanceof Failure ? pattern.message : (text, meter) => pattern.search(text, meter);
}

/** Returns the reason why RE2 refuses a pattern, as a message of Go's `regexp`; `undefined` for a valid pattern. */
export function regexProblem(source: string): string | undefined {
  const pattern = compilePattern(source);
  return pattern instanceof Failure ? pattern.message : undefined;
}
