import { closingQuote } from '@typekro/kit/core';
import { TEMPLATE_ACTION } from '@typekro/kit/golang';
import { BEFORE_VALUE, continuedLine, flowTextAt, lineEnd } from './yaml-flow-text.ts';

/** The reason why a document cannot be read, with its position. */
export interface YamlProblem {
  readonly code: string;
  readonly message: string;
  /** The offset in the whole text, in UTF-16 units. */
  readonly offset: number;
  readonly hint?: string;
}

/**
 * Matches a quoted string. It may contain `{{ … }}` for another tool, as in the annotations of an alert, and is
 * therefore ignored.
 */
const QUOTED = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g;

/** The problem of a file that is not YAML because it is a Helm template, or has an unresolved conflict of git. */
export function helmProblem(source: string): YamlProblem | undefined {
  const conflict = source.search(/^<{7} /m);
  const hint = 'keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>';
  if (conflict >= 0)
    return { code: 'yaml/syntax', message: 'a merge conflict of git begins here', offset: conflict, hint };
  const offset = source.replaceAll(QUOTED, (text) => ' '.repeat(text.length)).search(TEMPLATE_ACTION);
  if (offset < 0) return undefined;
  return {
    code: 'yaml/syntax',
    message: 'this is a Helm template, not YAML: Helm must fill in {{ … }} first',
    offset,
    hint: 'render it, as in `helm template CHART > app.yaml`, and pass the resulting file',
  };
}

/**
 * The problem of a comment in JSON. In YAML, `//` does not begin a comment. The comment becomes part of the next key,
 * so the next field seems to be missing.
 */
