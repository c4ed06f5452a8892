import { describe, expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import { fitLine, instanceViewLines, wrapLine } from './instance-view-lines.ts';

describe('fitting a line to the terminal', () => {
  test.each([
    ['a line that fits', 'abc', 3, 'abc'],
    ['a line that is too long', 'abcd', 3, 'ab…'],
    ['wide characters', '漢字漢字', 5, '漢字…'],
    ['a wide character with only one free column', '漢字', 3, '漢…'],
    ['combining marks that take no columns', 'e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['colours that take no columns and are all kept', '\u001b[31mab\u001b[39mcd', 3, '\u001b[31mab\u001b[39m…'],
    ['a colour that ends at the last column', '\u001b[1mabc\u001b[22md', 3, '\u001b[1mab…\u001b[22m'],
    ['a colour that begins at the last column', 'ab\u001b[1mcd\u001b[22m', 3, 'ab\u001b[1m…\u001b[22m'],
    ['a colour that ends before the last column', 'a\u001b[1mb\u001b[22mcd', 3, 'a\u001b[1mb\u001b[22m…'],
    ['a colour that ends after the last column', '\u001b[1mabcd\u001b[22m', 3, '\u001b[1mab…\u001b[22m'],
    ['a line that fits, with a colour', '\u001b[1mabc\u001b[22m', 3, '\u001b[1mabc\u001b[22m'],
    ['a wide character that a colour follows', '漢字\u001b[1m漢\u001b[22m', 5, '漢字\u001b[1m…\u001b[22m'],
    ['no room', 'abc', 0, ''],
    ['a coloured line in no columns', '\u001b[1mabc\u001b[22m', 0, '\u001b[1m\u001b[22m'],
  ])('%s', (_what, line, columns, fitted) => {
    expect(fitLine(line, columns)).toBe(fitted);
  });

  test('colours do not change the column at which a line is cut', () => {
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*m/g, '');
    for (let from = 0; from <= 4; from += 1) {
      for (let to = from; to <= 4; to += 1) {
        const line = `${'abcd'.slice(0, from)}\u001b[31m${'abcd'.slice(from, to)}\u001b[39m${'abcd'.slice(to)}`;
        expect([0, 1, 2, 3, 4].map((columns) => plain(fitLine(line, columns)))).toEqual(['', '…', 'a…', 'ab…', 'abcd']);
      }
    }
  });
});

describe('a line over several rows of the terminal', () => {
  test.each([
    ['is one row if it fits', 'one two', 7, ['one two']],
    ['breaks after a space in its second half', 'one two three four', 14, ['one two three', '      four']],
    ['breaks inside a word that is too long', 'abcdefghijklmnop', 12, ['abcdefghijkl', '      mnop']],
    [
      'continues with an indent, in fewer columns',
      '12345678 1234 6789 1234',
      10,
      ['12345678', '      1234', '      6789', '      1234'],
    ],
    ['may have wide characters of two columns', '漢字漢字漢字漢字', 10, ['漢字漢字漢', '      字漢', '      字']],
    ['may have colours, which take no columns', '\u001b[31mone two\u001b[39m', 7, ['\u001b[31mone two\u001b[39m']],
    ['is not broken when the terminal is too narrow for the indent', 'one two three', 6, ['one two three']],
  ])('%s', (_what, line, columns, rows) => {
    expect(wrapLine(line, columns)).toEqual(rows);
  });
});

test('a message of several lines is shown on one line, without control characters', () => {
  const node: NodeReport = {
    id: 'a',
    state: 'failed',
    objects: [],
    because: {
      kind: 'write-failed',
      object: { apiVersion: 'v1', kind: 'Pod', name: 'a' },
      failure: { code: 422, reason: 'Invalid', message: 'one\n two\u001b[2J' },
      retryAt: 0,
    },
  };
  const view = {
    ref: 'a',
    kind: 'App',
    name: 'a',
    namespace: '',
    state: 'ERROR',
    message: 'three\nfour',
    nodes: [node],
  };
  const lines = instanceViewLines(view, false);
  expect(lines).toHaveLength(3);
  // oxlint-disable-next-line no-control-regex -- the pattern looks for control characters
  expect(lines.join('')).not.toMatch(/[\n\u001b]/);
});
