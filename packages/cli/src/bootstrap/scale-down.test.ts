import { expect, test, vi } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { stopController } from './scale-down.ts';

test('stopController waits for the pods that a selector with matchExpressions selects', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const api = new KubeClient({ transport: cluster.transport() });
  const labels = { app: 'kro' };
  const containers = [{ name: 'kro', image: 'kro' }];
  const pod = (name: string, app: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app } },
    spec: { containers },
  });
  const deployment: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'default' },
    spec: {
      selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['kro'] }] },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
  const object = await api.create(deployment);
  // No Deployment controller runs in the cluster to update the status. Therefore the test sets an `observedGeneration`
  // that is higher than every generation of the Deployment.
  await api.patch(
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kro', namespace: 'default' },
    { status: { observedGeneration: 99 } },
    { subresource: 'status' },
  );
  await api.create(pod('of-kro', 'kro'));
  await api.create(pod('of-another', 'web'));
  const clock = new TestClock();
  const writer = { api, clock, signal: new AbortController().signal, timeoutMs: 200 };
  const controller = { namespace: 'default', name: 'kro', object } as Parameters<typeof stopController>[1];
  const list = vi.spyOn(api, 'list');
  const stopped = expect(stopController(writer, controller)).rejects.toThrow('Pod default/of-kro is not deleted yet');
  await expect.poll(() => list.mock.settledResults.map(({ type }) => type)).toEqual(['fulfilled']);
  await clock.advance(200);
  await stopped;
  await api.delete({ apiVersion: 'v1', kind: 'Pod', name: 'of-kro', namespace: 'default' });
  await stopController(writer, controller);
});
