import { KubeConfig } from '@kubernetes/client-node';
import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FactoryOptions, createResource, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment } from '../../packages/sdk/src/factories/simple/index.ts';
import { type TestCluster, createCluster } from '@typekro/testing';

/** The cluster of one test. The tests check errors that a new user may encounter, most of them in both modes. */
let cluster: TestCluster;
beforeEach(async () => {
  cluster = await createCluster({
    clock: 'real',
    tokens: { jane: { name: 'jane', groups: ['system:authenticated'] } },
  });
  await cluster.startController({ features: { omit: true, now: true } });
});
afterEach(() => cluster.close());

const shop = kubernetesComposition({ name: 'shop', spec: type({ name: 'string' }) }, (spec) => {
  const config = ConfigMap({ id: 'config', name: `${spec.name}-config`, data: { a: 'b' } });
  const web = Deployment({ id: 'web', name: `${spec.name}-web`, image: 'nginx', env: { C: config.metadata.name } });
  web.withReadyWhen((self) => self.status.readyReplicas >= 1);
});
const widgets = kubernetesComposition({ name: 'widgets', spec: type({ name: 'string' }) }, (spec) => {
  createResource({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: spec.name } }, { id: 'widget' });
});

const modes = ['direct', 'kro'] as const;
const options = (more: Partial<FactoryOptions> = {}): FactoryOptions => ({
  transport: cluster.transport,
  timeout: 30_000,
  ...more,
});

describe.each(modes)('%s mode', (mode) => {
  test('without rights, the error names the verb and the resource, and the remedy is a role with both', async () => {
    const { kubeconfig } = await cluster.listen();
    const kubeConfig = kubeconfig.replace(/token: .*/, 'token: jane');
    expect(kubeConfig).not.toBe(kubeconfig);
    await expect(shop.factory(mode, { kubeConfig, timeout: 30_000 }).deploy({ name: 'a' })).rejects.toMatchObject({
      code: 'kube/forbidden',
      message: expect.stringMatching(/User "jane" cannot (get|patch) resource/) as string,
      remedy: expect.stringContaining('give the user a role with that verb and resource') as string,
    });
  });

  test('the error names a kind that the cluster does not serve, and a deletion removes all objects', async () => {
    const factory = widgets.factory(mode, options());
    await expect(factory.deploy({ name: 'a' })).rejects.toMatchObject({
      code: mode === 'direct' ? 'deploy/invalid-graph' : 'deploy/definition-refused',
      message: expect.stringContaining('example.com/v1') as string,
    });
    const { status, deleted } = await factory.deleteInstance('a');
    const names = deleted.map(({ kind, name }) => `${String(kind)} ${String(name)}`);
    expect({ status, names }).toEqual({
      status: 'complete',
      names: mode === 'direct' ? [] : ['ResourceGraphDefinition widgets'],
    });
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'widgets' };
    expect(await cluster.client.find(definition)).toBeUndefined();
  });

  test('the error names a missing namespace', async () => {
    const factory = shop.factory(mode, options({ namespace: 'nowhere', createNamespace: false }));
    await expect(factory.deploy({ name: 'a' })).rejects.toMatchObject({
      code: 'deploy/no-namespace',
      message: 'deploying shop "a": there is no namespace "nowhere"',
    });
  });

  test('the deploy fails before the time limit when an object has another owner, and does not list that object as a leftover', async () => {
    const labels = { 'applyset.kubernetes.io/part-of': 'applyset-other-v1' };
    const existing = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a-config', namespace: 'default', labels },
    };
    await cluster.client.create(existing);
    const error = await shop
      .factory(mode, options())
      .deploy({ name: 'a' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'deploy/failed',
      message: expect.stringContaining('applyset-other-v1') as string,
      remedy: expect.stringMatching(/another name/) as string,
    });
    expect((error as Error).message).not.toContain('in the cluster: ConfigMap');
  });

  test('an aborted deploy reports the reason of the abort, and the next deploy completes the work', async () => {
    const stop = new AbortController();
    const failures: string[] = [];
    const factory = shop.factory(
      mode,
      options({
        progressCallback: ({ type, message }) => {
          if (type === 'failed') failures.push(message);
          if (type !== 'started') stop.abort(new Error('interrupted'));
        },
      }),
    );
    await expect(factory.deploy({ name: 'a' }, { abortSignal: stop.signal })).rejects.toThrow('interrupted');
    expect(failures).toEqual([expect.stringMatching(/^aborted: interrupted; .* deploy again to continue/)]);
    await expect(shop.factory(mode, options()).deploy({ name: 'a' })).resolves.toMatchObject({
      metadata: { name: 'a' },
    });
  });
});

test('in kro mode, the time-out error names the children that are not ready, and the command for their logs', async () => {
  cluster.controllers.disable('deployment-controller');
  const error = shop.factory('kro', options({ timeout: 1500 })).deploy({ name: 'a' });
  await expect(error).rejects.toMatchObject({
    code: 'deploy/timeout',
    message: expect.stringMatching(/Deployment apps\/v1 default\/a-web: [^]*logs: kubectl logs -n default/) as string,
    remedy: 'kubectl describe shop a -n default; or give a longer timeout',
  });
});

