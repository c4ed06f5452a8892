/**
 * Converts a JavaScript pattern to RE2's syntax. Only code points (`\uXXXX`, `\u{…}`), control characters (`\cX`) and
 * the slash (`\/`) have a different syntax in RE2. Syntax that RE2 does not support stays unchanged.
 */
export function toRe2(pattern: string): string {
  return pattern.replaceAll(/\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|c([A-Za-z])|([\s\S]))/g, (whole, ...parts) => {
    const [braced, plain, control] = parts as (string | undefined)[];
    const code = braced ?? plain;
    if (code !== undefined) return `\\x{${code}}`;
    if (control !== undefined) return `\\x{${((control.codePointAt(0) ?? 0) % 32).toString(16)}}`;
    return whole === '\\/' ? '/' : whole;
  });
}

/**
 * A pattern without look-ahead at its start. Each look-ahead becomes a separate pattern, which a string must match
 * (`matches`) or must not match.
 */
interface SplitPattern {
  readonly pattern: string;
  readonly conditions: readonly { readonly pattern: string; readonly matches: boolean }[];
}

/**
 * Moves look-ahead at the start of an anchored pattern into separate conditions, because RE2 has no look-ahead:
 * `^(?!a$)[a-z]+$` becomes `^[a-z]+$`, with the condition that `^(?:a$)` does not match. Any other pattern is returned
 * unchanged.
 */
export function splitLookahead(pattern: string): SplitPattern {
  // A back reference may read a group of the look-ahead, or counts the groups of both.
  const escapes = [...pattern.matchAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g)];
  if (escapes.some(([text]) => /^\\[1-9k]/.test(text))) return { pattern, conditions: [] };
  const flags = /^\(\?[ims]+\)/.exec(pattern)?.[0] ?? '';
  const conditions: { pattern: string; matches: boolean }[] = [];
  let rest = pattern.slice(flags.length);
  for (;;) {
    const start = /^(\^(?:\((?:\?:)?)*)\(\?([=!])/.exec(rest);
    const opening = start?.[1];
    if (start === null || opening === undefined) break;
    const end = closingOf(rest, opening.length);
    // A look-ahead restricts only its own alternative, so it cannot become a condition of the whole pattern.
    if (end === undefined || hasAlternative(rest, end + 1)) break;
    const inner = rest.slice(opening.length + 3, end);
    conditions.push({ pattern: `${flags}^(?:${inner})`, matches: start[2] === '=' });
    rest = opening + rest.slice(end + 1);
  }
  return { pattern: flags + rest, conditions };
}

/** CEL rules that are all true exactly if `self` matches a JavaScript pattern. */
export function matchRules(source: string): string[] {
  const { pattern, conditions } = splitLookahead(toRe2(source));
  return [{ pattern, matches: true }, ...conditions].map(matchRule);
}

/** The CEL rule of one condition of a pattern. */
export function matchRule({ pattern, matches }: SplitPattern['conditions'][number]): string {
  return `${matches ? '' : '!'}self.matches(${JSON.stringify(pattern)})`;
}

/** The structural characters of a pattern, i.e. those that are neither escaped nor inside a character class. */
function* structure(pattern: string, from: number): Iterable<[index: number, character: string]> {
  let inClass = false;
  for (let index = from; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '\\') index += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else yield [index, character];
  }
}

function closingOf(pattern: string, open: number): number | undefined {
  let depth = 0;
  for (const [index, character] of structure(pattern, open)) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return undefined;
}

/** Does a `|` follow `from` in the same group or in an enclosing group? */
function hasAlternative(pattern: string, from: number): boolean {
  let depth = 0;
  for (const [, character] of structure(pattern, from)) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth <= 0) return true;
  }
  return false;
}
