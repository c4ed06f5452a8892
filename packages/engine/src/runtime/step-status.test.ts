import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { keys, SpecialStep } from './index.ts';

const PUMP = 'Pump.parts.test/ns/p';
const pump = '{apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}, spec: {litres: 2}}';

function edit(cluster: FakeCluster, status: JsonObject) {
  cluster.edit(PUMP, (object) => void (object.status = status));
}

describe('status fields with expressions', () => {
  const graph = graphOf(`
schema:
  status:
    name: "\${p.metadata.name}"
    both: "\${p.metadata.name}@\${p.status.address}"
    safe: "\${p.status.?phase.orValue('none')}"
    box: {level: "\${p.status.level}", fixed: "\${p.spec.litres}"}
    deep: {inner: {level: "\${p.status.level}"}}
resources:
  - id: p
    template: ${pump}
`);

  test('appear one by one with their data, and disappear with their data', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    const fields = () => {
      const { state: _state, conditions: _conditions, ...rest } = settle(graph, key, cluster).instance?.status ?? {};
      return rest;
    };
    expect(fields()).toEqual({ name: 'p', box: { fixed: 2 } });
    edit(cluster, { address: '10.0.0.9', level: 4 });
    expect(fields()).toEqual({
      name: 'p',
      both: 'p@10.0.0.9',
      safe: 'none',
      box: { fixed: 2, level: 4 },
      deep: { inner: { level: 4 } },
    });
    edit(cluster, { level: 4, phase: 'Up' });
    expect(fields()).toEqual({ name: 'p', safe: 'Up', box: { fixed: 2, level: 4 }, deep: { inner: { level: 4 } } });
  });

  test.each([
    [{}, {}],
    [{ phase: 'Up' }, { texts: ['Up'], objects: [{ phase: 'Up' }] }],
    [{ level: 4 }, { objects: [{}, { level: 4 }] }],
    [
      { phase: 'Up', address: '10.0.0.9', level: 4 },
      { texts: ['Up', '10.0.0.9'], objects: [{ phase: 'Up' }, { level: 4 }], nested: [['10.0.0.9']] },
    ],
  ])('in a list are written up to the last known element at level 0.9: %j', (status, expected) => {
    const lists = graphOf(
      `
schema:
  status:
    texts: ["\${p.status.phase}", "\${p.status.address}"]
    objects: [{phase: "\${p.status.phase}"}, {level: "\${p.status.level}"}]
    nested: [["\${p.status.address}"]]
resources:
  - id: p
    template: ${pump}
`,
      { kroCompatibility: '0.9' },
    );
    const cluster = new FakeCluster();
    const key = putInstance(lists, cluster, 'a', {});
    settle(lists, key, cluster);
    edit(cluster, status);
    const { texts, objects, nested } = settle(lists, key, cluster).instance?.status ?? {};
    expect({ texts, objects, nested }).toEqual({
      texts: undefined,
      objects: undefined,
      nested: undefined,
      ...expected,
    });
  });

  test('a field that fails is omitted and reported, and all other fields are written', () => {
    const failing = graphOf(`
schema: {status: {name: "\${p.metadata.name}", bad: "\${int(p.status.phase)}"}}
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const key = putInstance(failing, cluster, 'a', {});
    settle(failing, key, cluster);
    edit(cluster, { phase: 'x' });
    const { decision, instance } = settle(failing, key, cluster);
    expect(instance?.status).toMatchObject({ name: 'p', state: 'ACTIVE' });
    expect(instance?.status).not.toHaveProperty('bad');
    expect(decision.statusProblems).toMatchObject([{ path: 'bad', expression: 'int(p.status.phase)' }]);
  });

  test.each([
    ['${double(p.spec.litres) / schema.spec.zero}', '+Inf'],
    ['${[0.5, schema.spec.zero / schema.spec.zero]}', 'NaN'],
    ['${{"a": {"b": -double(p.spec.litres) / schema.spec.zero}}}', '-Inf'],
  ])('a number that JSON cannot represent is an error and never null: %s', (bad, number) => {
    const infinite = graphOf(`
schema: {spec: {zero: float}, status: {name: "\${p.metadata.name}", bad: '${bad}'}}
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const key = putInstance(infinite, cluster, 'a', { zero: 0 });
    const { decision, instance } = settle(infinite, key, cluster);
    expect(instance?.status).toMatchObject({ name: 'p' });
    expect(instance?.status).not.toHaveProperty('bad');
    expect(decision.statusProblems[0]?.message).toContain(`json: unsupported value: ${number}`);
  });
});

