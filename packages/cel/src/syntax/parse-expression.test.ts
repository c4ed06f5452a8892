import { describe, expect, test } from 'vitest';
import { kroEnvironment } from '../index.ts';

const environment = kroEnvironment();

function problems(text: string): string[] {
  const parsed = environment.parse(text);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('an error in an expression', () => {
  test.each([
    ['a b', ["1:3 Syntax error: extraneous input 'b' expecting <EOF>"]],
    ['f(1', ["1:4 Syntax error: missing ')' at '<EOF>'"]],
    ['a.', ["1:3 Syntax error: no viable alternative at input '.'"]],
    [
      'x = 5',
      ["1:3 Syntax error: token recognition error at: '= '", "1:5 Syntax error: extraneous input '5' expecting <EOF>"],
    ],
    [
      '"🙂" + é',
      [
        "1:7 Syntax error: token recognition error at: 'é'",
        expect.stringContaining("1:8 Syntax error: mismatched input '<EOF>' expecting {"),
      ],
    ],
    ['[1].map(1, 2)', ['1:9 argument is not an identifier']],
    ['namespace.name', ['1:1 reserved identifier: namespace']],
    ['9223372036854775808', ['1:1 invalid int literal']],
    ['{"a": [1, 2}', [expect.stringContaining("1:12 Syntax error: mismatched input '}' expecting {")]],
  ])('%s is reported with position and cause', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('is rendered with a wide dot below each non-ASCII character before the error', () => {
    const parsed = environment.parse('"é" +');
    expect(parsed.ok ? '' : parsed.text.split('\n').slice(1)).toEqual([' | "é" +', ' | .．...^']);
  });
});

describe('limits', () => {
  test.each([
    [
      'an expression of more than 100,000 characters',
      'a'.repeat(100_001),
      'expression code point size exceeds limit: size: 100001, limit 100000',
    ],
    [
      'a number in 251 parentheses',
      `${'('.repeat(251)}1${')'.repeat(251)}`,
      'expression recursion limit exceeded: 250',
    ],
    ['a sum of 260 terms', Array.from({ length: 260 }, () => '1').join('+'), 'max recursion depth exceeded'],
    [
      'a negative number before 50,000 opening brackets',
      `-1${'['.repeat(50_000)}`,
      'expression recursion limit exceeded: 250',
    ],
  ])('%s is an error without a position', (_name, text, message) => {
    expect(problems(text)).toContain(`-1:0 ${message}`);
  });

  test('a sum of 49,000 terms and a path of 45,000 fields are refused quickly', () => {
    expect(problems(`1${'+1'.repeat(49_000)}`)).toEqual(['-1:0 max recursion depth exceeded']);
    expect(problems(`-1${'.a'.repeat(45_000)}`)).toEqual(['-1:0 max recursion depth exceeded']);
  });

  test('a bytes literal with an escape and 99,000 euro signs has three bytes for each euro sign', () => {
    const parsed = environment.parse(`b"\\n${'€'.repeat(99_000)}"`);
    const value = parsed.ok && parsed.ast.expr.kind === 'literal' ? parsed.ast.expr.value : undefined;
    expect(value).toHaveLength(1 + 3 * 99_000);
  });

  test('300 conditions joined by && are accepted', () => {
    expect(problems(Array.from({ length: 300 }, () => 'true').join(' && '))).toEqual([]);
  });
});
