import type { ErrorSpot, Piece, SyntaxExplanation } from './pieces.ts';
import { CLOSING, endsValue, openBrackets, openConditions } from './pieces.ts';

/** Explains a mistake at a closing bracket, a comma or a colon; undefined if the parser stopped at another piece. */
export function explainBracket(spot: ErrorSpot): SyntaxExplanation | undefined {
  const { at, before, earlier } = spot;
  if (at.kind !== 'close' && at.kind !== 'comma' && at.text !== ':') return undefined;
  const open = openBrackets(earlier);
  const innermost = open.at(-1);
  if (at.kind === 'close' && innermost === undefined)
    return { message: `"${at.text}" has no opening bracket`, hint: 'remove it, or write the opening bracket' };
  const isOpening = before === innermost;
  if (at.kind === 'close' && innermost !== undefined && CLOSING.get(innermost.text) !== at.text) {
    if (isOpening || endsValue(before)) return wrongBracket(innermost, open.at(-2), at);
  }
  if (isOpening && innermost !== undefined && at.kind === 'close') return nothingBetween(innermost, at);
  if (!endsValue(before)) return valueMissing(spot);
  if (innermost?.text === '[' && at.text === ':')
    return {
      message: 'CEL has no slices of lists and strings',
      hint: 'write .substring(1, 3) for a string; for a list, read single items: a[1]',
    };
  if (innermost?.text === '{' && at.text !== ':')
    return {
      message: 'a map needs a key and a value for each entry',
      hint: 'write {"key": value}; a list is written in [ and ]',
    };
  if (at.kind === 'comma')
    return innermost === undefined
      ? {
          message: 'a comma is written outside of a call, a list and a map',
          hint: 'remove it; a list is written [a, b]',
        }
      : {
          message: `only one value is allowed between this "${innermost.text}" and "${CLOSING.get(innermost.text)}"`,
          hint: 'remove the comma; a list is written [a, b], and a call f(a, b)',
        };
  if (at.text === ':')
    return {
      message: 'this ":" is not part of a condition or a map',
      hint: 'write condition ? a : b, or {"key": value}',
    };
  return undefined;
}

function wrongBracket(innermost: Piece, outer: Piece | undefined, at: Piece): SyntaxExplanation {
  const closing = CLOSING.get(innermost.text) ?? '';
  return outer !== undefined && CLOSING.get(outer.text) === at.text
    ? {
        message: `the "${innermost.text}" is not closed before "${at.text}"`,
        hint: `add "${closing}" before "${at.text}"`,
      }
    : { message: `the "${innermost.text}" is closed with "${at.text}"`, hint: `write "${closing}"` };
}

function nothingBetween(open: Piece, close: Piece): SyntaxExplanation {
  return {
    message: `a value is expected between "${open.text}" and "${close.text}"`,
    hint: open.text === '[' ? 'write an index or a key: a[0], a["key"]' : 'write the value, or remove the brackets',
  };
}

/** Explains that a value is missing before a bracket, a comma or an operator. */
export function valueMissing({ at, before }: ErrorSpot): SyntaxExplanation {
  const shown = `"${at.text}"`;
  if (before.kind === 'end' || before.kind === 'open')
    return {
      message: `a value is expected before ${shown}`,
      hint: `write the value that is missing, or remove ${shown}`,
    };
  return {
    message: `a value is expected between "${before.text}" and ${shown}`,
    hint: `write the value that is missing, or remove "${before.text}"`,
  };
}

/** Explains a mistake in a condition, such as `a ? b` without `: c`. The parser stops where it expects the colon. */
export function explainCondition(spot: ErrorSpot): SyntaxExplanation | undefined {
  const { cel, at, before, secondBefore, earlier } = spot;
  const question = openConditions(earlier).at(-1);
  if (question === undefined || before === question || !endsValue(before)) return undefined;
  const isEnd = at.kind === 'end' || at.kind === 'close' || at.kind === 'comma';
  if (!isEnd && at.text !== '?') return undefined;
  if (cel.startsWith('?.', question.start) && !/\s/.test(cel.charAt(question.start - 1)))
    return {
      message: 'CEL writes optional access as .?',
      hint: `write a.?b instead of a?.b${cel.startsWith('?.[', question.start) ? ', and a[?0] instead of a?.[0]' : ''}`,
      offset: question.start,
    };
  if (!isEnd)
    return {
      message: 'a condition between "?" and ":" needs brackets',
      hint: 'write a ? (b ? c : d) : e',
      offset: question.end + (/\S/.exec(cel.slice(question.end))?.index ?? 0),
    };
  const isWhole = openBrackets(earlier).length === 0;
  const value = cel.slice(question.end, before.end).trim();
  const isText = before.kind === 'text' && secondBefore === question;
  return {
    message: 'this condition has no ":": it needs a value for the other case, too',
    hint: isWhole
      ? `write ${cel.slice(0, question.start).trim()} ? ${value} : ${isText ? before.text.slice(-1).repeat(2) : 'the other value'}`
      : 'write condition ? a : b',
  };
}

/** Explains that an expression ends too early. */
export function explainEnd({ cel, before, earlier }: ErrorSpot): SyntaxExplanation {
  if (cel.trim() === '') return { message: 'the expression is empty', hint: 'write an expression' };
  if (before.text === '.')
    return {
      message: 'the expression ends where the name of a field is expected',
      hint: 'write the name after the ".", or remove the "."',
    };
  const open = openBrackets(earlier);
  const innermost = open.at(-1);
  if (innermost !== undefined && (endsValue(before) || before === innermost || before.kind === 'comma')) {
    const closing = open.map(({ text }) => CLOSING.get(text) ?? '').toReversed();
    return {
      message: `the expression ends before its "${innermost.text}" is closed with "${closing[0]}"`,
      hint: `add "${closing.join('')}"`,
    };
  }
  return {
    message: `the expression ends where a value is expected, after "${before.text}"`,
    hint: `write the value that is missing, or remove "${before.text}"`,
  };
}
