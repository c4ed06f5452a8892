import { type V1ConfigMap, AppsV1Api, CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { closeScene, openScene } from './scene.ts';

const namespace = 'typekro-e2e-node';

describe.each(clientServers())('the JavaScript client on $name', ({ start, workloads }) => {
  let server: ApiServer;
  const config = new KubeConfig();

  beforeAll(async () => {
    server = await start();
    await openScene(server, namespace);
    config.loadFromFile(server.kubeconfig);
  }, 90_000);
  afterAll(async () => {
    await closeScene(server, namespace);
    await server.close();
  });

  test('an informer receives created, changed and deleted objects', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const seen: string[] = [];
    const list = () => core.listNamespacedConfigMap({ namespace });
    const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, ({ metadata, data }) => seen.push(`${event} ${metadata?.name} ${data?.['a'] ?? ''}`));
    }
    await informer.start();
    const body = { metadata: { name: 'one' }, data: { a: '1' } };
    await core.createNamespacedConfigMap({ namespace, body });
    await core.replaceNamespacedConfigMap({ namespace, name: 'one', body: { ...body, data: { a: '2' } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'one' });
    await expect
      .poll(() => seen.filter((line) => line.includes('one')), { timeout: 10_000 })
      .toEqual(['add one 1', 'update one 2', 'delete one 2']);
    await informer.stop();
  });

  test.skipIf(!workloads)('typed calls create a Deployment, and its status changes', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const labels = { app: 'web' };
    await apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'web' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
        },
      },
    });
    const ready = async () => (await apps.readNamespacedDeployment({ namespace, name: 'web' })).status?.readyReplicas;
    await expect.poll(ready, { timeout: 10_000 }).toBe(2);
  });

  test('an error carries the code of the Status', async () => {
    const core = config.makeApiClient(CoreV1Api);
    await expect(core.readNamespacedConfigMap({ namespace, name: 'none' })).rejects.toMatchObject({ code: 404 });
  });
});
