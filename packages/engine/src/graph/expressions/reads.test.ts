import { expect, test } from 'vitest';
import type { Analysed } from '../analysis.ts';
import { formatPath } from '../path.ts';
import { collectReads } from './reads.ts';

const reading = (...texts: readonly string[]): Analysed =>
  ({
    reads: texts.map((text) => {
      const [id = '', ...steps] = text.split('.');
      return { id, steps };
    }),
  }) as unknown as Analysed;

test.each<[string, Analysed[], [string, string[]][]]>([
  [
    'from several expressions together',
    [reading('b.x'), reading('a.y', 'a.x')],
    [
      ['a', ['x', 'y']],
      ['b', ['x']],
    ],
  ],
  ['without paths that are below another path', [reading('a.x.y', 'a.x'), reading('a.x.z')], [['a', ['x']]]],
  ['without confusing a.x and a.xy', [reading('a.x', 'a.xy')], [['a', ['x', 'xy']]]],
  [
    'if there are many',
    [reading(...Array.from({ length: 50_000 }, (_, index) => `a.x${1e5 + index}`))],
    [['a', Array.from({ length: 50_000 }, (_, index) => `x${1e5 + index}`)]],
  ],
  ['once each', [reading('a.x'), reading('a.x')], [['a', ['x']]]],
  ['as one empty path if an expression reads the whole object', [reading('a', 'a.x')], [['a', ['']]]],
])('paths are collected %s', (_name, expressions, expected) => {
  const found = collectReads([], expressions);
  expect([...found].map(([id, paths]) => [id, paths.map((path) => formatPath(path))])).toEqual(expected);
});