export function jsonComment(source: string): YamlProblem | undefined {
  const open = /^\s*\{/.exec(source)?.[0].length;
  if (open === undefined || source[afterComments(source, open)] !== '"') return undefined;
  for (let at = open, depth = 1; at < source.length && depth > 0; at += 1) {
    const char = source[at];
    if (char === '"') at = closingQuote(source, at) ?? source.length;
    else if (char === "'" && /[\s,:[{]/.test(source[at - 1] ?? '')) at = quotedEnd(source, at);
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    else if (char === '#' && /\s/.test(source[at - 1] ?? '')) at = lineEnd(source, at);
    else if (commentEnd(source, at) !== undefined && /[\s{}[\],"]/.test(source[at - 1] ?? ''))
      return {
        code: 'yaml/syntax',
        message: 'JSON has no comments: this one becomes part of the next key or value',
        offset: at,
        hint: 'remove it, or begin it with # and name the file .yaml',
      };
  }
  return undefined;
}

/** The offset of the last character of a string in single quotes, in which `''` stands for a quote. */
function quotedEnd(source: string, from: number): number {
  const length = /'(?:[^']|'')*'?/y;
  length.lastIndex = from;
  return from + (length.exec(source)?.[0].length ?? 1) - 1;
}

function afterComments(source: string, from: number): number {
  for (let at = from; ;) {
    while (/\s/.test(source[at] ?? '')) at += 1;
    const end = source[at] === '#' ? lineEnd(source, at) : commentEnd(source, at);
    if (end === undefined) return at;
    at = end;
  }
}

/** The offset after a comment of JavaScript; undefined when no comment begins at `at`. */
function commentEnd(source: string, at: number): number | undefined {
  if (source.startsWith('//', at)) return lineEnd(source, at);
  if (!source.startsWith('/*', at)) return undefined;
  const end = source.indexOf('*/', at);
  return end < 0 ? source.length : end + 2;
}

/** Finds the position and the reason of a mistake if the parser reports only a consequence of it. */
export function knownMistake(code: string, source: string, at: number): YamlProblem | undefined {
  const found = mistakeAt(code, source, at);
  return found === undefined ? undefined : { code: 'yaml/syntax', ...found };
}

type Mistake = Omit<YamlProblem, 'code'>;

/** Matches a file that begins (after comments) with a definition or an import of Jsonnet. */
const JSONNET = /^(?:\s|#[^\n]*\n|\/\/[^\n]*\n)*(?=local\s+\w+\s*[=(]|\(?import(?:str)?\s+["'])/;

function mistakeAt(code: string, source: string, at: number): Mistake | undefined {
  const jsonnet = JSONNET.exec(source);
  if (jsonnet !== null)
    return {
      message: 'this is Jsonnet, not YAML',
      offset: jsonnet[0].length,
      hint: 'render it, as in `jsonnet app.jsonnet > app.json`, and pass the resulting file',
    };
  const start = source.lastIndexOf('\n', at - 1) + 1;
  const end = source.indexOf('\n', at);
  const line = source.slice(start, end < 0 ? undefined : end);
  const hard = /^[ \t]*(?=[\u00a0\u2007\u202f\u3000])/m.exec(source);
  if (hard !== null) {
    const offset = hard.index + hard[0].length;
    const point = `U+${source.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')}`;
    return {
      message: `the indentation has ${point === 'U+3000' ? 'wide' : 'non-breaking'} spaces (${point}), which YAML takes for text`,
      offset,
      hint: `replace them by plain spaces; to find them, search for the character ${point} in an editor`,
    };
  }
  const inner = quoteInside(line, at - start);
  if (inner !== undefined) return { ...inner, offset: start + inner.offset };
  const smart = /[\u201c\u201d\u2018\u2019]/.exec(line);
  if (smart !== null && code !== 'TAB_AS_INDENT')
    return {
      message: 'these quotes are not quotes of YAML',
      offset: start + smart.index,
      hint: 'write straight ones: "text"',
    };
  if (/^(?:--|-{4,})\s*$/.test(line))
    return { message: 'this line does not divide documents', offset: start, hint: 'write three dashes: ---' };
  const marker = /\|[^#]*?\b(default|minimum|maximum|enum|pattern|required|description)(: +)/.exec(line);
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && marker !== null)
    return {
      message: `the marker ${marker[1]} has ": " before its value`,
      offset: start + marker.index + marker[0].length - (marker[2] ?? '').length - (marker[1] ?? '').length,
      hint: `write ${marker[1]}=VALUE, without a space`,
    };
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    const expression = /:\s+(\$\{[^\n]*:\s[^\n]*)$/.exec(line);
    if (expression !== null) {
      return {
        message: 'the value is not in quotes, so the ": " in its expression ends it',
        offset: start + expression.index + line.slice(expression.index).indexOf('$'),
        hint: "put the whole value into single quotes: '${…}'",
      };
    }
    const colon = colonInText(line, at - start);
    if (colon !== undefined) return { ...colon, offset: start + colon.offset };
    const next = source.slice(end < 0 ? source.length : end + 1);
    const item = /^ *- /.exec(line.trim() === '' ? next : line);
    const own = /^ *- /.test(source.slice(at).replace(/^\n/, ''));
    if (item !== null && own) {
      const offset = skipSpaces(source, line.trim() === '' ? end + 1 : start);
      return {
        message: 'this item is not indented like the items of the list before it',
        offset,
        hint: 'begin each "- " of a list at the same column',
      };
    }
  }
  return bracketInText(code, source, at) ?? listType(code, line, start) ?? unclosedBefore(code, source, at);
}

/** The mistake of a SimpleSchema list type without quotes, as in `names: []string`. */
function listType(code: string, line: string, start: number): Mistake | undefined {
  const found = /:\s+(\[\][A-Za-z[][^#]*?)\s*(?:\s#.*)?$/.exec(line);
  if (code !== 'UNEXPECTED_TOKEN' || found === null) return undefined;
  return {
    message: 'a value that begins with [ is a list of YAML, which ends at the ]',
    offset: start + found.index + found[0].indexOf('['),
    hint: `put the type into quotes: ${quotedText(found[1] ?? '')}`,
  };
}

/** The mistake of a bracket in a plain scalar inside `{ }` or `[ ]`, as in `{ name: ${schema.spec.names[0]} }`. */
function bracketInText(code: string, source: string, at: number): Mistake | undefined {
  if (!['MISSING_CHAR', 'UNEXPECTED_TOKEN', 'BAD_INDENT'].includes(code)) return undefined;
  const found = flowTextAt(source, at);
  if (found === undefined) return undefined;
  const text = found.text.trimEnd();
  // If the text is a path directly after the brace, as in `{schema.spec.names[0]}`, the author meant an expression.
  const isRead = /^schema\.[\w.[\]]+$/.test(text) && /\{\s*$/.test(source.slice(0, found.from));
  return {
    message: `inside of { } and [ ], the "${source.charAt(found.bracket)}" ends this text, which has no quotes`,
    offset: found.from,
    hint: isRead
      ? `{…} without $ is a map of YAML; an expression begins with $: write "\${${text}}"`
      : `put it into quotes: ${quotedText(text)}`,
  };
}

/** Quotes the text, if possible with the quote character that requires no escapes. */
function quotedText(text: string): string {
  const quote = /["\\]/.test(text) ? "'" : '"';
  return inQuotes(text, quote);
}

/** The mistake of a quote or a bracket that an earlier line opens and no line closes. */
function unclosedBefore(code: string, source: string, at: number): Mistake | undefined {
  if (code === 'MISSING_CHAR') {
    const quote = [...source.slice(0, at).matchAll(/(?<=(?:^|[:\-,[{])[ \t]+|^)(["'])(?:(?!\1)[^\n])*$/gm)].at(-1);
    if (quote !== undefined)
      return {
        message: 'this quote is never closed',
        offset: quote.index,
        hint: `add ${quote[1] ?? '"'} at the end of the text`,
      };
  }
  return code === 'BAD_INDENT' || code === 'MISSING_CHAR'
    ? unclosedBracket(`${source.slice(0, at).trimEnd()}${/^[\]}]/.exec(source.slice(at))?.[0] ?? ''}`)
    : undefined;
}

/**
 * The unclosed bracket of a flow collection in the last line of a text, or in earlier lines that the last line
 * continues.
 */
function unclosedBracket(text: string): Mistake | undefined {
  let start = text.lastIndexOf('\n') + 1;
  let missing = openBrackets(text.slice(start));
  // Each time, twice as many lines are added, because all lines after them are read again.
  for (let lines = 1; missing.length === 0; lines *= 2) {
    const from = start;
    for (let line = 0; line < lines; line += 1) start = continuedLine(text, start) ?? start;
    if (start === from) return undefined;
    missing = openBrackets(text.slice(start));
  }
  const last = missing.at(-1);
  if (last === undefined) return undefined;
  const closing = missing.map(({ bracket }) => (bracket === '[' ? ']' : '}')).toReversed();
  return {
    message: `this "${last.bracket}" is never closed`,
    offset: start + last.at,
    hint: `add "${closing.join('')}" ${last.before === undefined ? 'at the end of the line' : `before the "${last.before}"`}`,
  };
}

/**
 * A bracket of a flow collection that is not closed. `before` is a closing bracket of the other kind; the missing
 * bracket belongs before it.
 */
interface OpenBracket {
  readonly bracket: string;
  readonly at: number;
  readonly before?: string;
}

/** The unclosed brackets of flow collections in a text. Brackets in quotes and in `${…}` are ignored. */
function openBrackets(text: string): readonly OpenBracket[] {
  const plain = text.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\$\{[^}\n]*\}/g, (quoted) => ' '.repeat(quoted.length));
  const first = BEFORE_VALUE.exec(plain);
  if (first === null) return [];
  const open: OpenBracket[] = [];
  for (let at = first.index + first[0].length; at < plain.length; at += 1) {
    const bracket = plain.charAt(at);
    if (bracket === '{' || bracket === '[') open.push({ bracket, at });
    else if (bracket === '}' || bracket === ']') {
      const last = open.pop();
      const fits = last === undefined || (last.bracket === '[') === (bracket === ']');
      if (!fits) return [{ ...last, before: bracket }];
    } else if (bracket === '#' && /\s/.test(plain.charAt(at - 1))) at = lineEnd(plain, at);
  }
  return open;
}

/** The mistake of a quoted string that contains its own quote character, which ends the string in YAML. */
function quoteInside(line: string, at: number): Mistake | undefined {
  const [before = ''] = /^\s*(?:- +)*(?:[^\s"':][^"':]*:\s+)?/.exec(line) ?? [];
  const text = line.slice(before.length).trimEnd();
  const quote = text[0];
  if ((quote !== "'" && quote !== '"') || text.length < 3 || !text.endsWith(quote)) return undefined;
  const content = text.slice(1, -1);
  const escaped = quote === '"' ? /\\./g : /''/g;
  const ending = content.replaceAll(escaped, '  ').indexOf(quote);
  if (ending < 0 || at <= before.length + ending) return undefined;
  // If the line has two quoted strings in a row, or a quoted key and its value, the line has a different mistake.
  if (!content.includes('${') && /^(["'])(?:\s*[,:]|\s+\1)/.test(content.slice(ending))) return undefined;
  const other = quote === '"' ? "'" : '"';
  const inWords = quote === '"' ? 'double' : 'single';
  const escaping = quote === '"' ? 'write a backslash before each inner quote' : 'write each inner quote twice';
  const fits = !content.includes(other) && !content.includes('\\');
  return {
    message: `this ${inWords} quote ends the text, because the text begins with a ${inWords} quote`,
    offset: before.length + 1 + ending,
    hint: fits
      ? `put the whole text into ${quote === '"' ? 'single' : 'double'} quotes: ${other}${content}${other}`
      : `${escaping}: ${inQuotes(content, quote)}`,
  };
}

/** Puts the text in quotes, and escapes the quotes in it that are not yet escaped. */
function inQuotes(content: string, quote: '"' | "'"): string {
  const escaped =
    quote === '"'
      ? content.replaceAll(/\\.|"/g, (each) => (each === '"' ? '\\"' : each))
      : content.replaceAll(/''|'/g, "''");
  return `${quote}${escaped}${quote}`;
}

/** The mistake of a plain scalar of several words that contains a colon and a space. */
function colonInText(line: string, at: number): Mistake | undefined {
  const text = line.slice(at).trimEnd();
  const colon = /:(?=\s)/.exec(text)?.index;
  if (colon === undefined || /^(?:[\s"'[{&*!|>%@`]|- )/.test(text) || !/\s/.test(text.slice(0, colon)))
    return undefined;
  const corrected = text.length <= 80 ? `'${text.replaceAll("'", "''")}'` : "'…'";
  return {
    message: 'the ": " in this text makes YAML read the text before it as a key',
    offset: at + colon,
    hint: `put the whole value into single quotes: ${corrected}`,
  };
}

/**
 * The mistake of a line that is indented deeper than its siblings, so that YAML reads it as a member of the value
 * above.
 */
export function deeperLine(source: string, at: number): YamlProblem | undefined {
  const end = source.indexOf('\n', at);
  if (end < 0) return undefined;
  // Quoted parts are removed only from a value that begins with a quote or a bracket. Inside a plain scalar, quotes
  // have no special meaning in YAML.
  const value = source.slice(at, end);
  if (/:\s/.test(/^["'[{]/.test(value) ? value.replace(/(["']).*?\1/g, '') : value)) return undefined;
  return {
    code: 'yaml/syntax',
    message: 'this line is indented deeper than the members before it, as if it belonged to the value above',
    offset: skipSpaces(source, end + 1),
    hint: 'begin it at the same column as the members before it, or with "- " if it is an item of a list',
  };
}

/** The offset after the spaces that begin at `from`. */
export function skipSpaces(source: string, from: number): number {
  let at = from;
  while (source[at] === ' ') at += 1;
  return at;
}
