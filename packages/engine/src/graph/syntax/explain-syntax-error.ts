import { explainBracket, explainCondition, explainEnd, valueMissing } from './brackets.ts';
import { type ForeignForm, FOREIGN_CHARACTERS, FOREIGN_OPERATORS, INFIX_WORDS, PREFIX_WORDS } from './foreign.ts';
import type { ErrorSpot, Piece, SyntaxExplanation } from './pieces.ts';
import { areAdjacent, endsValue, errorSpot, openBrackets } from './pieces.ts';
import { explainQuotes } from './quotes.ts';

/** The maximum length of a part of an expression in a message. */
const MAX_SHOWN_LENGTH = 40;

/**
 * Explains a syntax error in readable words. The parser's own message, which kro prints, lists tokens. The rules use
 * the tokens around the error, so that they never misread strings, comments and optional access.
 *
 * @param offset of the parser's first error in `cel`, in UTF-16 units
 */
export function explainSyntaxError(cel: string, offset: number): SyntaxExplanation {
  const spot = errorSpot(cel, Math.max(0, offset));
  return (
    explainQuotes(spot) ??
    foreignOperator(spot) ??
    foreignCharacter(spot) ??
    twoPairsOfBraces(spot) ??
    explainCondition(spot) ??
    (spot.at.kind === 'end' ? explainEnd(spot) : undefined) ??
    explainBracket(spot) ??
    foreignWord(spot) ??
    brokenNumber(spot) ??
    afterDot(spot) ??
    afterValue(spot) ??
    operatorFirst(spot) ?? {
      message: `${shown(spot.at)} is not allowed here; a value is expected`,
      hint: 'write a name, a number or a string in quotes instead, or remove it',
    }
  );
}

