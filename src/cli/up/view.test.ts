import { describe, expect, test } from 'vitest';
import type { NodeReport } from '../../runtime/index.ts';
import { fitLine, instanceViewLines, wrapLine } from './view.ts';

describe('fitting a line to the terminal', () => {
  test.each([
    ['a line that fits', 'abc', 3, 'abc'],
    ['a line that is too long', 'abcd', 3, 'ab…'],
    ['wide characters', '漢字漢字', 5, '漢字…'],
    ['a wide character that fits by half', '漢字', 3, '漢…'],
    ['combining marks take no room', 'e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['colours take no room and are all kept', '\u001b[31mab\u001b[39mcd', 3, '\u001b[31mab\u001b[39m…'],
    ['nothing follows a full line but colours', '\u001b[1mabc\u001b[22md', 3, '\u001b[1mabc\u001b[22m'],
    ['no room', 'abc', 0, ''],
  ])('%s', (_what, line, columns, fitted) => {
    expect(fitLine(line, columns)).toBe(fitted);
  });
});

describe('a line over several rows of the terminal', () => {
  test.each([
    ['a line that fits', 'one two', 7, ['one two']],
    ['breaks behind a space of its second half', 'one two three four', 14, ['one two three', '      four']],
    ['breaks within a word that is too long', 'abcdefghijklmnop', 12, ['abcdefghijkl', '      mnop']],
    [
      'continues with an indent, in fewer columns',
      '12345678 1234 6789 1234',
      10,
      ['12345678', '      1234', '      6789', '      1234'],
    ],
    ['wide characters take two columns', '漢字漢字漢字漢字', 10, ['漢字漢字漢', '      字漢', '      字']],
    ['colours take no room', '\u001b[31mone two\u001b[39m', 7, ['\u001b[31mone two\u001b[39m']],
    ['no room for the indent leaves the line as it is', 'one two three', 6, ['one two three']],
  ])('%s', (_what, line, columns, rows) => {
    expect(wrapLine(line, columns)).toEqual(rows);
  });
});

test('a message of several lines takes one line of the view, and cannot control the terminal', () => {
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
  const view = { kind: 'App', name: 'a', namespace: '', state: 'ERROR', message: 'three\nfour', nodes: [node] };
  const lines = instanceViewLines(view, false);
  expect(lines).toHaveLength(3);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(lines.join('')).not.toMatch(/[\n\u001b]/);
});
