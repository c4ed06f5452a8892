import { expect, test } from 'vitest';
import { KubeError } from '../../kube/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { readObject } from './current-values.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
const error = new KubeError('configmaps "a" is forbidden', { status: 403, reason: 'Forbidden' });
const api = { find: () => Promise.reject(error) } as unknown as KubernetesApi;

test('an object that the caller may not read has the reason', async () => {
  expect(await readObject(api, MAP, new AbortController().signal)).toEqual({ failure: error.message });
});

test('a read of a caller that has left fails, and is not taken for an object that cannot be read', async () => {
  await expect(readObject(api, MAP, AbortSignal.abort())).rejects.toBe(error);
});
