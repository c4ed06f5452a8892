import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { KubeObject } from '@typekro/kit/core';
import { readyObjects } from './ready-objects.ts';

const GRAPH = graphOf(`
schema: { spec: { zones: '[]string' } }
resources:
  - id: pumps
    forEach: [{ zone: '\${schema.spec.zones}' }]
    readyWhen: ['\${each.status.running}', '\${each.status.level > 2}']
    template: { apiVersion: parts.test/v1, kind: Pump, metadata: { name: 'p-\${zone}' }, spec: {} }
  - id: one
    readyWhen: ['\${one.status.running}']
    template: { apiVersion: parts.test/v1, kind: Pump, metadata: { name: one }, spec: {} }
  - id: any
    template: { apiVersion: parts.test/v1, kind: Pump, metadata: { name: any }, spec: {} }
  - id: others
    readyWhen: ['\${others.size() > 1}', '\${others.all(p, p.status.running)}']
    externalRef:
      apiVersion: parts.test/v1
      kind: Pump
      metadata: { selector: { matchLabels: { app: pump } } }
`);

const pump = (status?: KubeObject['status']): KubeObject => ({
  apiVersion: 'parts.test/v1',
  kind: 'Pump',
  metadata: { name: 'x' },
  ...(status === undefined ? {} : { status }),
});

test.each<[string, string, KubeObject, boolean]>([
  ['all conditions of an item are true', 'pumps', pump({ running: true, level: 3 }), true],
  ['one condition of an item is false', 'pumps', pump({ running: true, level: 2 }), false],
  ['an item does not have the data', 'pumps', pump({ running: true }), false],
  ['an item has no status', 'pumps', pump(), false],
  ['the condition of a single object is true', 'one', pump({ running: true }), true],
  ['the condition of a single object is false', 'one', pump({ running: false }), false],
  ['the node has no conditions', 'any', pump(), true],
  ['a condition about a whole external list does not affect the readiness of an item', 'others', pump(), true],
])('the readiness of one object is decided: %s', (_title, id, object, expected) => {
  const node = GRAPH.nodes.get(id);
  if (node === undefined) throw new Error(`no node ${id}`);
  expect(readyObjects(node, [object], 0)).toEqual([expected]);
});

test('each object of a collection has its own readiness', () => {
  const node = GRAPH.nodes.get('pumps');
  if (node === undefined) throw new Error('no node pumps');
  const running = (level: number) => pump({ running: true, level });
  expect(readyObjects(node, [running(3), running(1), running(9)], 0)).toEqual([true, false, true]);
});
