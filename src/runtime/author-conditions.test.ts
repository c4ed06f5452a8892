import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test/support/compile-graph.ts';
import { putInstance, settle } from '../../test/support/direct-loop.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '../core/index.ts';
import { readConditions } from './index.ts';

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

  test('stand in place of ours, one by one as their data appears, and may read ours', () => {
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

  test('those whose data is gone for now stay as they were', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { limit: 5 });
    settle(graph, key, cluster);
    edit(cluster, { level: 3 });
    settle(graph, key, cluster);
    edit(cluster, {});
    expect(conditionsOf(settle(graph, key, cluster).instance)).toContainEqual(['Ready', 'True']);
  });

  test('are not mixed up with ours that explain nodes, whatever types they may give', () => {
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

  test('one type given twice is dropped and makes the state ERROR', () => {
    const twice = graphOf(`
schema:
  status:
    conditions:
      - "\${[runtime.newCondition({type: p.metadata.name, status: 'True'})]}"
      - "\${runtime.newCondition({type: 'p', status: 'False'})}"
      - "\${runtime.newCondition({type: 'Fine', status: 'True'})}"
resources:
  - id: p
    template: ${pump}
`);
    const cluster = new FakeCluster();
    const { instance, decision } = settle(twice, putInstance(twice, cluster, 'a', {}), cluster);
    expect(conditionsOf(instance)).toEqual([['Fine', 'True']]);
    expect(instance?.status?.['state']).toBe('ERROR');
    expect(decision.statusProblems).toHaveLength(1);
  });
});
