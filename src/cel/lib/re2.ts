import type { RE2JS } from 're2js';
import { re2Library } from '../../core/index.ts';
import { failure, Failure } from '../../golang/index.ts';
import type { CallContext } from '../library.ts';

/**
 * Regular expressions with RE2's syntax; a match takes time linear in the text. A constant pattern is compiled when the
 * program is planned; other patterns come from a cache of bounded size.
 */
export interface Pattern {
  /** Does the pattern match anywhere in `text`? */
  test(text: string, context: CallContext): boolean;
  /** The leftmost match; an empty text for none. */
  find(text: string, context: CallContext): string;
  /** All matches that do not overlap, at most `limit`; a negative `limit` means all. */
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

/** Compiles `source`; the failure has the text of Go's `regexp` ("error parsing regexp: …"). */
export function compilePattern(source: string): Pattern | Failure {
  if (source.length > MAX_PATTERN_LENGTH) return failure('error parsing regexp: expression too large');
  try {
    return patternOf(re2Library().RE2JS.compile(source));
  } catch (error) {
    return recover(source, error);
  }
}

/** As {@link compilePattern}, from the cache. A compilation is charged to the budget. */
export function cachedPattern(source: string, context: CallContext): Pattern | Failure {
  const known = cache.get(source);
  if (known !== undefined) {
    // Move the pattern to the end of the map, which has the most recently used pattern.
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
    // Go lets the name of a group occur twice. Names have no use in CEL, so they are removed.
    const nameless = withoutGroupNames(source);
    try {
      return patternOf(re2Library().RE2JS.compile(nameless));
    } catch (second) {
      const problem = recover('', second);
      return problem instanceof Failure ? failure(problem.message.replace(nameless, () => source)) : problem;
    }
  }
  if (message.endsWith('trailing backslash at end of expression')) return failure(`${message}: \`\``);
  if (message.endsWith('expression nests too deeply')) return failure(`${message}: \`${source}\``);
  return failure(message.startsWith('error parsing regexp') ? message : 'error parsing regexp: expression too large');
}

function withoutGroupNames(source: string): string {
  // A class without an end takes the rest of the text. Otherwise each of its brackets would be read to the end again.
  return source.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*(?:\]|\\?$)|\(\?P?<\w+>/g, (token) =>
    token.startsWith('(?') ? '(' : token,
  );
}

function patternOf(compiled: RE2JS): Pattern {
  const engine = compiled.re2();
  // A character of the text may execute every instruction of the program; most characters execute few.
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

/** Why RE2 refuses a pattern, in the words of Go's `regexp`; `undefined` for a valid pattern. */
export function regexProblem(source: string): string | undefined {
  const pattern = compilePattern(source);
  return pattern instanceof Failure ? pattern.message : undefined;
}
