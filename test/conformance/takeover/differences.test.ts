import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { differencesOf } from './differences.ts';

const object = (more: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  ...more,
});
const entry = (more: object) => ({ manager: 'kro', operation: 'Apply', apiVersion: 'v1', ...more });
const owners = (...uids: readonly string[]) => ({
  'f:ownerReferences': Object.fromEntries(uids.map((uid) => [`k:{"uid":"${uid}"}`, {}])),
});

test.each<readonly [title: string, kro: KubeObject, typekro: KubeObject, differences: number]>([
  ['a field of a user with the name time', object({ data: { time: '1' } }), object({ data: { time: '2' } }), 1],
  ['a field of a user with the name uid', object({ spec: { uid: '1' } }), object({ spec: { uid: '2' } }), 1],
  ['the UID of the object', object({}, { uid: '1' }), object({}, { uid: '2' }), 0],
  ['a deletion on one side', object({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), object({}), 1],
  [
    'the times of deletions',
    object({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    object({}, { deletionTimestamp: '2026-01-02T00:00:00Z' }),
    0,
  ],
  [
    'the times of conditions',
    object({ status: { conditions: [{ type: 'Ready', lastTransitionTime: '1' }] } }),
    object({ status: { conditions: [{ type: 'Ready', lastTransitionTime: '2' }] } }),
    0,
  ],
  [
    'the number of owned owner references',
    object({}, { managedFields: [entry({ fieldsV1: owners('1', '2') })] }),
    object({}, { managedFields: [entry({ fieldsV1: owners('3') })] }),
    1,
  ],
  [
    'the UIDs of owned owner references',
    object({}, { managedFields: [entry({ fieldsV1: owners('1', '2') })] }),
    object({}, { managedFields: [entry({ fieldsV1: owners('3', '4') })] }),
    0,
  ],
  [
    'the order of entries for a subresource and for the object',
    object({}, { managedFields: [entry({}), entry({ subresource: 'status' })] }),
    object({}, { managedFields: [entry({ subresource: 'status' }), entry({})] }),
    0,
  ],
])('%s: the objects have the expected number of differences', (_, kro, typekro, differences) => {
  expect(differencesOf(kro, typekro)).toHaveLength(differences);
});
