import type { RE2JS } from 're2js';
import { re2Library } from '@typekro/kit/core';
import { failure, Failure } from '@typekro/kit/golang';
import type { CallContext } from '../library.ts';

/**
 * A regular expression with RE2's syntax. The time of a match is linear in the length of the text. A constant pattern
 * is compiled when the program is planned; other patterns come from a cache of bounded size.
 */
export interface Pattern {
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

const cache = new Map<string, Pattern | Failure>();

/** Compiles `source`. A failure has the message of Go's `regexp` package ("error parsing regexp: …"). */
export function compilePattern(source: string): Pattern | Failure {
  if (source.length > MAX_PATTERN_LENGTH) return failure('error parsing regexp: expression too large');
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

function withoutGroupNames(source: string): string {
  // The expression below also matches an unclosed character class, up to the end of the pattern. Otherwise the search
  // would start again at each `[` in it, and scan to the end each time.
  return source.replace(
    /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*(?:\]|\\?$)|\(\?P?<\w+>/g,
    (token) => (token.startsWith('(?') ? '(' : token),
  );
}

function patternOf(compiled: RE2JS): Pattern {
  const engine = compiled.re2();
  // In the worst case, each character of the text executes every instruction of the compiled program. Most characters
  // execute few instructions.
  const perChar = 1 + compiled.programSize() / 64;
  const cost = (text: string) => Math.ceil(text.length * perChar) + 1;
  return {
    test(text, context) {
      context.charge(cost(text));
      return compiled.test(text);
    },
    find(text, context) {
      context.charge(cost(text));
      return engine.find(text) as string;
    },
    findAll(text, limit, context) {
      context.charge(cost(text));
      if (limit === 0) return [];
      // The engine returns null, and not an empty list, when nothing matches.
      const found = (engine.findAll(text, limit < 0 ? -1 : limit) ?? []) as string[];
      context.charge(found.length);
      return found;
    },
  };
}

/** Returns the reason why RE2 refuses a pattern, as a message of Go's `regexp`; `undefined` for a valid pattern. */
export function regexProblem(source: string): string | undefined {
  const pattern = compilePattern(source);
  return pattern instanceof Failure ? pattern.message : undefined;
}
