import { describe, afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type } from 'arktype';
import { createResource, kubernetesComposition, singleton } from '@typekro/sdk';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { findDirectDeployments, moveToController } from '@typekro/sdk/deploy';
import { conditionText } from '@typekro/testing/test-support/virtual-world';
import { ConfigMap, Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { type DeployServer, isRealServer, startDeployServer } from '../support/deploy-server.ts';
import { namespace, resourceQuota } from '../../packages/sdk/src/factories/kubernetes/index.ts';

describe('deploy conditional', () => {
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
});

describe('deploy shared', () => {
  let cluster: DeployServer;
  beforeEach(async () => {
    cluster = await startDeployServer();
    await cluster.startController();
  }, 90_000);
  afterEach(() => cluster.close());

  const settings = kubernetesComposition(
    { name: 'settings', spec: type({ name: 'string', color: 'string' }), status: type({ color: 'string' }) },
    (spec) => {
      const map = ConfigMap({ id: 'map', name: `${spec.name}-settings`, data: { color: spec.color } });
      return { color: map.data['color'] ?? '' };
    },
  );

  const page = (color: string) =>
    kubernetesComposition(
      { name: 'page', spec: type({ name: 'string' }), status: type({ color: 'string', phase: 'string' }) },
      (spec) => {
        const shared = singleton(settings, { id: 'main', spec: { name: 'main', color } });
        const space = createResource<{ status: { phase: string } }>(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${spec.name}-space` } },
          { id: 'space' },
        );
        const map = ConfigMap({
          id: 'map',
          name: spec.name,
          namespace: space.metadata.name,
          data: { color: shared.status.color },
        });
        return { color: map.data['color'] ?? '', phase: space.status.phase };
      },
    );

  test('kro mode creates namespaces and shared instances first, and does not replace shared instances of other graphs', async () => {
    const options = { namespace: 'default', transport: cluster.transport, timeout: 20_000 };
    const factory = page('blue').factory('kro', options);
    const deployed = await factory.deploy({ name: 'a' });
    expect(deployed.status).toMatchObject({ color: 'blue', phase: 'Active' });
    expect(deployed.metadata.annotations?.['typekro.dev/hoisted-namespaces']).toBe('["a-space"]');
    const shared = { apiVersion: 'kro.run/v1alpha1', kind: 'Settings', name: 'main', namespace: 'typekro-singletons' };
    const first = await cluster.client.get(shared);

    await factory.deploy({ name: 'b' });
    expect((await cluster.client.get(shared)).metadata.uid).toBe(first.metadata.uid);

    await expect(page('red').factory('kro', options).deploy({ name: 'c' })).rejects.toMatchObject({
      code: 'deploy/singleton-changed',
    });
    await factory.deleteInstance('a');
    const left = await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' });
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(['a-space', 'b-space']));
  });

  test('a deploy waits for the end of the deletion of a definition, and applies the definition again', async () => {
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'settings' };
    const hold = (finalizers: string[] | null) =>
      cluster.client.patch(definition, { metadata: { finalizers } }, { type: 'merge' });
    const applied: unknown[] = [];
    const factory = settings.factory('kro', {
      namespace: 'default',
      transport: cluster.transport,
      timeout: 20_000,
      progressCallback: ({ message }) => {
        if (!message?.startsWith('applied ResourceGraphDefinition')) return;
        applied.push(message);
        // The first apply of the second deploy writes to the definition that is being deleted. The finalizer is then
        // removed, so that the deletion ends.
        if (applied.length === 2) void hold(null);
      },
    });
    await factory.deploy({ name: 'a', color: 'blue' });
    await hold(['example.com/hold']);
    await cluster.client.delete(definition);
    expect((await factory.deploy({ name: 'b', color: 'red' })).status).toEqual(
      expect.objectContaining({ color: 'red' }),
    );
    expect(applied).toHaveLength(3);
  });
});

describe('deploy custom kinds', () => {
  const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

  const condition = { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } };

  /**
   * The CRD of a kind whose status has these properties. The tests use a kind with conditions and a kind whose status has
   * no fields.
   */
  const definitionOf = (kind: string, properties: JsonObject): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.sdk.example.com` },
    spec: {
      group: 'sdk.example.com',
      scope: 'Namespaced',
      names: { kind, plural: `${kind.toLowerCase()}s` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                status: { type: 'object', properties },
              },
            },
          },
        },
      ],
    },
  });

  const app = kubernetesComposition({ name: 'gears', spec }, ((input: { name: string }) => {
    createResource({ id: 'gear', apiVersion: 'sdk.example.com/v1', kind: 'Gear', metadata: { name: input.name } });
    createResource({ id: 'bolt', apiVersion: 'sdk.example.com/v1', kind: 'Bolt', metadata: { name: input.name } });
  }) as never);

  let server: DeployServer;
  beforeAll(async () => {
    server = await startDeployServer();
    for (const [kind, status] of [
      ['Gear', { conditions: { type: 'array', items: condition } }],
      ['Bolt', {}],
    ] as const) {
      await server.client.create(definitionOf(kind, status));
    }
  }, 90_000);
  afterAll(() => server.close());

  const options = (more: object = {}) => ({
    namespace: 'gears',
    transport: server.transport,
    timeout: 20_000,
    ...more,
  });

  test('a custom resource with conditions is ready when its condition Ready is True, and one without status fields when it exists', async () => {
    const factory = app.factory('direct', options());
    const waited: string[] = [];
    const ref = { apiVersion: 'sdk.example.com/v1', kind: 'Gear', name: 'a', namespace: 'gears' };
    for await (const event of factory.deployEvents({ name: 'a' })) {
      if (event.resourceId === 'gear' && event.message.includes('no status.conditions')) {
        waited.push(event.type);
        await server.client.patch(
          ref,
          { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
          { type: 'merge', subresource: 'status' },
        );
      }
    }
    expect(waited.length).toBeGreaterThan(0);
  });

  test('a deploy creates the namespace of the factory, and an object may use a namespace that the graph creates', async () => {
    const rooms = kubernetesComposition({ name: 'rooms', spec }, ((input: { name: string }) => {
      ConfigMap({ id: 'inside', name: input.name, namespace: 'sdk-room', data: {} });
      createResource({ id: 'room', apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sdk-room' } });
      createResource({ id: 'own', apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sdk-own' } });
    }) as never);
    const factory = rooms.factory('direct', options({ namespace: 'sdk-own' }));
    await factory.deploy({ name: 'a' });
    const inside = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'sdk-room' };
    expect(await server.client.find(inside)).toBeDefined();
    expect(await factory.deleteInstance('a')).toMatchObject({ status: 'complete' });
  });
});

describe('deploy cluster scope', () => {
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
});
