import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../../cluster/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { KubeClient, systemClock } from '../../kube/index.ts';
import { stopController } from './scale-down.ts';

test('waits for the pods of a selector with matchExpressions', async () => {
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
  await api.patch(
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kro', namespace: 'default' },
    { status: { observedGeneration: 99 } },
    { subresource: 'status' },
  );
  await api.create(pod('of-kro', 'kro'));
  await api.create(pod('of-another', 'web'));
  const writer = { api, clock: systemClock, signal: new AbortController().signal, timeoutMs: 200 };
  const controller = { namespace: 'default', name: 'kro', object } as Parameters<typeof stopController>[1];
  await expect(stopController(writer, controller)).rejects.toThrow('Pod default/of-kro is not deleted yet');
  await api.delete({ apiVersion: 'v1', kind: 'Pod', name: 'of-kro', namespace: 'default' });
  await stopController({ ...writer, timeoutMs: 10_000 }, controller);
});
