import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { KubeObject } from '@typekro/kit/core';
import type { ApplyAction, Decision } from '@typekro/engine/runtime';
import { diffReport } from '../instance/diff-report.ts';
import { instancePlan } from './instance-plan.ts';

/** A Deployment whose first container uses a Secret value. In the live object, another container precedes it. */
const graph = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
  - id: web
    template:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: web }
      spec:
        selector: { matchLabels: { app: web } }
        template:
          metadata: { labels: { app: web } }
          spec: { containers: [{ name: web, image: 'nginx:1', env: [{ name: P, value: '\${string(login.data.key)}' }] }] }
`);
const web = (value: string, image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'n' },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'sidecar', image: 'proxy:1' },
          { name: 'web', image, env: [{ name: 'P', value }] },
        ],
      },
    },
  },
});
const container = 'spec.template.spec.containers[1]';
const type = { group: 'apps', version: 'v1', kind: 'Deployment' };
const apply = {
  nodeId: 'web',
  target: { type: { ...type, plural: 'deployments', namespaced: true }, namespace: 'n', name: 'web' },
  why: 'change',
  desired: web('new', 'nginx:2'),
  differences: [
    { path: `${container}.image`, kind: 'differs', found: 'nginx:1', wanted: 'nginx:2', managers: [] },
    { path: `${container}.env[0].value`, kind: 'differs', found: 'hush', wanted: 'hush2', managers: [] },
  ],
} as unknown as ApplyAction;
const decision = { state: 'IN_PROGRESS', conditions: [], nodes: [], apply: [apply], delete: [] } as unknown as Decision;

test('a plan hides a Secret value in a list that another client has changed', () => {
  const head = { instance: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' }, action: 'none', fields: [] } as never;
  const write = { wave: 1, after: [], before: web('hush', 'nginx:1'), apply };
  const answer = { checked: 'server' as const, object: web('hush2', 'nginx:2') };
  const { writes } = instancePlan(head, graph, { writes: [{ ...write, answer }], standing: decision, decision });
  const fields = [
    { path: `${container}.env[0].value`, from: '(secret)', to: '(secret)', secret: true },
    { path: `${container}.image`, from: 'nginx:1', to: 'nginx:2' },
  ];
  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  expect(writes.map((each) => each.fields.toSorted(byPath))).toEqual([fields]);
});

test('a diff hides a Secret value in a list that another client has changed', () => {
  const { changes } = diffReport({ instance: web('', ''), decision } as never, graph);
  expect(changes[0]?.fields).toEqual([
    { path: `${container}.image`, kind: 'differs', found: 'nginx:1', wanted: 'nginx:2', managers: [] },
    { path: `${container}.env[0].value`, kind: 'differs', found: '(secret)', wanted: '(secret)', managers: [] },
  ]);
});
