import { expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import type { KubeObject } from '@typekro/kit/core';
import { maskedSecretRefusal, refusalMask } from './mask-refusal.ts';
import { secretFields } from './secret-fields.ts';

const graph = graphOf(`
resources:
- id: secret
  template: { apiVersion: v1, kind: Secret, metadata: { name: s }, stringData: { password: hunter2-old } }
- id: reading
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: { name: web, labels: { token: '\${string(secret.data.password)}' } }
- id: derived
  template: { apiVersion: v1, kind: Secret, metadata: { name: d, labels: { token: '\${string(secret.data.password)}' } } }
- id: plain
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: web } }
`);
const mask = refusalMask(graph, secretFields(graph));

const object = (kind: string, more: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'web' },
  ...more,
});
const reading = object('ConfigMap', {
  metadata: { name: 'web', namespace: 'shop', labels: { token: 'hunter2 value' } },
});
const secret = object('Secret', { stringData: { password: 'hunter2 old' }, data: { pin: 'NDcxMTA4MTU=' } });

test.each<[string, KubeObject | undefined, string, string]>([
  [
    'reading',
    reading,
    'ConfigMap "web" is invalid: metadata.labels: Invalid value: "hunter2 value": a valid label must be alphanumeric',
    'ConfigMap "web" is invalid: metadata.labels: Invalid value: "(secret)": a valid label must be alphanumeric',
  ],
  [
    'reading',
    reading,
    'admission webhook "deny.dev" denied the request: token hunter2 value is short',
    'admission webhook "deny.dev" denied the request: token (secret) is short',
  ],
  [
    'derived',
    object('Secret', { metadata: { name: 'web', namespace: 'shop', labels: { token: 'hunter2 value' } } }),
    'Secret "web" is invalid: metadata.labels: Invalid value: "hunter2 value": a valid label must be alphanumeric',
    'Secret "web" is invalid: metadata.labels: Invalid value: "(secret)": a valid label must be alphanumeric',
  ],
  ['reading', reading, 'namespaces "shop" not found', 'namespaces "shop" not found'],
  ['reading', undefined, 'x: Invalid value: "a \\"quoted\\" one": no', 'x: Invalid value: "(secret)": no'],
  ['reading', undefined, 'x: Invalid value: 4711: no', 'x: Invalid value: (secret): no'],
  [
    'reading',
    { ...reading, metadata: { ...reading.metadata, name: 'hunter2 value-web' } },
    'ConfigMap "hunter2 value-web" is invalid: data: hunter2 value is refused',
    'ConfigMap "hunter2 value-web" is invalid: data: (secret) is refused',
  ],
  [
    'reading',
    reading,
    'x: Unsupported value: "hunter2 value": supported values: "A", "B"; conflict with "kubectl" using v1',
    'x: Unsupported value: "(secret)": supported values: "A", "B"; conflict with "kubectl" using v1',
  ],
  [
    'reading',
    { ...reading, data: { level: 'high' } },
    'x: Invalid value: "hunter2 value": container "high" is wrong',
    'x: Invalid value: "(secret)": container "high" is wrong',
  ],
  [
    'retired',
    object('ConfigMap', {}),
    'ConfigMap "web": Invalid value: "a"',
    'ConfigMap "web": Invalid value: "(secret)"',
  ],
  ['reading', reading, 'x: expected string, got &v{Value:4711}', 'x: expected string, got &v{Value:(secret)}'],
  [
    'derived',
    undefined,
    'resolve: node "derived": eval "string(secret.data.password)" at "metadata.labels.token": "hunter2 value" is wrong',
    'resolve: node "derived": eval "string(secret.data.password)" at "metadata.labels.token": "(secret)" is wrong',
  ],
  ['secret', secret, 'data: hunter2 old and 47110815 are refused', 'data: (secret) and (secret) are refused'],
  [
    'plain',
    reading,
    'ConfigMap "web" is invalid: data: Invalid value: "a b": no',
    'ConfigMap "web" is invalid: data: Invalid value: "a b": no',
  ],
])('possible secrets are masked in this refusal of node %s with the object %j: %s', (node, desired, text, masked) => {
  expect(mask(node, desired, text)).toBe(masked);
});

test('a value of stringData is masked in a refusal that names it as base64', () => {
  const text = 'admission webhook "deny.dev" denied the request: aHVudGVyMiBvbGQ= is weak';
  expect(maskedSecretRefusal(secret, text)).toBe(text.replace('aHVudGVyMiBvbGQ=', '(secret)'));
});

test('the values of a Secret from a file are masked in its refusal', () => {
  expect(maskedSecretRefusal(secret, 'Secret "web" is invalid: stringData: Invalid value: "hunter2 old": no')).toBe(
    'Secret "web" is invalid: stringData: Invalid value: "(secret)": no',
  );
  const annotated = object('Secret', { metadata: { name: 'web', annotations: { copy: 'hunter2 old' } } });
  expect(maskedSecretRefusal(annotated, 'metadata.annotations: hunter2 old is refused')).toBe(
    'metadata.annotations: (secret) is refused',
  );
});

test('a word in a refusal is not masked when it equals the value of an annotation of the controller', () => {
  const annotations = { 'internal.kro.run/node-path': 'secret' };
  const secret = object('Secret', { metadata: { name: 'web', annotations } });
  expect(maskedSecretRefusal(secret, 'secrets are bad')).toBe('secrets are bad');
});
