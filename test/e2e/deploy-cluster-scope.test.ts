import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubernetesComposition, singleton } from '@typekro/sdk';
import { findDirectDeployments, moveToController } from '@typekro/sdk/deploy';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import { namespace, resourceQuota } from '../../packages/sdk/src/factories/kubernetes/index.ts';
import type { DeployServer } from '../support/deploy-server.ts';
import { startDeployServer } from '../support/deploy-server.ts';
import { conditionText } from '@typekro/testing/test-support/virtual-world';

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
  await cluster.startController();
}, 90_000);
afterEach(() => cluster.close());

const tenant = kubernetesComposition(
  {
    name: 'tenant',
    kind: 'Tenant',
    group: 'platform.example.com',
    scope: 'Cluster',
    shortNames: ['tn'],
    categories: ['platform'],
    additionalPrinterColumns: [{ name: 'Namespace', type: 'string', jsonPath: '.status.namespace' }],
    crdMetadata: { labels: { team: 'platform' } },
    metadata: { labels: { owner: 'platform' } },
    spec: type({ name: 'string', cpu: "string = '4'" }),
    status: type({ namespace: 'string' }),
  },
  (spec) => {
    const space = namespace({ id: 'space', metadata: { name: `team-${spec.name}` } });
    resourceQuota({
      id: 'quota',
      metadata: { name: 'team', namespace: space.metadata.name },
      spec: { hard: { 'requests.cpu': spec.cpu } },
    });
    return {
      namespace: space.metadata.name,
      conditions: [{ type: 'Small', status: spec.cpu === '4' ? 'True' : 'False', reason: 'Quota' }],
    };
  },
);

const instance = { apiVersion: 'platform.example.com/v1alpha1', kind: 'Tenant', name: 'shop' };
const quota = { apiVersion: 'v1', kind: 'ResourceQuota', name: 'team', namespace: 'team-shop' };
const options = () => ({ namespace: 'default', transport: cluster.transport, timeout: 20_000 });

test('kro mode deploys, lists, plans and deletes cluster-scoped instances', async () => {
  const factory = tenant.factory('kro', options());
  const deployed = await factory.deploy({ name: 'shop' });
  expect(deployed.status).toMatchObject({ namespace: 'team-shop' });
  expect(deployed.metadata.namespace).toBeUndefined();
  expect(conditionText(await cluster.client.get(instance), 'Small')).toMatch(/^True Quota/);
  expect((await cluster.client.get(instance)).metadata.namespace).toBeUndefined();
  expect((await cluster.client.get(quota))['spec']).toEqual({ hard: { 'requests.cpu': '4' } });
  const crd = await cluster.client.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'tenants.platform.example.com',
  });
  expect(crd.metadata.labels).toMatchObject({ team: 'platform' });
  expect(crd['spec']).toMatchObject({ scope: 'Cluster', names: { shortNames: ['tn'], categories: ['platform'] } });

  expect((await factory.getInstances()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
  const plan = await factory.plan({ name: 'shop', cpu: '8' });
  expect(plan.changes.map(({ outcome, object, fields }) => [outcome, object.kind, fields])).toEqual([
    ['unchanged', 'ResourceGraphDefinition', []],
    ['configured', 'Tenant', ['spec.cpu']],
  ]);
  await factory.deleteInstance('shop');
  expect(await factory.getInstances()).toEqual([]);
  expect(await cluster.client.find(quota)).toBeUndefined();
});

test('direct mode deploys, lists and deletes cluster-scoped instances', async () => {
  const factory = tenant.factory('direct', options());
  const deployed = await factory.deploy({ name: 'shop' });
  expect(deployed.status).toMatchObject({ namespace: 'team-shop' });
  expect((await cluster.client.get(quota))['spec']).toEqual({ hard: { 'requests.cpu': '4' } });
  expect((await factory.getInstances()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
  await factory.deleteInstance('shop');
  expect(await cluster.client.find(quota)).toBeUndefined();
});

test.each(['a deploy in kro mode', 'a migration'])('%s takes over a deployment of direct mode', async (how) => {
  await tenant.factory('direct', options()).deploy({ name: 'shop' });
  const record = { apiVersion: 'v1', kind: 'ConfigMap', name: 'typekro-tenant-shop', namespace: 'default' };
  expect(await cluster.client.find(record)).toBeDefined();
  const before = await cluster.client.get(quota);
  if (how === 'a migration') {
    await tenant.factory('kro', options()).deploy({ name: 'other' });
    const signal = AbortSignal.timeout(20_000);
    const [deployment] = await findDirectDeployments(cluster.client, 'shop', 'default', signal);
    if (deployment !== undefined) await moveToController(cluster.client, deployment, signal, false);
  }
  const deployed = await tenant.factory('kro', options()).deploy({ name: 'shop' });
  expect(deployed.metadata.labels).toHaveProperty(['applyset.kubernetes.io/id']);
  expect(await cluster.client.find(record)).toBeUndefined();
  expect((await cluster.client.get(quota)).metadata.uid).toBe(before.metadata.uid);
});

test('a graph reads the status of a shared cluster-scoped instance', async () => {
  const page = kubernetesComposition(
    { name: 'page', spec: type({ name: 'string' }), status: type({ where: 'string' }) },
    (spec) => {
      const shared = singleton(tenant, { id: 'shop', spec: { name: 'shop' } });
      const map = ConfigMap({ id: 'map', name: spec.name, data: { where: shared.status.namespace } });
      return { where: map.data['where'] ?? '' };
    },
  );
  const deployed = await page.factory('kro', options()).deploy({ name: 'a' });
  expect(deployed.status).toMatchObject({ where: 'team-shop' });
  expect(page.toYaml({ name: 'a' })).toMatch(/kind: Namespace\n(?:.*\n)*?  name: team-shop\n(?:.*\n)*kind: Tenant\n/);
});

test('in a cluster-scoped composition, a namespaced resource without a namespace is refused', () => {
  const lost = kubernetesComposition(
    { name: 'lost', scope: 'Cluster', spec: type({ name: 'string' }) },
    (spec) => void ConfigMap({ id: 'map', name: spec.name, data: {} }),
  );
  expect(() => lost.toYaml()).toThrow(/namespace/);
});
