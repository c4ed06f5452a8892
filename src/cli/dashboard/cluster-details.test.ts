import { expect, test } from 'vitest';
import { TestClock } from '../../../test/support/test-clock.ts';
import { ownViewer } from '../../inspect/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import type { ClusterDetailsOptions } from './cluster-details.ts';
import { ClusterDetails } from './cluster-details.ts';

test('an API server that does not answer does not delay the facts about this server, which has the limits', async () => {
  const clock = new TestClock();
  const raw: KubernetesApi['raw'] = ({ signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
  const viewer = ownViewer({ raw } as unknown as KubernetesApi);
  const details = new ClusterDetails({ clock, cluster: 'test', version: '1' } as unknown as ClusterDetailsOptions);
  const answer = details.meta({ viewer, signal: new AbortController().signal });
  await clock.advance(2000);
  expect((await answer).cluster).toEqual({ name: 'test' });
  expect(clock.timers).toBe(0);
});
