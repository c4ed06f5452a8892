import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DeployEvent, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment, Hpa, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { type DeployServer, isRealServer, startDeployServer } from '../support/deploy-server.ts';

const app = kubernetesComposition(
  {
    name: 'shop',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Shop',
    spec: type({ name: 'string', replicas: 'number', debug: 'boolean' }),
    status: type({ ready: 'boolean', url: 'string' }),
  },
  (spec) => {
    const web = Deployment({ id: 'web', name: spec.name, image: 'nginx:1.27', replicas: spec.replicas });
    const service = Service({
      id: 'service',
      name: `${spec.name}-svc`,
      selector: { app: spec.name },
      ports: [{ port: 80 }],
    });
    if (spec.debug) ConfigMap({ id: 'debug', name: `${spec.name}-debug`, data: { address: service.spec.clusterIP } });
    return { ready: web.status.readyReplicas >= spec.replicas, url: `http://${service.spec.clusterIP}` };
  },
);

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

const names = async (apiVersion: string, kind: string) =>
  (await cluster.client.list({ apiVersion, kind }, { namespace: 'default' })).items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'kube-root-ca.crt' && name !== 'kubernetes');

describe('a composition in both modes', () => {
  // For kro, a Deployment without `readyWhen` is ready as soon as it is written. On a real server, a stand-in reports
  // the readiness of the Deployment later. There, a deploy in kro mode may read the status before it contains the
  // number of pods, so only direct mode is tested.
  test.each(isRealServer ? (['direct'] as const) : (['direct', 'kro'] as const))(
    '%s: deploys, returns the typed status, and deletes everything',
    async (mode) => {
      if (mode === 'kro') await cluster.startController({ features: { omit: true, now: true } });
      const events: string[] = [];
      const factory = app.factory(mode, {
        namespace: 'default',
        transport: cluster.transport,
        timeout: 20_000,
        progressCallback: ({ type: name }) => events.push(name),
      });
      const shop = await factory.deploy({ name: 'a', replicas: 2, debug: true });
      expect(shop).toMatchObject({
        apiVersion: 'example.com/v1alpha1',
        kind: 'Shop',
        metadata: { name: 'a', namespace: 'default' },
        spec: { name: 'a', replicas: 2, debug: true },
        status: { ready: true, url: expect.stringMatching(/^http:\/\/10\.96\.\d+\.\d+$/) as string },
      });
      expect(events[0]).toBe('started');
      expect(events.at(-1)).toBe('completed');
      const debug = await cluster.client.get({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'a-debug',
        namespace: 'default',
      });
      expect(debug['data']).toEqual({ address: shop.status.url.slice('http://'.length) });

      expect(await factory.getStatus()).toMatchObject({ mode, instanceCount: 1, health: 'healthy' });
      expect((await factory.getInstances()).map(({ metadata }) => metadata.name)).toEqual(['a']);

      // The deploy deletes the objects that the changed spec excludes.
      await factory.deploy({ name: 'a', replicas: 1, debug: false });
      await expect.poll(() => names('v1', 'ConfigMap')).not.toContain('a-debug');

      expect(await factory.deleteInstance('a')).toMatchObject({ status: 'complete' });
      expect(await names('apps/v1', 'Deployment')).toEqual([]);
      expect(await names('v1', 'Service')).toEqual([]);
      expect(await names('v1', 'ConfigMap')).toEqual([]);
      await factory.dispose();
    },
  );
});

const named = kubernetesComposition(
  { name: 'named', apiVersion: 'example.com/v1alpha1', kind: 'Named', spec: type({ size: 'number.integer' }) },
  (spec, { metadata }) => {
    ConfigMap({ id: 'own', name: `${metadata.name}-own`, data: { size: spec.size } });
    return { of: metadata.name };
  },
);

test('the calls of a factory share one connection until it is disposed', async () => {
  const discovered: string[] = [];
  const transport: typeof cluster.transport = {
    request: (request) => {
      if (request.path === '/api/v1') discovered.push(request.path);
      return cluster.transport.request(request);
    },
    close: () => Promise.resolve(),
  };
  const factory = named.factory('direct', { transport });
  for (let calls = 0; calls < 3; calls += 1) await factory.getInstances();
  expect(discovered).toHaveLength(1);
  await factory.dispose();
  await factory.getInstances();
  expect(discovered).toHaveLength(2);
  await factory.dispose();
});

