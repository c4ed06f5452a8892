import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';

const SCHEMA = 'schema: {spec: {a: string, b: string, tags: "[]string | default=[]"}}';
const withData = (data: string) =>
  graphOf(
    `${SCHEMA}\nresources:\n  - {id: map, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: map}, data: {${data}}}}`,
    { features: { dynamicKeys: true } },
  );

function run(graph: ReturnType<typeof graphOf>, spec: JsonObject, cluster = new FakeCluster()) {
  const key = putInstance(graph, cluster, 'i', spec);
  const { decision } = settle(graph, key, cluster);
  return { cluster, decision, states: statesOf(decision), data: cluster.get('ConfigMap/ns/map')?.['data'] };
}

describe('a computed key', () => {
  test.each<[string, string, JsonObject | undefined]>([
    ['names its member', '"${schema.spec.a}": x', { one: 'x' }],
    ['may be a part of a string', '"k-${schema.spec.a}-${schema.spec.b}": x', { 'k-one-two': 'x' }],
    ['may have a computed value', '"${schema.spec.a}": "${schema.spec.b}", plain: p', { one: 'two', plain: 'p' }],
    ['of null omits the member', '"${dyn(null)}": x, plain: p', { plain: 'p' }],
    [
      'of an empty optional omits the member',
      '"${optional.ofNonZeroValue(schema.spec.b.substring(3))}": x, plain: p',
      { plain: 'p' },
    ],
  ])('%s', (_title, data, expected) => {
    expect(run(withData(data), { a: 'one', b: 'two' }).data).toEqual(expected);
  });

  test('that changes renames its member', () => {
    const graph = withData('"${schema.spec.a}": x');
    const { cluster } = run(graph, { a: 'one', b: '' });
    expect(run(graph, { a: 'other', b: '' }, cluster).data).toEqual({ other: 'x' });
  });

  test.each([
    ['another computed key', '"${schema.spec.a}": x, "${schema.spec.b}": y'],
    ['a constant key', '"${schema.spec.a}": x, one: y'],
  ])('that equals %s is an error, and nothing is written', (_title, data) => {
    const { states, decision, data: written } = run(withData(data), { a: 'one', b: 'one' });
    expect([states['map'], written]).toEqual(['failed: expression-failed', undefined]);
    expect(decision.nodes[0]?.message).toContain('duplicate key "one"');
  });

  test('that evaluates to a number is an error', () => {
    const { states, decision } = run(withData('"${dyn(1)}": x'), { a: '', b: '' });
    expect(states['map']).toBe('failed: expression-failed');
    expect(decision.nodes[0]?.message).toContain('a key must be a string, got int64');
  });

  test('inside the value of another computed key yields a nested object in a variable', () => {
    const graph = graphOf(
      `${SCHEMA}
resources:
  - {id: values, variable: {"\${schema.spec.a}": {"\${schema.spec.b}": deep}}}
  - {id: map, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: map}, data: {v: "\${values['one']['two']}"}}}`,
      { features: { dynamicKeys: true, variables: true } },
    );
    expect(run(graph, { a: 'one', b: 'two' }).data).toEqual({ v: 'deep' });
  });

  test('with an iterator differs from item to item', () => {
    const graph = graphOf(
      `${SCHEMA}
resources:
  - id: map
    forEach: [{tag: "\${schema.spec.tags}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${tag}"}, data: {"key-\${tag}": "\${schema.spec.a}", "\${schema.spec.b}": y}}`,
      { features: { dynamicKeys: true } },
    );
    const { cluster, states } = run(graph, { a: 'one', b: 'two', tags: ['p', 'q'] });
    expect(states).toEqual({ map: 'ready: ready' });
    expect(cluster.get('ConfigMap/ns/p')?.['data']).toEqual({ 'key-p': 'one', two: 'y' });
    expect(cluster.get('ConfigMap/ns/q')?.['data']).toEqual({ 'key-q': 'one', two: 'y' });
    const same = run(graph, { a: 'one', b: 'key-q', tags: ['p', 'q'] });
    expect(same.states['map']).toBe('failed: expression-failed');
  });
});
