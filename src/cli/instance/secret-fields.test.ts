import { expect, test } from 'vitest';
import { graphOf } from '../../../test/support/compile-graph.ts';
import { secretFields } from './secret-fields.ts';

const map = (id: string, value: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {v: '${value}'}}}`;
const graph = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
${map('direct', '${string(login.data.key)}')}
${map('deferred', '${defer(string(login.data.key))}')}
${map('through', '${deferred.data.v}')}
${map('plain', '${plainer.metadata.name}')}
${map('plainer', 'x')}
  - {id: keyed, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: k, labels: {a: b}}, data: {"\${plainer.data.v}": "\${string(login.data.key)}"}}}
`);

test.each([
  ['login', 'data.key', true],
  ['login', 'metadata.name', false],
  ['direct', 'data.v', true],
  ['direct', 'metadata.name', false],
  ['deferred', 'data.v', true],
  ['through', 'data.v', true],
  ['plain', 'data.v', false],
  // The key of the field in the object is not known.
  ['keyed', 'data.x', true],
  ['keyed', 'metadata.labels.a', false],
  ['gone', 'data.v', true],
])('%s: %s can contain a value of a Secret: %s', (node, path, hides) => {
  expect(secretFields(graph)(node, path)).toBe(hides);
});