test.each(['direct', 'kro'] as const)('%s: instances of one composition have the names of the calls', async (mode) => {
  if (mode === 'kro') await cluster.startController({ features: { omit: true, now: true } });
  const factory = named.factory(mode, { transport: cluster.transport, timeout: 20_000 });
  const blue = await factory.deploy({ size: 1 }, { name: 'blue' });
  expect(blue).toMatchObject({ metadata: { name: 'blue' }, status: { of: 'blue' } });
  const outcomes = async (name: string) =>
    (await factory.plan({ size: 1 }, { name })).changes.map(({ outcome }) => outcome);
  expect([...new Set(await outcomes('blue'))]).toEqual(['unchanged']);
  expect(await outcomes('green')).toContain('created');
  await factory.deploy({ size: 2 }, { name: 'green' });
  expect((await factory.getInstances()).map(({ metadata }) => metadata.name).sort()).toEqual(['blue', 'green']);
  expect(await names('v1', 'ConfigMap')).toEqual(expect.arrayContaining(['blue-own', 'green-own']));
  expect(await factory.deleteInstance('blue')).toMatchObject({ status: 'complete' });
  const left = await names('v1', 'ConfigMap');
  expect(left).toContain('green-own');
  expect(left).not.toContain('blue-own');
  await factory.dispose();
});

const scaled = kubernetesComposition(
  { name: 'scaled', apiVersion: 'example.com/v1alpha1', kind: 'Scaled', spec: type({ isAutomatic: 'boolean' }) },
  ({ isAutomatic }) => {
    const web = Deployment({ id: 'web', name: 'web', image: 'nginx', replicas: isAutomatic ? undefined : 4 });
    if (isAutomatic) {
      const target = { kind: 'Deployment', name: web.metadata.name };
      Hpa({ id: 'hpa', name: 'web', target, minReplicas: 2, maxReplicas: 6 });
    }
    return {};
  },
);

test.each(['direct', 'kro'] as const)('%s: the number of replicas stays when an autoscaler is added', async (mode) => {
  if (mode === 'kro') await cluster.startController({ features: { omit: true, now: true } });
  const factory = scaled.factory(mode, { transport: cluster.transport, timeout: 20_000, target: 'typekro' });
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'default' };
  const replicas = async () => (await cluster.client.get(web)).spec?.['replicas'];
  await factory.deploy({ isAutomatic: false });
  expect(await replicas()).toBe(4);
  await factory.deploy({ isAutomatic: true });
  expect(await replicas()).toBe(4);
  // A later pass does not remove the number either.
  await factory.deploy({ isAutomatic: true });
  await expect.poll(() => names('autoscaling/v2', 'HorizontalPodAutoscaler')).toEqual(['web']);
  expect(await replicas()).toBe(4);
  await factory.deploy({ isAutomatic: false });
  expect(await replicas()).toBe(4);
  await factory.dispose();
});

