import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { StoreEvent } from '../store/store.ts';
import type { ControllerClient } from './controller-client.ts';
import { quotaController } from './quota.ts';

const LIMITS = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`count/r${index}.example.com`, '5']));

test('the limits of a quota are read once, and only stored resources are counted, however many writes follow', () => {
  let reads = 0;
  const hard: JsonObject = new Proxy(
    { ...LIMITS, 'count/configmaps': '5' },
    { ownKeys: (target) => ((reads += 1), Reflect.ownKeys(target)) },
  );
  const metadata = { namespace: 'default', name: 'q' };
  let quota: KubeObject = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'm' } };
  const listed: string[] = [];
  let writes = 0;
  const client = {
    isEmpty: () => false,
    populated: () => ['configmaps', 'pods'].map((plural) => ({ group: '', plural })),
    get: () => quota,
    list: (resource: { plural: string }) => {
      listed.push(resource.plural);
      return resource.plural === 'resourcequotas' ? [quota] : [object];
    },
    now: () => 0,
    updateStatus: (_: KubeObject, status: JsonObject) => {
      writes += 1;
      quota = { ...quota, status };
    },
  } as unknown as ControllerClient;
  const event = (plural: string) =>
    ({ type: 'ADDED', collection: { group: '', plural }, stored: { object } }) as unknown as StoreEvent;

  for (let count = 0; count < 100; count += 1) {
    expect([...quotaController.keysOf(event('configmaps'), client)]).toEqual(['default/q']);
    expect([...quotaController.keysOf(event('secrets'), client)]).toEqual([]);
  }
  expect(reads).toBe(1);

  listed.length = 0;
  quotaController.reconcile('default/q', client);
  quotaController.reconcile('default/q', client);
  expect(quota.status?.['used']).toMatchObject({ 'count/configmaps': '1', 'count/r0.example.com': '0' });
  expect({ listed, writes }).toEqual({ listed: ['configmaps', 'configmaps'], writes: 1 });
});
