import type { CelError } from '../cel/index.ts';

/** A syntax error of an expression, with its remedy. */
export interface SyntaxExplanation {
  readonly message: string;
  readonly hint?: string;
}

/**
 * Operators, words and characters that CEL does not know, or does not allow at the place of the error. Each has a
 * message and a hint. The patterns are tested at the offset of the error, and one character before it.
 */
const FOREIGN: readonly (readonly [pattern: RegExp, message: string, hint: string])[] = [
  [
    /^=>/,
    'CEL has no arrow functions (=>)',
    'macros name their variable first: list.map(x, x + 1), list.filter(x, x > 1)',
  ],
  [/^=/, '"=" is no operator here', 'write == to compare'],
  [/^\?\?/, 'CEL has no operator ??', 'read the field with .?name and give a default: a.?b.orValue("x")'],
  [/^\?\./, 'CEL writes optional access as .?', 'write a.?b instead of a?.b'],
  [/^&/, '"&" is no operator', 'write && for "and"'],
  [/^\|/, '"|" is no operator', 'write || for "or"'],
  [/^and\b/, '"and" is no operator', 'write && for "and"'],
  [/^or\b/, '"or" is no operator', 'write || for "or"'],
  [/^not\b/, '"not" is no operator', 'write ! for "not"'],
  [/^if\b/, 'CEL has no "if"', 'write condition ? a : b'],
  [
    /^[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]/,
    'these are typographic quotes, which mean nothing in an expression',
    'write straight ones: "text" or \'text\'',
  ],
  [/^[\u00a0\u2007\u202f]/, 'a non-breaking space (U+00A0) stands here', 'write a plain space'],
  [/^`/, 'text does not stand in backquotes (`)', 'put text in quotes: "text", and join it with +'],
  [/^;/, 'an expression does not end with ";"', 'remove it'],
];

/**
 * A readable text for a syntax error. The parser's own text, which kro prints, lists tokens.
 *
 * @param offset of the error in `cel`, in UTF-16 units
 */
export function explainSyntaxError({ message }: CelError, cel: string, offset: number): SyntaxExplanation {
  const rest = cel.slice(Math.max(0, offset));
  const before = cel.slice(0, Math.max(0, offset));
  for (const [pattern, text, hint] of rest.trim() === '' ? [] : FOREIGN) {
    // A parser may stop after the first character of an operator.
    const near = pattern.test(rest) ? rest : pattern.test(`${before.slice(-1)}${rest}`) ? before.slice(-1) : undefined;
    if (near !== undefined) return { message: text, hint };
  }
  const doubled = /^\s*\{\s*([A-Za-z][\w.[\]]*)\s*\}\s*$/.exec(cel)?.[1];
  if (doubled !== undefined)
    return { message: 'two pairs of braces stand around this expression', hint: `write \${${doubled}}` };
  const branch = withoutElse(cel, before);
  if (branch !== undefined) return branch;
  if (rest.trim() === '') return unfinished(before);
  if (/^["']/.test(rest)) return { message: 'a text in quotes has no end', hint: 'close the quotes' };
  const [, found = rest.slice(0, 1)] = /^(\w+|\S)/.exec(rest) ?? [];
  const shown = JSON.stringify(found);
  if (/^[)\]}]/.test(rest)) {
    const open = unclosed(before);
    return open === ''
      ? { message: `${shown} closes no open bracket`, hint: 'remove it, or open it before' }
      : {
          message: `a value is expected before ${shown}`,
          hint: 'write the value that is missing, or remove the operator before',
        };
  }
  if (/[\w)\]"']\s*$/.test(before) && /^[\w"']/.test(rest)) {
    return {
      message: `${shown} follows a complete expression`,
      hint: 'write an operator between the two, for example + or &&',
    };
  }
  if (/token recognition/.test(message))
    return { message: `${shown} means nothing in an expression`, hint: 'remove it, or put text in quotes' };
  return {
    message: `${shown} cannot stand here; a value is expected`,
    hint: 'write a name, a number, a text in quotes, or remove it',
  };
}

/** The text for `a ? b` without `: c`. The parser stops where it expects a colon. */
function withoutElse(cel: string, before: string): SyntaxExplanation | undefined {
  const plain = (text: string): string =>
    text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => '_'.repeat(quoted.length));
  const bare = plain(cel).replaceAll(/\.\?|\[\?/g, '__');
  const mark = bare.indexOf('?');
  if (mark < 0 || bare.includes(':') || plain(before).trimEnd().length <= mark + 1) return undefined;
  const value = cel.slice(mark + 1).trim();
  if (!/[\w)\]"']$/.test(value)) return undefined;
  return {
    message: 'this condition has no ":": it needs a value for the other case, too',
    hint: `write ${cel.slice(0, mark).trim()} ? ${value} : ${/^["']/.test(value) ? value.charAt(0).repeat(2) : 'the other value'}`,
  };
}

/** The text for an expression that ends too early. */
function unfinished(before: string): SyntaxExplanation {
  const open = unclosed(before);
  if (before.trim() === '') return { message: 'the expression is empty', hint: 'write an expression between ${ and }' };
  if (open !== '' && /[\w)\]}"']\s*$/.test(before)) {
    const closing = CLOSING.get(open) ?? open;
    return {
      message: `the expression ends before its "${open}" is closed with "${closing}"`,
      hint: `add "${closing}"`,
    };
  }
  return {
    message: 'the expression ends where a value is expected',
    hint: 'write the value that is missing, or remove the operator before',
  };
}

const CLOSING = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

/** The innermost bracket that is open at the end of a text; empty when no bracket is open. */
function unclosed(text: string): string {
  const open: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()[\]{}]/g)) {
    if (CLOSING.has(token)) open.push(token);
    else if (/^[)\]}]$/.test(token)) open.pop();
  }
  return open.at(-1) ?? '';
}
