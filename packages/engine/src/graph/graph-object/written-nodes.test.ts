import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { writtenNodes } from './parsed-graph.ts';

const graphOf = (spec: JsonObject | undefined) => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g' },
  ...(spec === undefined ? {} : { spec }),
});
const pathsOf = (spec: JsonObject | undefined) => [...writtenNodes(graphOf(spec))].map(({ path }) => path);

test.each<[string, JsonObject | undefined, string[]]>([
  ['no spec', undefined, []],
  ['nodes that are not a list', { nodes: { id: 'a' } }, []],
  ['malformed nodes', { nodes: ['a', null, [], { id: 'b' }, { id: 1 }, { graph: 'x' }] }, ['b', '', '']],
  [
    'subgraphs',
    {
      nodes: [{ id: 'a', graph: { nodes: [{ id: 'b', graph: { nodes: [{ id: 'c' }] } }, { id: 'd' }] } }, { id: 'e' }],
    },
    ['a', 'a/b', 'a/b/c', 'a/d', 'e'],
  ],
])('writtenNodes returns the paths of the nodes of a Graph with %s', (_title, spec, expected) => {
  expect(pathsOf(spec)).toEqual(expected);
});

test('subgraphs that are nested 5,000 levels deep are searched to a depth of 100', () => {
  let nodes: JsonValue[] = [];
  for (let depth = 0; depth < 5000; depth += 1) nodes = [{ id: 'n', graph: { nodes } }];
  expect(pathsOf({ nodes })).toHaveLength(101);
});
