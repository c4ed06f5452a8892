import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeployEvent, type Plan, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment } from '../../packages/sdk/src/factories/simple/index.ts';
import { type DeployServer, startDeployServer } from '../support/deploy-server.ts';

const app = kubernetesComposition(
  {
    name: 'planned',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Planned',
    spec: type({ name: 'string', image: 'string', debug: 'boolean' }),
    status: type({ address: 'string' }),
  },
  (s) => {
    const config = ConfigMap({ id: 'config', name: `${s.name}-config`, data: { a: 'b' } });
    const web = Deployment({ id: 'web', name: s.name, image: s.image, env: { CONFIG: config.metadata.name } });
    ConfigMap({ id: 'after', name: `${s.name}-after`, data: { observed: `${web.status.observedGeneration}` } });
    if (s.debug) ConfigMap({ id: 'debug', name: `${s.name}-debug`, data: {} });
    return { address: config.metadata.name };
  },
);

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

const factory = (mode: 'direct' | 'kro') =>
  app.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
const summary = ({ changes, waiting }: Plan) => ({
  changes: changes.map(({ outcome, nodeId, object, fields }) =>
    [outcome, nodeId || '-', object.name, ...fields].join(' '),
  ),
  waiting: waiting.map(({ nodeId }) => nodeId),
});
const first = { name: 'a', image: 'nginx:1', debug: true };

test('a field that another manager has taken over keeps its value, and the plan does not change it', async () => {
  const scaled = kubernetesComposition(
    {
      name: 'scaled',
      apiVersion: 'example.com/v1alpha1',
      kind: 'Scaled',
      spec: type({ name: 'string', size: 'number.integer' }),
      status: type({}),
    },
    (s) => {
      const web = Deployment({ id: 'web', name: s.name, image: 'nginx', replicas: s.size });
      web.withExternalFields(['spec.replicas']).withReadyWhen(() => true);
      return {};
    },
  );
  const direct = scaled.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
  await direct.deploy({ name: 'b', size: 2 });
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'b', namespace: 'default' };
  const replicas = async () => ((await cluster.client.get(ref))['spec'] as { replicas?: number }).replicas;
  expect(await replicas()).toBe(2);
  await cluster.client.patch(ref, { spec: { replicas: 5 } }, { fieldManager: 'autoscaler' });
  expect(summary(await direct.plan({ name: 'b', size: 3 })).changes).toEqual(['unchanged web b']);
  await direct.deploy({ name: 'b', size: 3 });
  expect(await replicas()).toBe(5);
});

test('a resource with the deletion policy Orphaned stays when a condition excludes it and when the instance is deleted', async () => {
  const keeping = kubernetesComposition(
    {
      name: 'keeping',
      apiVersion: 'example.com/v1alpha1',
      kind: 'Keeping',
      spec: type({ name: 'string', extra: 'boolean' }),
      status: type({}),
    },
    (s) => {
      ConfigMap({ id: 'data', name: `${s.name}-data`, data: { a: 'b' } }).withDeletionPolicy('Orphaned');
      if (s.extra) ConfigMap({ id: 'extra', name: `${s.name}-extra`, data: {} }).withDeletionPolicy('Orphaned');
      ConfigMap({ id: 'other', name: `${s.name}-other`, data: {} });
      return {};
    },
  );
  const direct = keeping.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
  await direct.deploy({ name: 'a', extra: true });
  const without = { name: 'a', extra: false };
  expect(summary(await direct.plan(without)).changes).toContain('orphaned - a-extra');
  await direct.deploy(without);
  expect(await direct.deleteInstance('a')).toMatchObject({
    status: 'complete',
    deleted: [{ name: 'a-other' }],
    retained: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a-data', namespace: 'default' }],
    remaining: [],
    retry: { guidance: expect.stringContaining('the objects in "retained" stay in the cluster') },
  });
  const again = await direct.deleteInstance('a');
  expect([again.retained, again.retry.guidance]).toEqual([[], 'nothing is left to delete']);
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  const left = items.filter(({ metadata }) => metadata.name?.startsWith('a-'));
  expect(left.map(({ metadata }) => [metadata.name, metadata.labels ?? {}, metadata.annotations ?? {}])).toEqual([
    ['a-data', { app: 'a-data' }, {}],
    ['a-extra', { app: 'a-extra' }, {}],
  ]);
});

