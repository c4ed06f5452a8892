import { expect, test } from 'vitest';
import { Store } from '../store/store.ts';
import { metricsText } from './metrics.ts';

const stream = (isWatch: boolean) => ({ isWatch, end: () => undefined, expire: () => undefined });

test('the metrics count the objects of each resource, and the open watches but not other streams', () => {
  const store = new Store();
  const collection = store.collection('apps', 'deployments');
  collection.put('default/web', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } });
  const streams = new Set([stream(true), stream(false), stream(true)]);
  const lines = metricsText({ store, streams }).split('\n');
  expect(lines).toContain('apiserver_storage_objects{resource="deployments.apps"} 1');
  expect(lines).toContain('apiserver_longrunning_requests{verb="WATCH"} 2');
  expect(lines.find((line) => line.startsWith('process_resident_memory_bytes '))).toMatch(/ \d+$/);
});
