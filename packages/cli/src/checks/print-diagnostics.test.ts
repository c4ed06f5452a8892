import { expect, test } from 'vitest';
import type { Diagnostic } from '@typekro/kit/core';
import { inFileOrder } from './print-diagnostics.ts';

/** Parses `file:line:column#message`, or `#message` for a problem without a position. */
function problem(text: string): Diagnostic {
  const [place = '', message = ''] = text.split('#');
  const [file = '', line, column] = place.split(':');
  const base = { code: 'test/wrong', severity: 'error' as const, message };
  return place === '' ? base : { ...base, source: { file, line: Number(line), column: Number(column) } };
}

const textOf = ({ source, message }: Diagnostic): string =>
  `${source === undefined ? '' : `${source.file}:${source.line}:${source.column}`}#${message}`;

test.each<readonly [name: string, given: readonly string[], ordered: readonly string[]]>([
  ['lines are compared as numbers', ['a:10:1#', 'a:9:1#', 'a:88:1#'], ['a:9:1#', 'a:10:1#', 'a:88:1#']],
  ['problems of one line are in the order of their columns', ['a:1:20#', 'a:1:3#'], ['a:1:3#', 'a:1:20#']],
  ['problems at the same place keep their order', ['a:1:1#x', 'a:1:1#b', 'a:1:1#a'], ['a:1:1#x', 'a:1:1#b', 'a:1:1#a']],
  ['files keep the order of their first problem', ['b:2:1#', 'a:3:1#', 'b:1:1#'], ['b:1:1#', 'b:2:1#', 'a:3:1#']],
  ['problems without a place come last', ['a:2:1#', '#y', 'a:1:1#', '#x'], ['a:1:1#', 'a:2:1#', '#y', '#x']],
  ['none', [], []],
])('the order of problems: %s', (_name, given, ordered) => {
  expect(inFileOrder(given.map(problem)).map(textOf)).toEqual(ordered);
});