test('withPropagateWhen() holds back changes, in a plan and in a deploy', async () => {
  const gated = kubernetesComposition(
    {
      name: 'gated',
      apiVersion: 'example.com/v1alpha1',
      kind: 'Gated',
      spec: type({ name: 'string', text: 'string', go: 'boolean' }),
      status: type({}),
    },
    (s) => {
      const db = Deployment({ id: 'db', name: s.name, image: 'nginx:1' });
      ConfigMap({ id: 'web', name: `${s.name}-web`, data: { text: s.text } })
        .withPropagateWhen(({ ready, updated }) => ready(db) && updated(db))
        .withPropagateWhen(() => s.go);
      return {};
    },
  );
  const direct = gated.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
  const web = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'g-web' };
  await direct.deploy({ name: 'g', text: '1', go: true });
  expect((await cluster.client.get(web))['data']).toEqual({ text: '1' });
  const held = { name: 'g', text: '2', go: false };
  expect(summary(await direct.plan(held))).toMatchInlineSnapshot(`
    {
      "changes": [
        "unchanged db g",
        "unchanged web g-web",
      ],
      "waiting": [
        "web",
      ],
    }
  `);
  const hasty = gated.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 2000 });
  await expect(hasty.deploy(held)).rejects.toThrow(
    'holds back a change of its object until propagateWhen schema.spec.go is true',
  );
  expect((await cluster.client.get(web))['data']).toEqual({ text: '1' });
  await direct.deploy({ ...held, go: true });
  expect((await cluster.client.get(web))['data']).toEqual({ text: '2' });
});

describe('plan', () => {
  test('has the known objects and the nodes that wait for the deploy, before the first deploy', async () => {
    expect(summary(await factory('direct').plan(first))).toEqual({
      changes: ['created config a-config', 'created debug a-debug', 'created web a'],
      waiting: ['after'],
    });
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    expect(items.filter(({ metadata }) => metadata.name?.startsWith('a'))).toEqual([]);
  });

  test('has the changed fields, the deleted objects and the unchanged objects, after the deploy', async () => {
    await factory('direct').deploy(first);
    expect(summary(await factory('direct').plan(first)).changes.every((line) => line.startsWith('unchanged'))).toBe(
      true,
    );
    expect(summary(await factory('direct').plan({ ...first, image: 'nginx:2', debug: false }))).toEqual({
      changes: expect.arrayContaining([
        'configured web a spec.template.spec.containers[0].image',
        'deleted - a-debug',
        'unchanged config a-config',
      ]) as string[],
      // The node `after` reads a status field of the changed Deployment, so its object is not known before the deploy.
      waiting: ['after'],
    });
  });

  test('has the definition and the instance, in kro mode', async () => {
    await cluster.startController({ features: { omit: true, now: true } });
    expect(summary(await factory('kro').plan(first))).toEqual({
      changes: ['created definition planned'],
      waiting: ['instance'],
    });
    await factory('kro').deploy(first);
    expect(summary(await factory('kro').plan({ ...first, image: 'nginx:2' })).changes).toEqual([
      'unchanged definition planned',
      'configured instance a spec.image',
    ]);
  });
});

describe('events of one deploy', () => {
  test('arrive in order, and the stream ends with the deploy', async () => {
    const types: string[] = [];
    for await (const event of factory('direct').deployEvents(first)) types.push(event.type);
    expect(types[0]).toBe('started');
    expect(types.at(-1)).toBe('completed');
    expect(types).toContain('resource-ready');
  });

  test('report what happened to each object', async () => {
    const outcomes = async (spec: typeof first) => {
      const found: string[] = [];
      for await (const event of factory('direct').deployEvents(spec)) {
        if (event.type === 'resource-outcome') {
          found.push([event.outcome, event.resourceId, event.object?.name ?? '-'].join(' '));
        }
      }
      return found.sort();
    };
    expect(await outcomes(first)).toEqual([
      'created after a-after',
      'created config a-config',
      'created debug a-debug',
      'created web a',
    ]);
    expect(await outcomes({ ...first, image: 'nginx:2', debug: false })).toEqual([
      'configured web a',
      'deleted debug a-debug',
      'skipped debug -',
      'unchanged after a-after',
    ]);
  });

  test('a break out of the loop over the events aborts the deploy', async () => {
    for await (const event of factory('direct').deployEvents(first)) if (event.type === 'started') break;
    expect(
      await cluster.client.find({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', namespace: 'default' }),
    ).toBe(undefined);
  });

  test('the error of a deploy is thrown after its last event', async () => {
    const seen: DeployEvent[] = [];
    const run = async () => {
      for await (const event of factory('kro').deployEvents(first)) seen.push(event);
    };
    await expect(run()).rejects.toMatchObject({ code: 'deploy/not-installed' });
    expect(seen.at(-1)?.type).toBe('failed');
  });
});