test('in kro mode, the instance and its objects may have different namespaces', async () => {
  const factory = shop.factory('kro', options({ namespace: 'a', instanceNamespace: 'b' }));
  await factory.deploy({ name: 'x' });
  const places = (await factory.getInstances()).map(({ metadata }) => metadata.namespace);
  const status = await factory.getStatus();
  expect({ places, ...status }).toMatchObject({
    places: ['b'],
    health: 'healthy',
    lastDeployment: expect.any(Date) as Date,
  });
  expect(await factory.deleteInstance('x')).toMatchObject({
    status: 'complete',
    mode: 'kro',
    factoryName: 'shop',
    deleted: [{ kind: 'Shop', name: 'x', namespace: 'b' }, { kind: 'ResourceGraphDefinition' }],
  });
});

test('an option allows breaking changes of the schema', async () => {
  const other = kubernetesComposition({ name: 'shop', spec: type({ name: 'string', size: 'string' }) }, (spec) => {
    ConfigMap({ id: 'config', name: `${spec.name}-config`, data: { size: spec.size } });
  });
  await shop.factory('kro', options()).deploy({ name: 'x' });
  await expect(other.factory('kro', options()).deploy({ name: 'x', size: 's' })).rejects.toMatchObject({
    code: 'deploy/kind-not-served',
    remedy: expect.stringContaining('allowBreakingChanges: true') as string,
  });
  await other.factory('kro', options({ allowBreakingChanges: true })).deploy({ name: 'x', size: 's' });
});

test('a move to direct mode fails at once if no garbage collector runs', async () => {
  await shop.factory('kro', options()).deploy({ name: 'x' });
  cluster.controllers.disable('generic-garbage-collector');
  const direct = shop.factory('direct', options());
  await expect(direct.deploy({ name: 'x' })).rejects.toMatchObject({
    code: 'deploy/not-collected',
    message: expect.stringContaining('its finalizers are orphan') as string,
  });
  cluster.controllers.enable('generic-garbage-collector');
  await expect(direct.deploy({ name: 'x' })).resolves.toMatchObject({ kind: 'Shop' });
}, 30_000);

test.each(modes)('in %s mode the events of the objects are reported during the deploy', async (mode) => {
  const eventLines: string[] = [];
  const progressCallback: FactoryOptions['progressCallback'] = ({ type, resourceId, message }) => {
    if (type === 'kubernetes-event') eventLines.push(`${resourceId}: ${message}`);
  };
  await shop.factory(mode, options({ progressCallback, eventMonitoring: { enabled: true } })).deploy({ name: 'x' });
  expect(eventLines).toContainEqual(expect.stringMatching(/^web: Normal ScalingReplicaSet \(Deployment\/x-web\)/));
});

test('a KubeConfig of @kubernetes/client-node is accepted', async () => {
  const { kubeconfig } = await cluster.listen();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  const factory = shop.factory('direct', { kubeConfig, timeout: 30_000, retryPolicy: { maxRetries: 1 } });
  expect(await factory.deploy({ name: 'x' })).toMatchObject({ kind: 'Shop' });
  await factory.dispose();
});

describe('a plan in kro mode of a release that changes the schema', () => {
  const release = (spec: object) =>
    kubernetesComposition(
      {
        name: 'released',
        apiVersion: 'example.com/v1alpha1',
        kind: 'Released',
        spec: type({ name: 'string', ...spec } as { name: 'string' }),
        status: type({}),
      },
      (s) => {
        ConfigMap({ id: 'config', name: s.name, data: { a: 'b' } });
        return {};
      },
    ).factory('kro', options({ namespace: 'default' }));
  const definitionOf = () =>
    cluster.client.get({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'released' });

  test.each<[what: string, spec: object, values: object, instance: string, refused: boolean]>([
    [
      'a new optional field',
      { a: 'string', 'b?': 'string' },
      { a: '1', b: 'x' },
      'configured instance x spec.b',
      false,
    ],
    ['a renamed field', { c: 'string' }, { c: '1' }, 'Property a was removed', true],
    ['a changed type', { a: 'number.integer' }, { a: 1 }, 'Type changed from string to integer', true],
    ['the same schema', { a: 'string' }, { a: '2' }, 'configured instance x spec.a', false],
  ])('shows %s, and writes nothing', async (_what, spec, values, instance, refused) => {
    await release({ a: 'string' }).deploy({ name: 'x', a: '1' } as { name: string });
    const before = await definitionOf();
    const next = release(spec);
    const input = { name: 'x', ...values };
    const plan = await next.plan(input);
    const texts = [
      ...plan.changes.map(({ outcome, nodeId, object, fields }) => [outcome, nodeId, object.name, ...fields].join(' ')),
      ...plan.waiting.map(({ reason }) => reason),
    ];
    expect(texts).toContainEqual(expect.stringContaining(instance));
    expect(plan.waiting).toHaveLength(refused ? 1 : 0);
    expect(await definitionOf()).toEqual(before);
    if (!refused) return;
    await expect(next.deploy(input)).rejects.toMatchObject({ code: 'deploy/kind-not-served' });
    expect(await definitionOf()).toEqual(before);
  });
});
