import { AppsV1Api, CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/index.ts';
import { createCluster } from '../../src/cluster/index.ts';

describe('the JavaScript client against the embedded cluster', () => {
  let cluster: Cluster;
  const config = new KubeConfig();

  beforeAll(async () => {
    cluster = await createCluster();
    config.loadFromString((await cluster.listen()).kubeconfig);
  });
  afterAll(() => cluster.close());

  test('an informer sees what is created, changed and deleted', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const seen: string[] = [];
    const list = () => core.listNamespacedConfigMap({ namespace: 'default' });
    const informer = makeInformer<V1ConfigMap>(config, '/api/v1/namespaces/default/configmaps', list);
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, ({ metadata, data }) => seen.push(`${event} ${metadata?.name} ${data?.['a'] ?? ''}`));
    }
    await informer.start();
    const body = { metadata: { name: 'one' }, data: { a: '1' } };
    await core.createNamespacedConfigMap({ namespace: 'default', body });
    await core.replaceNamespacedConfigMap({ namespace: 'default', name: 'one', body: { ...body, data: { a: '2' } } });
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'one' });
    await expect
      .poll(() => seen.filter((line) => line.includes('one')), { timeout: 10_000 })
      .toEqual(['add one 1', 'update one 2', 'delete one 2']);
    await informer.stop();
  });

  test('typed calls create a Deployment whose status comes alive', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const labels = { app: 'web' };
    await apps.createNamespacedDeployment({
      namespace: 'default',
      body: {
        metadata: { name: 'web' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
        },
      },
    });
    const ready = async () =>
      (await apps.readNamespacedDeployment({ namespace: 'default', name: 'web' })).status?.readyReplicas;
    await expect.poll(ready, { timeout: 10_000 }).toBe(2);
  });

  test('an error carries the code of the Status', async () => {
    const core = config.makeApiClient(CoreV1Api);
    await expect(core.readNamespacedConfigMap({ namespace: 'default', name: 'none' })).rejects.toMatchObject({
      code: 404,
    });
  });
});
