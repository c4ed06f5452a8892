import { expect, test } from 'vitest';
import { startProxy } from '@typekro/kube/test-support/proxy-server';
import { createEmbeddedCluster } from '../../../packages/cluster/src/index.ts';
import { KubeClient, loadKubeConfig } from '../../../packages/kube/src/index.ts';

test('reads, writes and watches reach an API server with TLS through few tunnels of a proxy', async () => {
  const cluster = await createEmbeddedCluster();
  const { kubeconfig, url } = await cluster.listen();
  const proxy = await startProxy();
  const config = await loadKubeConfig({ text: kubeconfig });
  const client = new KubeClient({ config: { ...config, proxyUrl: `http://${proxy.host}` } });
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
  const names = Array.from({ length: 40 }, (_, index) => `map-${index}`);
  await Promise.all(names.map((name) => client.create(map(name))));
  const seen = new Set<string | undefined>();
  for await (const event of client.watch({ apiVersion: 'v1', kind: 'ConfigMap' })) {
    if (event.type === 'ADDED') seen.add(event.object.metadata.name);
    if (names.every((name) => seen.has(name))) break;
  }
  expect(new Set(proxy.asked)).toEqual(new Set([new URL(url).host]));
  expect(proxy.asked.length).toBeLessThan(10);
  await client.close();
  await cluster.close();
  proxy.close();
});
