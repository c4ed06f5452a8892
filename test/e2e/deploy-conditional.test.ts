import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigMap, Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { kubernetesComposition } from '@typekro/sdk';
import type { DeployServer } from '../support/deploy-server.ts';
import { isRealServer, startDeployServer } from '../support/deploy-server.ts';

const app = kubernetesComposition(
  {
    name: 'shelf',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Shelf',
    spec: type({ name: 'string', cache: 'boolean' }),
    status: type({ from: 'string', replicas: 'number' }),
  },
  (spec) => {
    const cache = spec.cache
      ? Service({ id: 'cache', name: `${spec.name}-cache`, selector: { app: 'cache' }, ports: [{ port: 80 }] })
      : undefined;
    const config = ConfigMap({ id: 'config', name: spec.name, data: { url: cache ? cache.spec.clusterIP : 'none' } });
    const web = Deployment({ id: 'web', name: spec.name, image: 'nginx:1.27', env: { URL: config.data.url } });
    return { from: config.data.url === 'none' ? 'nowhere' : 'the cache', replicas: web.status.readyReplicas };
  },
);

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

const uidOf = async (apiVersion: string, kind: string) =>
  (await cluster.client.get({ apiVersion, kind, name: 'a', namespace: 'default' })).metadata.uid;

// A real server has no kubelet. `startDeployServer` reports Deployments as ready in its place, but too late for the
// controller's first status. Mode kro is therefore tested only on the embedded cluster.
test.each(isRealServer ? (['direct'] as const) : (['direct', 'kro'] as const))(
  '%s: the creation or deletion of an optional object does not replace the objects that read it',
  { timeout: 60_000 },
  async (mode) => {
    if (mode === 'kro') await cluster.startController({ features: { omit: true, now: true } });
    const factory = app.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
    const uids = new Set<string | undefined>();
    for (const cache of [false, true, false]) {
      const { status } = await factory.deploy({ name: 'a', cache });
      expect(status).toMatchObject({ from: cache ? 'the cache' : 'nowhere' });
      // In kro mode, an instance without readyWhen is ACTIVE as soon as its objects exist. Their pods may not be ready.
      if (mode === 'direct') expect(status).toMatchObject({ replicas: 1 });
      uids.add(`${await uidOf('v1', 'ConfigMap')} ${await uidOf('apps/v1', 'Deployment')}`);
      const services = await cluster.client.list({ apiVersion: 'v1', kind: 'Service' }, { namespace: 'default' });
      expect(services.items.some(({ metadata }) => metadata.name === 'a-cache')).toBe(cache);
    }
    expect(uids.size).toBe(1);
  },
);