function shown({ text }: Piece): string {
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  return /^["']/.test(short) ? `the string ${short}` : `"${short}"`;
}

function foreignOperator({ cel, at, before, secondBefore }: ErrorSpot): SyntaxExplanation | undefined {
  const starts = [at, ...(areAdjacent(before, at) ? [before] : [])];
  if (areAdjacent(before, at) && areAdjacent(secondBefore, before)) starts.push(secondBefore);
  for (const piece of starts.toReversed()) {
    if (piece.kind !== 'operator' && piece.kind !== 'wrong') continue;
    const found = FOREIGN_OPERATORS.find(([pattern]) => pattern.test(cel.slice(piece.start)));
    if (found !== undefined) return explained(found, piece);
  }
  return undefined;
}

function foreignCharacter({ cel, at, earlier }: ErrorSpot): SyntaxExplanation | undefined {
  if (at.kind === 'escaped') return explained(backquotes(), at);
  if (at.kind !== 'wrong') return undefined;
  if (at.text.startsWith('=') && openBrackets(earlier).at(-1)?.text === '{')
    return { message: '"=" is not an operator here', hint: 'a map is written {"key": value}; write == to compare' };
  const found = FOREIGN_CHARACTERS.find(([pattern]) => pattern.test(cel.slice(at.start)));
  if (found !== undefined) return explained(found, at);
  const letter = /^\p{L}/u.exec(at.text)?.[0];
  return letter === undefined
    ? {
        message: `${shown(at)} has no meaning in an expression`,
        hint: 'remove it, or write quotes around the string that contains it',
      }
    : foreignLetter(letter);
}

/**
 * Explains a letter that is not ASCII. The message has the code point, because some of these letters look like ASCII
 * letters.
 */
function foreignLetter(letter: string): SyntaxExplanation {
  const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const position = LOOK_ALIKES.indexOf(letter);
  return {
    message: `names have only ASCII letters, and "${letter}" (U+${code}) is not one`,
    hint:
      position < 0
        ? 'remove it, or write quotes around the string that contains it'
        : `type the ASCII letter "${LATIN.charAt(position)}", which looks the same`,
  };
}

/** Cyrillic and Greek letters that look like the Latin letters at the same positions. */
const LOOK_ALIKES = 'аеорсухіјѕԁһАВЕКМНОРСТХІЈЅοανρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ';
const LATIN = 'aeopcyxijsdhABEKMHOPCTXIJSoavpuABEZHIKMNOPTYX';

const backquotes = (): ForeignForm => FOREIGN_CHARACTERS.find(([pattern]) => pattern.test('`')) as ForeignForm;

const explained = ([, message, hint]: ForeignForm, { start }: Piece): SyntaxExplanation => ({
  message,
  hint,
  offset: start,
});

/** Explains `${{name}}`, which is parsed as the expression `{name}`. */
function twoPairsOfBraces({ cel }: ErrorSpot): SyntaxExplanation | undefined {
  const name = /^\s*\{+\s*([A-Za-z][\w.[\]]*)\s*\}+\s*$/.exec(cel)?.[1];
  return name === undefined
    ? undefined
    : { message: 'this expression has two pairs of braces', hint: `write \${${name}}` };
}

/** Explains a word that is an operator in another language, between two values or before a value. */
function foreignWord({ at, before, secondBefore, after }: ErrorSpot): SyntaxExplanation | undefined {
  if (at.text === '!' && after.text === 'in') return { message: '"!in" is not an operator', hint: 'write !(a in b)' };
  const infix = at.kind === 'word' && endsValue(before) ? INFIX_WORDS.get(at.text) : undefined;
  if (infix !== undefined) return { message: infix[0], hint: infix[1] };
  const isName = secondBefore.text === '.';
  const prefix = before.kind === 'word' && !isName ? PREFIX_WORDS.get(before.text) : undefined;
  return prefix === undefined ? undefined : { message: prefix[0], hint: prefix[1], offset: before.start };
}

/** Explains values that begin like a number, such as `1Gi`, `1.2.3` and `1_000`. */
function brokenNumber({ cel, at, before }: ErrorSpot): SyntaxExplanation | undefined {
  if (!areAdjacent(before, at)) return undefined;
  if (before.kind === 'number' && (at.kind === 'number' || at.kind === 'word')) {
    const text = /^[\w.]+/.exec(cel.slice(before.start))?.[0] ?? before.text;
    const hint = /^\d[\d_]*$/.test(text) ? `write ${text.replaceAll('_', '')}` : `put it in quotes: "${text}"`;
    return { message: `${text} is not a number`, hint, offset: before.start };
  }
  if (endsValue(before) && /^\.\d+$/.test(at.text))
    return { message: 'an index is written in brackets', hint: `write a[${at.text.slice(1)}]` };
  return undefined;
}

function afterDot({ at, before }: ErrorSpot): SyntaxExplanation | undefined {
  if (before.text !== '.') return undefined;
  if (/^(?:in|true|false|null)$/.test(at.text))
    return {
      message: `"${at.text}" is a reserved word of CEL, not the name of a field`,
      hint: `write a["${at.text}"]`,
    };
  if (at.text === '[' || at.text === '(')
    return { message: `there is a "." before "${at.text}"`, hint: 'remove the "."', offset: before.start };
  if (at.kind === 'text')
    return { message: 'a string is written where the name of a field is expected', hint: `write a[${at.text}]` };
  return { message: 'the name of a field is expected after "."', hint: 'write the name, or remove the "."' };
}

/** Explains two values without an operator between them. */
function afterValue({ at, before, earlier }: ErrorSpot): SyntaxExplanation | undefined {
  const isValue = endsValue(at) || at.kind === 'open' || at.text === '!';
  if (!endsValue(before) || !isValue) return undefined;
  const isListed = openBrackets(earlier).length > 0;
  const operator = at.kind === 'text' && before.kind === 'text' ? 'write + between the two strings' : undefined;
  return {
    message: `${shown(at)} follows a complete expression`,
    hint: `${operator ?? 'write an operator between the two expressions, for example + or &&'}${isListed ? ', or a comma' : ''}`,
  };
}

/** Explains an operator without a value before it. */
function operatorFirst(spot: ErrorSpot): SyntaxExplanation | undefined {
  const { at, before } = spot;
  if (at.kind !== 'operator' || endsValue(before)) return undefined;
  if (at.text === '*' && before.text === '[')
    return { message: 'CEL has no [*]', hint: 'write list.map(x, x.name) for a field of all items' };
  return valueMissing(spot);
}
