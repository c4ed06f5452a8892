import { describe, expect, test } from 'vitest';
import { testReadmeExamples } from '@typekro/kit/test-support/readme-examples';
import * as entry from './index.ts';
import { inspect, kroEnvironment, references } from './index.ts';

testReadmeExamples(new URL('README.md', import.meta.url), 'typekro/cel', entry);

const environment = kroEnvironment();
const options = {
  variables: new Set(['a', 'schema', 'runtime']),
  isFunction: (name: string) => environment.isFunction(name),
};

function parse(text: string) {
  const parsed = environment.parse(text);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.ast;
}

describe("kro's references", () => {
  test.each([
    ['a.b.c + schema.spec.x', { ids: ['a', 'schema'], deps: ['a'], paths: ['a.b.c', 'schema.spec.x'] }],
    ['a.b[0].c', { ids: ['a'], deps: ['a'], paths: ['a.b'] }],
    ['a.?b.c', { ids: ['a'], deps: ['a'], paths: ['a'] }],
    ['a + nope.x', { ids: ['a'], deps: [], paths: ['a', 'nope.x'], error: 'references unknown identifiers: [nope]' }],
    ['a + nope()', { ids: ['a'], deps: [], paths: ['a'], error: 'uses unknown functions: [{nope}]' }],
    [
      'omit()',
      { ids: [], deps: [], paths: [], error: 'omit() requires the CELOmitFunction feature gate to be enabled' },
    ],
    ['lists.range(a.n)', { ids: ['a'], deps: ['a'], paths: ['a.n'] }],
  ])('the ids, dependencies and paths of %s are as expected', (text, expected) => {
    expect(references(parse(text), { ...options, place: 'template' })).toEqual(expected);
  });
});

test("by kro's rule, a loop variable hides a resource in the range and the body of the loop; by the exact rule, only in the body", () => {
  const ast = parse('[a].map(a, a.x)');
  expect(inspect(ast, options).uses).toEqual([]);
  expect(inspect(ast, { ...options, rule: 'exact' }).uses).toEqual([{ id: 'a', path: 'a' }]);
});
