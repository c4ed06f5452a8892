import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Diagnostic, formatDiagnostic } from './diagnostic.ts';

const at = (line: number, column: number): Diagnostic => ({
  code: 'test/wrong',
  severity: 'error',
  message: 'this is wrong',
  source: { file: 'a.yaml', line, column },
});

/** The excerpt of a diagnostic: the source line and the line with the caret. */
const excerptOf = (text: string, line: number, column: number): string[] =>
  formatDiagnostic(at(line, column), text).split('\n').slice(1);

test('a diagnostic has position, severity, message, code, excerpt, path and hint', () => {
  const diagnostic: Diagnostic = { ...at(2, 4), path: 'spec.a', hint: 'mend it' };
  expect(formatDiagnostic(diagnostic, 'one\ntwo three\n')).toBe(
    [
      'a.yaml:2:4: error: this is wrong [test/wrong]',
      '  2 | two three',
      '    |    ^',
      '  at spec.a',
      '  hint: mend it',
    ].join('\n'),
  );
});

describe('the excerpt', () => {
  test.each([
    ['the first line', 'one\ntwo', 1, 1, ['  1 | one', '    | ^']],
    ['a column after the end of a line', 'one\ntwo', 1, 9, ['  1 | one', '    |    ^']],
    ['CRLF', 'one\r\ntwo\r\n', 2, 2, ['  2 | two', '    |  ^']],
    ['CR', 'one\rtwo', 2, 2, ['  2 | two', '    |  ^']],
    ['an empty line', 'one\n\ntwo', 2, 1, ['  2 | ', '    | ^']],
    ['an empty line, CRLF', 'one\r\n\r\ntwo', 2, 1, ['  2 | ', '    | ^']],
    ['a tab', '\tone', 1, 2, ['  1 | \tone', '    | \t^']],
    ['characters of two units', '😀😀x', 1, 3, ['  1 | 😀😀x', '    |   ^']],
    ['an empty text', '', 1, 1, ['  1 | ', '    | ^']],
  ])('for %s is correct: the text %j, at line %i and column %i, gives %j', (_name, text, line, column, lines) => {
    expect(excerptOf(text, line, column)).toEqual(lines);
  });

  test.each([0, 3, -1, 1.5, Number.NaN])('is left out when line %d is not in the text', (line) => {
    expect(excerptOf('one\ntwo', line, 1)).toEqual([]);
  });

  test.each(['a', '😀'])('of a long line of the character "%s" is the part around the column', (character) => {
    const text = `${character.repeat(500_000)}X${character.repeat(500_000)}`;
    const [line = '', caret = ''] = excerptOf(text, 1, 500_001);
    expect(Array.from(line).length).toBeLessThan(220);
    expect(Array.from(line)[caret.indexOf('^')]).toBe('X');
    expect(line.endsWith(' …')).toBe(true);
  });

  test('has the caret under the character at the column', () => {
    const character = fc.constantFrom('a', '😀', '\t', 'é');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 400 }), fc.array(character, { maxLength: 400 }), (before, after) => {
        const text = `${before.join('')}X${after.join('')}`;
        const [line = '', caret = ''] = excerptOf(`first\n${text}\nlast`, 2, before.length + 1);
        expect(Array.from(line)[caret.indexOf('^')]).toBe('X');
      }),
    );
  });
});

test.each([
  ['many lines', 'key: value that is wrong\n'.repeat(80_000)],
  ['one line', 'key: value that is wrong '.repeat(80_000)],
])(
  'thousands of diagnostics for a text of 2 MB in %s are formatted without splitting the text each time',
  (_name, text) => {
    const lines = text.includes('\n');
    const before = process.cpuUsage();
    for (let index = 1; index <= 5_000; index += 1) {
      formatDiagnostic(lines ? at(index * 16, 6) : at(1, index * 400), text);
    }
    const { user, system } = process.cpuUsage(before);
    // Splitting the text for each diagnostic takes minutes. Splitting it once takes about 30 ms.
    expect((user + system) / 1000).toBeLessThan(5_000);
  },
);

test('a message, a path and a hint that quote a long value are cut in their middle', () => {
  const long = `a${'9'.repeat(2_000_000)}z`;
  const text = formatDiagnostic({ ...at(1, 1), message: long, path: long, hint: long }, long);
  expect(text.length).toBeLessThan(25_000);
  expect(text.match(/a9{3999} … 9{3999}z/g)).toHaveLength(3);
});
