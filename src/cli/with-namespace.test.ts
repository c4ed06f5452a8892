import { expect, test } from 'vitest';
import { withNamespace } from './with-namespace.ts';

const object = (metadata: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

test.each([
  ['no namespace', { name: 'a' }, 'b', { name: 'a', namespace: 'b' }],
  ['an empty namespace', { name: 'a', namespace: '' }, 'b', { name: 'a', namespace: 'b' }],
  ['its own namespace', { name: 'a', namespace: 'c' }, 'b', { name: 'a', namespace: 'c' }],
  ['nothing to add', { name: 'a' }, undefined, { name: 'a' }],
])('an object with %s', (_title, metadata, namespace, expected) => {
  expect(withNamespace(object(metadata), namespace)).toEqual(object(expected));
});
