import { describe, expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import type { JsonValue } from '@typekro/kit/core';
import { type Graph, compileGraphObject } from '../../graph/index.ts';
import { builtinSource } from '../../schema/index.ts';
import { Secrets } from '../index.ts';

/** Compiles a Graph with these nodes. */
function graphObject(nodes: JsonValue[]): Graph {
  const { graph, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return graph;
}

const secret = (id: string) => ({
  id,
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: id }, stringData: { key: 'hush' } },
});
const map = (id: string, v: string) => ({
  id,
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id }, data: { v } },
});

describe('a Secret in a subgraph, where expressions use only the last part of its id', () => {
  const graph = graphObject([
    secret('outer'),
    {
      id: 'sub',
      graph: {
        nodes: [
          secret('login'),
          map('copy', '${string(login.data.key)}'),
          map('count', '${string(size(login.data))}'),
          map('both', '${string(size(login.data)) + string(login.data.key)}'),
          map('above', '${string(outer.data.key)}'),
          map('further', '${copy.data.v}'),
          { id: 'deep', graph: { nodes: [secret('outer'), map('own', '${string(outer.data.key)}')] } },
        ],
      },
    },
  ]);

  test.each([
    ['sub/copy', true],
    ['sub/count', false],
    ['sub/both', true],
    ['sub/above', true],
    ['sub/further', true],
    ['sub/deep/own', true],
  ])('%s contains a value of a Secret: %s', (id, expected) => {
    const node = graph.nodes.get(id);
    expect(node?.template.holes.map(({ expression }) => Secrets.expressionsOf(graph)(node, expression))).toEqual([
      expected,
    ]);
    expect(Secrets.fieldsOf(graph)(id, 'data.v')).toBe(expected);
    expect(Secrets.liveFieldsOf(graph)(id, 'data.v')).toBe(expected);
  });
});

test('a condition that reads each Secret of a collection is secret', () => {
  const graph = graphOf(`
schema: { spec: { names: '[]string' } }
resources:
  - id: logins
    forEach: [{ name: '\${schema.spec.names}' }]
    readyWhen: ['\${string(each.data.key) == "prod"}', '\${size(each.data) > 0}']
    template: { apiVersion: v1, kind: Secret, metadata: { name: '\${name}' }, stringData: { key: hush } }
`);
  const node = graph.nodes.get('logins');
  const hides = Secrets.expressionsOf(graph);
  // The number of keys of a Secret is not secret. In this condition it counts as secret nevertheless: the search for
  // such reads looks for the id of the node, and the condition has `each` instead.
  expect(node?.readyWhen.map((each) => hides(node, each))).toEqual([true, true]);
});
