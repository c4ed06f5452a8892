import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { Explanation } from './index.ts';

const map = (name: string, count: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns', labels: { app: 'shop' } },
  data: { count },
});
const SETTINGS = `
  - id: settings
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}`;
const MAPS = `
  - id: maps
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: shop}}}}`;
const child = (value: string, more = '') => `
  - id: child
    ${more}
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: child}, data: {a: "\${${value}}"}}`;

/** The end of the message of the failed node `child`. It names the objects that the expression reads. */
function failureOf(resources: string): string {
  const graph = graphOf(`schema: {spec: {n: "integer | default=0"}}\nresources:${resources}`);
  const cluster = new FakeCluster();
  for (const object of [map('settings', '0'), map('other', '1')]) cluster.put(object);
  const key = putInstance(graph, cluster, 'a', { n: 0 });
  settle(graph, key, cluster);
  const { nodes } = decide(graph, cluster.get(key) as KubeObject, cluster);
  const node = nodes.find(({ id }) => id === 'child');
  const reason = node === undefined ? '' : Explanation.of(node).reason;
  return reason.includes('division by zero') ? reason.slice(reason.indexOf('division by zero')) : reason;
}

test.each([
  ['the instance alone, which has no name in the message', child('string(1 / schema.spec.n)'), ''],
  [
    'an external object',
    SETTINGS + child('string(1 / int(settings.data.count))'),
    '; it reads data.count of ConfigMap v1 ns/settings',
  ],
  [
    'several parts of one object',
    SETTINGS + child('settings.metadata.name + string(1 / int(settings.data.count))'),
    '; it reads metadata.name, data.count of ConfigMap v1 ns/settings',
  ],
  [
    'the item of an external collection',
    MAPS +
      `
  - id: child
    forEach: [{ entry: "\${maps}" }]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${entry.metadata.name}-c"}, data: {a: "\${string(1 / int(entry.data.count))}"}}`,
    '; it reads data.count of ConfigMap v1 ns/settings',
  ],
  [
    'a list of objects',
    MAPS + child('string(1 / (size(maps) - 2))'),
    '; it reads metadata.name of ConfigMap v1 ns/other and metadata.name of ConfigMap v1 ns/settings',
  ],
  [
    'an external object in includeWhen',
    SETTINGS + child("'x'", 'includeWhen: ["${1 / int(settings.data.count) == 1}"]'),
    '; it reads data.count of ConfigMap v1 ns/settings',
  ],
  [
    'the object of the node itself in readyWhen',
    child("'0'", 'readyWhen: ["${1 / int(child.data.a) == 1}"]'),
    '; it reads data.a of ConfigMap v1 ns/child',
  ],
])('the message names the objects that the failed expression reads: %s', (_what, resources, expected) => {
  expect(failureOf(resources)).toBe(`division by zero${expected}`);
});