describe('direct mode', () => {
  const factory = (options: object = {}) =>
    app.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 20_000, ...options });

  test('another factory object finds and deletes the deployed instance, as in another process', async () => {
    await factory().deploy({ name: 'a', replicas: 1, debug: true });
    const later = factory();
    expect((await later.getInstances())[0]?.status).toMatchObject({ ready: true });
    expect(await later.deleteInstance('a')).toMatchObject({ status: 'complete' });
    expect(await names('v1', 'ConfigMap')).toEqual([]);
  });

  test('rollback returns to the previous deploy, and deletes an instance that was deployed only once', async () => {
    const once = factory();
    await once.deploy({ name: 'a', replicas: 1, debug: false });
    await once.deploy({ name: 'a', replicas: 3, debug: true });
    expect(await once.rollback()).toMatchObject({
      status: 'success',
      rolledBackResources: ['a'],
      deletedInstances: [],
    });
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', namespace: 'default' };
    expect((await cluster.client.get(web)).spec?.['replicas']).toBe(1);
    expect(await names('v1', 'ConfigMap')).toEqual(['typekro-shop-a']);
    const first = factory({ namespace: 'kube-public' });
    await first.deploy({ name: 'b', replicas: 1, debug: false });
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await first.rollback()).toMatchObject({ status: 'success', deletedInstances: ['b'] });
    expect(warned.mock.calls.map(([message]) => message)).toEqual([
      'rollback() deleted b of shop, because no earlier deploy exists; deploy() creates it again',
    ]);
    warned.mockRestore();
  });

  test('a rollback touches only the instances of its factory, or the named one', async () => {
    await factory().deploy({ name: 'green', replicas: 1, debug: false });
    const other = factory();
    await expect(other.rollback()).rejects.toMatchObject({ code: 'deploy/nothing-to-roll-back-to' });
    await expect(other.rollback('gone')).rejects.toMatchObject({ message: 'rollback: there is no instance gone' });
    await other.deploy({ name: 'blue', replicas: 1, debug: false });
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await other.rollback()).toMatchObject({ status: 'success', deletedInstances: ['blue'] });
    expect((await other.getInstances()).map(({ metadata }) => metadata.name)).toEqual(['green']);
    expect(await other.rollback('green')).toMatchObject({ status: 'success', deletedInstances: ['green'] });
    warned.mockRestore();
  });

  test('a rollback that deletes an instance reports the deletion in an event', async () => {
    const messages: string[] = [];
    const observedFactory = factory({
      progressCallback: ({ type, message }: DeployEvent) => messages.push(`${type}: ${message}`),
    });
    await observedFactory.deploy({ name: 'c', replicas: 1, debug: false });
    await observedFactory.rollback();
    expect(messages.at(-1)).toMatch(/^resource-warning: rollback\(\) deleted .*c of shop/);
  });

  test('a second deploy of the same spec writes nothing to the children', async () => {
    const same = factory();
    await same.deploy({ name: 'a', replicas: 1, debug: true });
    const service = { apiVersion: 'v1', kind: 'Service', name: 'a-svc', namespace: 'default' };
    const before = (await cluster.client.get(service)).metadata.resourceVersion;
    await same.deploy({ name: 'a', replicas: 1, debug: true });
    expect((await cluster.client.get(service)).metadata.resourceVersion).toBe(before);
  });

  test('a dry run sends dry-run requests and stores nothing', async () => {
    const { objects } = await factory().toDryRun({ name: 'a', replicas: 1, debug: false });
    expect(objects.map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Service']);
    expect(await names('apps/v1', 'Deployment')).toEqual([]);
    expect(await names('v1', 'ConfigMap')).toEqual([]);
  });

  test('the error names a refused object, and the other objects stay', async () => {
    const bad = kubernetesComposition(
      { name: 'bad', kind: 'Bad', spec: type({ name: 'string' }), status: type({ ok: 'boolean' }) },
      (spec) => {
        ConfigMap({ id: 'good', name: `${spec.name}-good`, data: {} });
        const wrong = ConfigMap({ id: 'wrong', name: `${spec.name}_WRONG`, data: {} });
        return { ok: wrong.metadata.uid !== '' };
      },
    );
    const failing = bad.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
    await expect(failing.deploy({ name: 'x' })).rejects.toThrow(/deploying bad "x" failed:[\s\S]*x_WRONG/);
    expect(await names('v1', 'ConfigMap')).toContain('x-good');
  });

  // A failing pod and its events exist only if workload controllers run.
  test.skipIf(isRealServer)(
    'the time-out error names the objects that are not ready, their events, the command for their logs, and the leftovers',
    async () => {
      const slow = kubernetesComposition(
        { name: 'slow', kind: 'Slow', spec: type({ name: 'string' }), status: type({ ready: 'boolean' }) },
        (spec) => {
          const web = Deployment({
            id: 'web',
            name: spec.name,
            image: 'nginx:1.27',
            podAnnotations: { 'typekro.dev/simulate-failure': 'CrashLoopBackOff' },
          });
          return { ready: web.status.readyReplicas > 0 };
        },
      );
      const failing = slow.factory('direct', { namespace: 'default', transport: cluster.transport, timeout: 1000 });
      const error: unknown = await failing.deploy({ name: 'x' }).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(
        /did not become ready within 1 s:\n {2}web \(Deployment apps\/v1 default\/x\): waiting/,
      );
      expect(String(error)).toMatch(
        /\n {4}CrashLoopBackOff \(Pod default\/x-.*\n {4}logs: kubectl logs -n default deployment\/x/s,
      );
      expect(String(error)).toContain('in the cluster: Deployment apps/v1 default/x\n');
    },
  );

  test('a spec that does not match its schema is refused before the first request', async () => {
    await expect(factory().deploy({ name: 'a', replicas: 'two' as unknown as number, debug: false })).rejects.toThrow(
      /replicas/,
    );
    expect(await names('v1', 'ConfigMap')).toEqual([]);
  });
});
