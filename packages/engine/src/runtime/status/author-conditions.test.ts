import { describe, expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { putInstance, settle } from '../../../test-support/direct-loop.ts';
import { FakeCluster } from '../../../test-support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { readConditions, SpecialStep } from '../index.ts';

const PUMP = 'Pump.parts.test/ns/p';
const pump = '{apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}, spec: {litres: 2}}';

function edit(cluster: FakeCluster, status: JsonObject) {
  cluster.edit(PUMP, (object) => void (object.status = status));
}

describe('conditions of the author', () => {
  const graph = graphOf(`
schema:
  spec: {limit: integer}
  status:
    conditions:
      - "\${runtime.newCondition({type: 'Fitted', status: p.metadata.name == '' ? 'False' : 'True', reason: 'Placed', message: 'at ' + p.metadata.name})}"
      - "\${runtime.newCondition({type: 'Ready', status: p.status.level < schema.spec.limit ? 'True' : 'False', reason: 'Level', message: string(p.status.level)})}"
      - "\${runtime.newCondition({type: 'Inner', status: runtime.condition(schema, 'ResourcesReady').status, reason: '', message: ''})}"
resources:
  - id: p
    template: ${pump}
`);
  const conditionsOf = (instance: KubeObject | undefined) =>
    readConditions(instance?.status?.['conditions']).map(({ type, status }) => [type, status]);

  test('replace kro’s conditions, each as soon as its data exists, and may read kro’s conditions', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { limit: 5 });
    const first = settle(graph, key, cluster);
    expect(conditionsOf(first.instance)).toEqual([
      ['Fitted', 'True'],
      ['Inner', 'True'],
    ]);
    expect(first.instance?.status?.['state']).toBe('ACTIVE');
    expect(first.decision.conditions.map(({ type }) => type)).toContain('ResourcesReady');
    edit(cluster, { level: 7 });
    expect(conditionsOf(settle(graph, key, cluster).instance)).toContainEqual(['Ready', 'False']);
    expect(settle(graph, key, cluster).decision.statusChanged).toBe(false);
  });

  test('keep their value while their data is missing', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { limit: 5 });
    settle(graph, key, cluster);
    edit(cluster, { level: 3 });
    settle(graph, key, cluster);
    edit(cluster, {});
    expect(conditionsOf(settle(graph, key, cluster).instance)).toContainEqual(['Ready', 'True']);
  });

  test('with a computed type that has no value yet: node conditions are removed when the option explain is off', () => {
    const anyType = graphOf(`
schema:
  status:
    conditions:
      - "\${[runtime.newCondition({type: p.status.phase, status: 'True'})]}"
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const key = putInstance(anyType, cluster, 'a', {});
    const explained = { step: { explain: true } } as const;
    settle(anyType, key, cluster, explained);
    edit(cluster, { level: 1 });
    const { instance } = settle(anyType, key, cluster, explained);
    expect(conditionsOf(instance)).toEqual([['node.typekro.dev/p', 'True']]);
    expect(conditionsOf(settle(anyType, key, cluster).instance)).toEqual([]);
  });

  test.each(['ResourcesPropagated', 'RevisionReconciled'])('of the type %s keep their time and their value', (type) => {
    const own = graphOf(`
schema:
  status:
    conditions:
      - "\${runtime.newCondition({type: '${type}', status: p.status.level > 1 ? 'True' : 'False'})}"
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const key = putInstance(own, cluster, 'a', {});
    settle(own, key, cluster);
    edit(cluster, { level: 2 });
    const before = readConditions(settle(own, key, cluster).instance?.status?.['conditions']);
    expect(before).toMatchObject([{ type, status: 'True' }]);
    const later = { step: { now: Date.parse('2040-01-01T00:00:00Z') } } as const;
    const again = settle(own, key, cluster, later);
    expect(again.decision.statusChanged).toBe(false);
    edit(cluster, {});
    expect(readConditions(settle(own, key, cluster, later).instance?.status?.['conditions'])).toEqual(before);
  });

  const computed = "runtime.newCondition({type: p.metadata.name, status: 'True'})";
  const literal = "runtime.newCondition({type: 'p', status: 'False'})";
  test.each([
    ['two entries', [`[${computed}]`, literal]],
    ['one entry', [`[${computed}, ${literal}]`]],
  ])('a type that is set twice by %s is omitted, and the state is ERROR', (_title, entries) => {
    const twice = graphOf(`
schema:
  status:
    conditions:
${entries.map((entry) => `      - "\${${entry}}"`).join('\n')}
      - "\${runtime.newCondition({type: 'Fine', status: 'True'})}"
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const { instance, decision } = settle(twice, putInstance(twice, cluster, 'a', {}), cluster);
    expect(conditionsOf(instance)).toEqual([['Fine', 'True']]);
    expect(instance?.status?.['state']).toBe('ERROR');
    expect(decision.statusProblems).toEqual([
      {
        path: 'conditions',
        expression: 'p',
        message: 'condition type "p" is set more than once by the entries of conditions',
      },
    ]);
  });
});

describe.each(['ResourcesReady', 'InstanceManaged', 'GraphResolved', 'Ready'])(
  'a definition that overrides the built-in condition %s',
  (type) => {
    const graph = graphOf(`
schema:
  spec: {twice: boolean | default=false}
  status:
    conditions:
      - "\${runtime.newCondition({type: '${type}', status: 'True', reason: 'Mine'})}"
      - "\${runtime.newCondition({type: 'Level', status: p.status.level > 2 ? 'True' : 'False'})}"
      - "\${runtime.newCondition({type: 'Once', status: 'True'})}"
      - "\${[runtime.newCondition({type: 'On' + 'ce', status: 'False'})].filter(c, schema.spec.twice)}"
      - "\${runtime.newCondition({type: 'Computed' + p.status.phase, status: 'True'})}"
resources:
  - id: p
    template: ${pump}
`);
    const at = (time: string) => ({ step: { now: Date.parse(time) } });
    const built = () => {
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'a', { twice: false });
      settle(graph, key, cluster, at('2026-11-01T00:00:00Z'));
      edit(cluster, { level: 3, phase: 'X' });
      return { cluster, key, first: settle(graph, key, cluster, at('2026-11-01T00:00:00Z')).instance };
    };
    const conditionRows = (instance: KubeObject | undefined) =>
      readConditions(instance?.status?.['conditions']).map(({ type: name, status, lastTransitionTime }) => [
        name,
        status,
        lastTransitionTime?.slice(11, 16),
      ]);
    const before = [
      [type, 'True', '00:00'],
      ['Level', 'True', '00:00'],
      ['Once', 'True', '00:00'],
      ['ComputedX', 'True', '00:00'],
    ];

    test('keeps the times of all conditions while their values stay', () => {
      const { cluster, key, first } = built();
      expect(conditionRows(first)).toEqual(before);
      cluster.edit(key, (object) => void (object.metadata.generation = 2));
      const later = settle(graph, key, cluster, at('2026-11-01T05:00:00Z'));
      expect(conditionRows(later.instance)).toEqual(before);
      expect(settle(graph, key, cluster, at('2026-11-01T06:00:00Z')).decision.statusChanged).toBe(false);
    });

    test('keeps conditions with literal and with computed types while their expression waits for data', () => {
      const { cluster, key } = built();
      edit(cluster, {});
      const { instance } = settle(graph, key, cluster, at('2026-11-01T05:00:00Z'));
      expect(conditionRows(instance)).toEqual(expect.arrayContaining(before));
      expect(conditionRows(instance)).toHaveLength(before.length);
    });

    test('keeps the previous condition of a type that is set twice', () => {
      const { cluster, key } = built();
      cluster.edit(key, (object) => void (object.spec = { twice: true }));
      const { instance } = settle(graph, key, cluster, at('2026-11-01T05:00:00Z'));
      expect(conditionRows(instance)).toEqual(before);
      expect(instance?.status?.['state']).toBe('ERROR');
    });

    test('keeps all conditions while no revision is usable, and all except ResourcesReady during a deletion', () => {
      const { cluster, key } = built();
      const instance = cluster.get(key) as KubeObject;
      const options = { now: 0, authorConditions: true };
      const failed = SpecialStep.unresolved(
        instance,
        'latest issued graph revision 2 failed',
        cluster.view(graph),
        options,
      );
      expect(conditionRows({ ...instance, status: failed.status })).toEqual(before);
      expect(failed.status['state']).toBe('ERROR');
      cluster.edit('Pump.parts.test/ns/p', (object) => void (object.metadata.finalizers = ['acme.test/hold']));
      cluster.remove(key);
      const deleting = settle(graph, key, cluster, at('2026-11-01T05:00:00Z')).instance;
      const rest = (rows: readonly unknown[][]) => rows.filter(([name]) => name !== 'ResourcesReady');
      expect(rest(conditionRows(deleting))).toEqual(rest(before));
      expect(conditionRows(deleting)).toContainEqual(['ResourcesReady', 'Unknown', '05:00']);
    });

    test('runtime.condition() reads the value of kro, not the value that the author sets', () => {
      const mirror = graphOf(`
schema:
  status:
    conditions:
      - "\${runtime.newCondition({type: '${type}', status: 'False', reason: 'Mine'})}"
      - "\${runtime.newCondition({type: 'Mirror', status: runtime.condition(schema, '${type}').status})}"
resources:
  - id: p
    template: ${pump}
`);
      const cluster = new FakeCluster();
      const key = putInstance(mirror, cluster, 'a', {});
      settle(mirror, key, cluster);
      cluster.edit(key, (object) => void (object.metadata.generation = 2));
      const { decision, instance } = settle(mirror, key, cluster);
      expect(conditionRows(instance).map(([name, status]) => [name, status])).toEqual([
        [type, 'False'],
        ['Mirror', 'True'],
      ]);
      expect(decision.conditions.every(({ status }) => status === 'True')).toBe(true);
    });
  },
);

test("an empty block declares no conditions: kro's own are written", () => {
  const graph = graphOf(`schema: {status: {conditions: []}}\nresources: [{id: p, template: ${pump}}]`);
  const cluster = new FakeCluster();
  const { instance } = settle(graph, putInstance(graph, cluster, 'a', {}), cluster);
  expect(readConditions(instance?.status?.['conditions']).map(({ type }) => type)).toContain('ResourcesReady');
});
