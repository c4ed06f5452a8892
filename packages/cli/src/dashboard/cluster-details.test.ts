import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { ownViewer } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import type { ClusterDetailsOptions } from './cluster-details.ts';
import { ClusterDetails } from './cluster-details.ts';

test('if the API server does not respond, the facts arrive after two seconds, without the version of the cluster', async () => {
  const clock = new TestClock();
  const raw: KubernetesApi['raw'] = ({ signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
  const viewer = ownViewer({ raw } as KubernetesApi);
  const details = new ClusterDetails({ clock, cluster: 'test', version: '1' } as unknown as ClusterDetailsOptions);
  const answer = details.meta({ viewer, signal: new AbortController().signal });
  await clock.advance(2000);
  expect((await answer).cluster).toEqual({ name: 'test' });
  expect(clock.timers).toBe(0);
});

test('the version of the API server is read again after ten minutes', async () => {
  const clock = new TestClock();
  let reads = 0;
  const raw = () => {
    reads += 1;
    return Promise.resolve({ status: 200, headers: {}, text: JSON.stringify({ gitVersion: `v1.${reads}` }) });
  };
  const viewer = ownViewer({ raw } as unknown as KubernetesApi);
  const details = new ClusterDetails({ clock, cluster: 'test', version: '1' } as unknown as ClusterDetailsOptions);
  const version = async () => (await details.meta({ viewer, signal: new AbortController().signal })).cluster.version;
  expect([await version(), await version()]).toEqual(['v1.1', 'v1.1']);
  await clock.advance(10 * 60_000);
  expect(await version()).toBe('v1.2');
});
