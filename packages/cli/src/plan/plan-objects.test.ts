import { expect, test } from 'vitest';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { instanceDetail } from '../dashboard/instance-detail.ts';
import { fieldLines } from './plan-objects.ts';

const secret = (key: string, id = 'login'): JsonValue => ({
  id,
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: id }, stringData: { key } },
});
const map = (v: string): JsonValue => ({
  id: 'copy',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copy' }, data: { v } },
});
const graph = (...nodes: JsonValue[]): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'n' },
  spec: { nodes },
});

test('the plan of a Graph shows no literal of a Secret', () => {
  const [before, after] = [graph(secret('hush'), map('a')), graph(secret('hush2 ${env.user}'), map('b'))];
  expect(fieldLines(after, before, after, [])).toEqual([
    { path: 'spec.nodes[0].template.stringData.key', from: '(secret)', to: '(secret)${env.user}' },
    { path: 'spec.nodes[1].template.data.v', from: 'a', to: 'b' },
  ]);
});

test('the plan of a Graph with an added node shows no literal of its Secrets', () => {
  const [before, after] = [graph(secret('hush')), graph(secret('hush'), secret('hush2', 'other'))];
  expect(fieldLines(after, before, after, [])).toEqual([
    { path: 'spec.nodes', from: [secret('(secret)')], to: [secret('(secret)'), secret('(secret)', 'other')] },
  ]);
});

test('equal literals of a Secret are not a change', () => {
  expect(fieldLines(graph(secret('hush')), graph(secret('hush')), graph(secret('hush')), [])).toEqual([]);
});

test('the details of a Graph show no literal of a Secret', () => {
  const instance = graph(secret('hush'), map('a'));
  const decision = { nodes: [], apply: [], delete: [] };
  const observation = { instance, revision: 0, decision, problems: [], notes: [] };
  const { object } = instanceDetail(observation as never, {} as never, undefined);
  expect(JSON.stringify(object)).not.toContain('hush');
  expect(JSON.stringify(object)).toContain(JSON.stringify(map('a')));
});
