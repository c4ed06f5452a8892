import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { compileGraphObject } from '../graph/index.ts';
import { builtinSource } from '../schema/index.ts';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import { StepMemory } from './step-memory.ts';

const READER = (field: string) =>
  `{id: reader, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: reader}, data: {v: '${field}', fixed: x}}}`;

/** A definition in which `late` reads `reader`, and a deferred field of `reader` reads `late` without waiting. */
const circle = (field: string) =>
  graphOf(`
schema: {spec: {on: "boolean | default=true", ok: "string | default=yes"}}
resources:
  - ${READER(field)}
  - id: late
    includeWhen: ["\${schema.spec.on}"]
    readyWhen: ["\${late.data.ok == 'yes'}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {from: "\${reader.data.fixed}", ok: "\${schema.spec.ok}"}}
`);

function run(graph: ReturnType<typeof graphOf>, spec: JsonObject = {}, cluster = new FakeCluster()) {
  const key = putInstance(graph, cluster, 'a', { on: true, ok: 'yes', ...spec });
  const { decision, instance } = settle(graph, key, cluster, { step: { memory: new StepMemory() } });
  const again = settle(graph, key, cluster);
  expect([again.rounds, again.decision.apply, again.decision.statusChanged]).toEqual([0, [], false]);
  return {
    cluster,
    instance,
    states: statesOf(decision),
    data: (name: string) => cluster.get(`ConfigMap/ns/${name}`)?.['data'],
  };
}

describe('a deferred field that closes a circle', () => {
  test('gets its value once the other object exists, and then the instance needs no more writes', () => {
    const { data, states } = run(circle('${defer(late.metadata.uid)}'));
    expect(states).toEqual({ reader: 'ready: ready', late: 'ready: ready' });
    expect(data('reader')).toEqual({ v: expect.any(String), fixed: 'x' });
  });

  test('reads an object that is not ready', () => {
    const { data, states } = run(circle('${defer(late.data.from)}'), { ok: 'no' });
    expect(states['late']).toBe('waiting: not-ready');
    expect(data('reader')).toEqual({ v: 'x', fixed: 'x' });
  });

  test('has no value any more after the other object was removed', () => {
    const graph = circle('${defer(late.data.from).omitWhen(null)}');
    const { cluster, data } = run(graph);
    expect(data('reader')).toEqual({ v: 'x', fixed: 'x' });
    expect(run(graph, { on: false }, cluster).states).toEqual({ reader: 'ready: ready', late: 'skipped: excluded' });
    expect(data('reader')).toEqual({ fixed: 'x' });
    expect(run(graph, { on: true }, cluster).data('reader')).toEqual({ v: 'x', fixed: 'x' });
  });

  test('fails its node if the expression has an error other than missing data', () => {
    const { states } = run(circle('${defer(string(1 / size(late.data.?none.orValue(""))))}'));
    expect(states['reader']).toBe('failed: expression-failed');
  });
});

test('an object may read itself', () => {
  const graph = graphOf(
    `schema: {spec: {}}\nresources:\n  - ${READER('${defer(reader.metadata.uid).omitWhen(null)}')}`,
  );
  const { cluster, data } = run(graph);
  expect(data('reader')).toEqual({ v: cluster.get('ConfigMap/ns/reader')?.metadata.uid, fixed: 'x' });
});

test('deferred fields of collection items can read the iterators', () => {
  const graph = graphOf(`
schema: {spec: {on: "boolean | default=true", ok: "string | default=yes"}}
resources:
  - id: reader
    forEach: [{n: "\${['a', 'b']}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "r-\${n}"}, data: {v: "\${defer(n + late.data.ok).omitWhen(null)}"}}
  - {id: late, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {ok: "\${schema.spec.ok}", n: "\${string(reader.size())}"}}}
`);
  const { data } = run(graph);
  expect([data('r-a'), data('r-b'), data('late')]).toEqual([{ v: 'ayes' }, { v: 'byes' }, { ok: 'yes', n: '2' }]);
});

test('deferred fields also work in a Graph', () => {
  const map = (name: string, data: JsonObject) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  const nodes = [
    { id: 'reader', template: map('reader', { v: '${defer(late.metadata.uid).omitWhen(null)}' }) },
    { id: 'late', template: map('late', { from: '${reader.metadata.name}' }) },
  ];
  const object = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'ns' },
    spec: { nodes },
  };
  const { graph } = compileGraphObject(object, { sources: builtinSource(), features: { defer: true } });
  if (graph === undefined) throw new Error('the Graph does not compile');
  const cluster = new FakeCluster();
  cluster.put(object);
  const { decision } = settle(graph, 'Graph.kro.run/ns/g', cluster, {
    step: { account: 'system:serviceaccount:ns:default' },
  });
  expect(statesOf(decision)).toEqual({ reader: 'ready: ready', late: 'ready: ready' });
  expect(cluster.get('ConfigMap/ns/reader')?.['data']).toEqual({ v: cluster.get('ConfigMap/ns/late')?.metadata.uid });
});
