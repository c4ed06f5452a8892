import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Transport } from '@typekro/kube';
import { createResource, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { type DeployServer, startDeployServer } from '../support/deploy-server.ts';

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

/** A transport that records the method and path of every request in `log`. */
function recorded(): { readonly transport: Transport; readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    transport: {
      request(request) {
        log.push(`${request.method} ${request.path.split('?', 1)[0]}`);
        return cluster.transport.request(request);
      },
      close: () => Promise.resolve(),
    },
  };
}

const shop = kubernetesComposition(
  { name: 'shop', spec: type({ name: 'string' }), status: type({ ready: 'boolean' }) },
  (spec) => {
    const config = ConfigMap({ id: 'config', name: `${spec.name}-config`, data: { a: 'b' } });
    const web = Deployment({ id: 'web', name: `${spec.name}-web`, image: 'nginx', env: { C: config.metadata.name } });
    Service({ id: 'service', name: `${spec.name}-svc`, selector: { app: spec.name }, ports: [{ port: 80 }] });
    ConfigMap({ id: 'more', name: `${spec.name}-more`, data: { web: web.metadata.name } });
    createResource(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: `${spec.name}-sa` } },
      { id: 'account' },
    );
    return { ready: web.status.readyReplicas >= 1 };
  },
);

const many = kubernetesComposition({ name: 'many', spec: type({ name: 'string', items: 'string[]' }) }, (spec) => {
  const first = ConfigMap({ id: 'first', name: spec.name, data: { a: 'b' } });
  for (const item of spec.items) ConfigMap({ id: 'part', name: `${first.metadata.name}-${item}`, data: { item } });
});

const factoryOf = (composition: typeof shop | typeof many, transport: Transport) =>
  composition.factory('direct', { namespace: 'default', transport, timeout: 20_000 }) as {
    deploy(spec: object): Promise<unknown>;
  };

describe('requests of a direct deploy', () => {
  test('five resources need one request per object, the requests for the record and discovery, and one watch per kind', async () => {
    const { transport, log } = recorded();
    await factoryOf(shop, transport).deploy({ name: 'a' });
    expect(log.toSorted()).toMatchInlineSnapshot(`
      [
        "GET /api/v1",
        "GET /api/v1/namespaces/default/configmaps",
        "GET /api/v1/namespaces/default/configmaps",
        "GET /api/v1/namespaces/default/configmaps/typekro-shop-a",
        "GET /api/v1/namespaces/default/configmaps/typekro-shop-a",
        "GET /api/v1/namespaces/default/serviceaccounts",
        "GET /api/v1/namespaces/default/services",
        "GET /apis/apps/v1",
        "GET /apis/apps/v1/namespaces/default/deployments",
        "GET /apis/kro.run/v1alpha1",
        "PATCH /api/v1/namespaces/default/configmaps/a-config",
        "PATCH /api/v1/namespaces/default/configmaps/a-more",
        "PATCH /api/v1/namespaces/default/configmaps/typekro-shop-a",
        "PATCH /api/v1/namespaces/default/configmaps/typekro-shop-a",
        "PATCH /api/v1/namespaces/default/configmaps/typekro-shop-a",
        "PATCH /api/v1/namespaces/default/serviceaccounts/a-sa",
        "PATCH /api/v1/namespaces/default/services/a-svc",
        "PATCH /apis/apps/v1/namespaces/default/deployments/a-web",
      ]
    `);
  });

  test('201 resources need at most 220 requests', async () => {
    const { transport, log } = recorded();
    await factoryOf(many, transport).deploy({ name: 'a', items: Array.from({ length: 200 }, (_, i) => `n${i}`) });
    expect(log.filter((line) => line.startsWith('PATCH'))).toHaveLength(203);
    expect(log.length).toBeLessThanOrEqual(220);
  });

  test('a second deploy of the same spec writes no child', async () => {
    const { transport, log } = recorded();
    await factoryOf(shop, transport).deploy({ name: 'a' });
    log.length = 0;
    await factoryOf(shop, transport).deploy({ name: 'a' });
    expect(log.filter((line) => !line.startsWith('GET'))).toEqual([
      'PATCH /api/v1/namespaces/default/configmaps/typekro-shop-a',
    ]);
  });
});
