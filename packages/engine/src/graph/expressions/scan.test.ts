import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinParts, scanExpressions } from './scan.ts';
import { goQuote } from '@typekro/kit/golang';

/** The CEL expression of a string value at the level of kro 0.9, or the error. */
function celOf(text: string): string | undefined {
  const scanned = scanExpressions(text, '0.9');
  return scanned.ok ? joinParts(text, scanned.parts)?.cel : scanned.message;
}

const NESTED = 'nested expressions are not allowed unless inside string literals';

test.each<[string, string | undefined, string]>([
  ['${x}', 'x', 'a bare expression is not changed'],
  ['${ x\n}', ' x\n', 'nothing is trimmed'],
  ['a-${x}-b', '"a-" + (x) + "-b"', 'text around an expression becomes literals'],
  ['${a}${b}', '(a) + (b)', 'adjacent expressions are joined by a plus sign'],
  ['${x}\n', '(x) + "\\n"', 'a block scalar ends in a newline'],
  ['${{"a": {"b": 1}}}', '{"a": {"b": 1}}', 'braces are counted'],
  ['${"}"}', '"}"', 'braces inside a literal are not counted'],
  ['${"\\"}"}', '"\\"}"', 'an escaped quote does not end the literal'],
  ["${'}'}", '(\') + "\'}"', 'single quotes do not begin a literal'],
  ['${"${X}"}', '"${X}"', 'the way to write a literal ${X}'],
  ['$${x}', '"$" + (x)', 'a dollar does not escape'],
  ['plain', undefined, 'no expression'],
  ['$(x) $x', undefined, 'other notations are text'],
  ['${x', undefined, 'an unterminated expression is literal text'],
  ['${"x ${y}', '"${\\"x " + (y)', 'an expression after an unterminated expression is recognised'],
  ['${a ${b}}', NESTED, 'an expression inside another'],
  ['${"a" + ${b}}', NESTED, 'an expression inside another, after a literal and an operator'],
  ['${}', '', 'an empty expression is recognised'],
])('%j becomes the CEL expression %j: %s', (text, cel) => expect(celOf(text)).toBe(cel));

test.each(['${" text', '${ nested', '${"\\" text', '${{" text'])('a million characters: %s', (row) => {
  const [piece = '', expected] = row.split(' ');
  const scanned = scanExpressions(piece.repeat(1e6 / piece.length), '0.9');
  expect(scanned.ok ? scanned.parts.map(({ kind }) => kind).join() : scanned.problem).toBe(expected);
});

describe('at the level of kro 0.10', () => {
  test.each<[string, string | undefined, string]>([
    ["${'text with } inside'}", "'text with } inside'", 'braces inside single quotes are text'],
    ["${'{'}", "'{'", 'an opening brace inside single quotes is text, too'],
    ['${"it\'s }"}', '"it\'s }"', 'a single quote does not end a literal in double quotes'],
    ["${'a \" b'}", "'a \" b'", 'a double quote does not end a literal in single quotes'],
    ["${'it\\'s } fine'}", "'it\\'s } fine'", 'an escaped quote does not end the literal in single quotes'],
    ["${'${later.expr}'}", "'${later.expr}'", 'an expression can contain another expression in single quotes'],
    ['plain $x', undefined, 'other notations are text'],
    ['${x', 'unterminated expression starting at offset 0', 'an unterminated expression is an error'],
    ['${a} é ${b', 'unterminated expression starting at offset 8', 'the offset in the error counts bytes'],
    ['${a ${b}', NESTED, 'a nested expression is reported instead of the unterminated one around it'],
    ['${"${x" + \'}\'}', '"${x" + \'}\'', 'a literal in double quotes and one in single quotes can follow each other'],
  ])('%j becomes %j: %s', (text, expected) => {
    const scanned = scanExpressions(text, '0.10');
    expect(scanned.ok ? joinParts(text, scanned.parts)?.cel : scanned.message).toBe(expected);
  });
});

describe('toOriginal', () => {
  test.each([
    ['${abc}', 1, 3],
    ['a-${xyz}-b', '"a-" + ('.length + 1, 5],
    ['${a} ${bc}', '(a) + " " + ('.length + 1, 8],
  ])('%s: offset %i of the CEL expression is offset %i of the string', (text, offset, original) => {
    const scanned = scanExpressions(text);
    const joined = scanned.ok ? joinParts(text, scanned.parts) : undefined;
    expect(joined?.toOriginal(offset)).toBe(original);
  });
});

test.each([
  ['a"b\\c\n\t', '"a\\"b\\\\c\\n\\t"'],
  ['\u0000\u007f\u00a0\u200b', '"\\x00\\x7f\\u00a0\\u200b"'],
  ['é世😀', '"é世😀"'],
])('goQuote(%j) returns %s', (text, quoted) => expect(goQuote(text)).toBe(quoted));

test('the parts of a scanned string, joined again, equal the string', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a${}"'\\ ]*$/), (text) => {
      const scanned = scanExpressions(text);
      if (!scanned.ok) return;
      const whole = scanned.parts.map((part) => (part.kind === 'text' ? part.text : `\${${part.text}}`)).join('');
      expect(whole).toBe(text);
    }),
  );
});
