import { expect, test } from 'vitest';
import type { KubeObject } from '../core/index.ts';
import { withoutServerFields } from './object-fields.ts';

test('for an object that is being deleted, withoutServerFields keeps only the fields that the author wrote', () => {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      labels: { team: 'b' },
      finalizers: ['example.com/f'],
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 30,
      managedFields: [],
    },
    data: { k: 'v' },
    status: {},
  };
  expect(withoutServerFields(object)).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels: { team: 'b' }, finalizers: ['example.com/f'] },
    data: { k: 'v' },
  });
});