describe('conditions', () => {
  const graph = graphOf(`
schema: {}
resources:
  - id: p
    template: ${pump}
    readyWhen: ["\${p.status.running}"]
`);

  test('quote an expression as kro does, with the escapes of %q', () => {
    const invisible = graphOf(`
schema: {}
resources:
  - id: p
    template: ${pump}
    readyWhen: ["\${p.metadata.name == 'a\\u200b'}"]
`);
    const cluster = new FakeCluster();
    const { instance } = settle(invisible, putInstance(invisible, cluster, 'a', {}), cluster);
    expect(conditionOf(instance, 'Ready')?.message).toContain(`readyWhen "p.metadata.name == 'a\\u200b'" is false`);
  });

  test('keep their transition time while their status stays the same, and have the current message', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    const at = (text: string) => ({ step: { now: Date.parse(text) } });
    const first = settle(graph, key, cluster, at('2026-11-01T00:00:00.5Z'));
    expect(conditionOf(first.instance, 'Ready')?.lastTransitionTime).toBe('2026-11-01T00:00:00Z');
    edit(cluster, { running: false });
    const second = settle(graph, key, cluster, at('2026-11-01T01:00:00Z'));
    expect(conditionOf(second.instance, 'Ready')?.lastTransitionTime).toBe('2026-11-01T00:00:00Z');
    expect(conditionOf(second.instance, 'Ready')?.message).toContain(
      'readyWhen "p.status.running" is false: waiting for readiness',
    );
    edit(cluster, { running: true });
    const third = settle(graph, key, cluster, at('2026-11-01T02:00:00Z'));
    expect(conditionOf(third.instance, 'Ready')).toEqual({
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: '2026-11-01T02:00:00Z',
      observedGeneration: 1,
    });
  });

  test('with equal times are in the order of kro, with Ready last', () => {
    const cluster = new FakeCluster();
    const { instance } = settle(graph, putInstance(graph, cluster, 'a', {}), cluster);
    const conditions = instance?.status?.['conditions'] as { type: string }[];
    expect(conditions.map(({ type }) => type)).toEqual(['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready']);
  });

  test('show that the instance has no usable revision, the state is ERROR, and all other status fields stay', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    cluster.edit(key, (object) => void (object.status = { url: 'x' }));
    const instance = cluster.get(key) as KubeObject;
    const text = 'latest issued graph revision 2 failed';
    const decision = SpecialStep.unresolved(instance, text, cluster.view(graph), { now: 0 });
    expect(decision.status).toMatchObject({ url: 'x', state: 'ERROR' });
    expect(decision.conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['GraphResolved', 'False', 'ResolutionFailed'],
      ['InstanceManaged', 'Unknown', 'AwaitingReconciliation'],
      ['ResourcesReady', 'Unknown', 'AwaitingReconciliation'],
      ['Ready', 'False', 'ResolutionFailed'],
    ]);
    expect([decision.apply, decision.delete, decision.parent]).toEqual([[], [], {}]);
  });

  test.each([
    ['without a finalizer gets no status', [], false],
    ['with a finalizer gets a status', [keys.FINALIZER], true],
  ])('before the first revision an instance %s', (_what, finalizers, isChanged) => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    cluster.edit(key, (object) => void (object.metadata.finalizers = finalizers));
    const options = { now: 0, revision: 0 };
    const decision = SpecialStep.unresolved(cluster.get(key) as KubeObject, 'none yet', cluster.view(graph), options);
    expect(decision.statusChanged).toBe(isChanged);
  });
});

test('a failed item of a collection takes precedence over an item that only waits', () => {
  const graph = graphOf(`
schema: {spec: {names: "[]string"}}
resources:
  - id: p
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: {n: "\${n}"}}
`);
  const readiness = ({ metadata }: KubeObject) => ({
    ready: false,
    failed: metadata.name === 'broken',
    reason: 'NotUp',
    message: 'not up',
  });
  for (const names of [
    ['broken', 'waits'],
    ['waits', 'broken'],
  ]) {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { names });
    expect(settle(graph, key, cluster, { step: { readiness } }).decision.state).toBe('ERROR');
  }
});

test('the readiness rules of the caller apply to nodes without readyWhen', () => {
  const graph = graphOf(`
schema: {}
resources:
  - id: p
    template: ${pump}
`);
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'a', {});
  const readiness = (object: KubeObject) => ({
    ready: object.status?.['phase'] === 'Up',
    failed: object.status?.['phase'] === 'Broken',
    reason: 'NotUp',
    message: 'the pump is not up',
  });
  const { decision } = settle(graph, key, cluster, { step: { readiness } });
  expect(decision.nodes[0]).toMatchObject({
    state: 'waiting',
    because: { kind: 'not-ready-by-kind', reason: 'NotUp' },
  });
  edit(cluster, { phase: 'Broken' });
  expect(settle(graph, key, cluster, { step: { readiness } }).decision.state).toBe('ERROR');
  edit(cluster, { phase: 'Up' });
  expect(settle(graph, key, cluster, { step: { readiness } }).decision.state).toBe('ACTIVE');
});
