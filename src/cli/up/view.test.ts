import { describe, expect, test } from 'vitest';
import type { NodeReport } from '../../runtime/index.ts';
import { fitLine, instanceLines } from './view.ts';

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

test('a message of several lines takes one line of the view, and cannot steer the terminal', () => {
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
  const lines = instanceLines(view, false);
  expect(lines).toHaveLength(3);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(lines.join('')).not.toMatch(/[\n\u001b]/);
});
