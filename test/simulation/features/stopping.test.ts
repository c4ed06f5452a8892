import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { type Controller, controllerCrds, createController } from '@typekro/controller/controller';
import { type Clock, type Transport, KubeClient, systemClock } from '@typekro/kube';
import { mapRef, mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';

let cluster: Cluster;
let user: KubeClient;
beforeEach(async () => {
  cluster = await createEmbeddedCluster();
  user = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await user.create(crd);
  await cluster.idle();
});
afterEach(async () => {
  await user.close();
  await cluster.close();
});

/** Waits until the controller and the cluster have no work left. */
async function quiet(controller: Controller): Promise<void> {
  await cluster.idle();
  await controller.idle();
  await cluster.idle();
  await controller.idle();
}

/** A client whose matching requests hang until their signal is aborted or the test releases them. */
function hangingClient(hangs: (method: string, path: string) => boolean) {
  const inner = cluster.transport();
  const paths: string[] = [];
  let begun: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => (begun = resolve));
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const transport: Transport = {
    async request(request) {
      paths.push(request.path);
      if (hangs(request.method, request.path)) {
        begun();
        const { signal } = request;
        await Promise.race([
          gone,
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          }),
        ]);
      }
      return inner.request(request);
    },
    close: () => inner.close(),
  };
  return { client: new KubeClient({ transport }), hanging, letGo, paths };
}

describe('a controller that stops', () => {
  it.each([
    ['when its grace period is over', { shutdownGraceMs: 20 }, undefined],
    ['at once when another controller leads', { shutdownGraceMs: 60_000 }, AbortSignal.abort()],
  ])('does not wait for writes of Events without a response: %s', async (_title, options, abortGrace) => {
    const { client, hanging } = hangingClient((method, path) => method === 'POST' && path.includes('/events'));
    const controller = createController({ client, ...options });
    await controller.start();
    await user.apply(potDefinition([mapResource('map', { text: 'a' })]), { fieldManager: 'user' });
    await hanging;
    await controller.stop(abortGrace);
    expect(controller.ready).toBe(false);
    await client.close();
  });

  it('ends its start while the server refuses to describe its kinds', async () => {
    const fault = { kind: 'error', status: 500, reason: 'InternalError' } as const;
    cluster.faults.add({ path: /^\/apis\/kro\.run\// }, fault, Number.POSITIVE_INFINITY);
    let paused: () => void = () => undefined;
    const pausing = new Promise<void>((resolve) => (paused = resolve));
    // With this clock, the pause before the next attempt never ends.
    const clock: Clock = { ...systemClock, setTimer: () => (paused(), { cancel: () => undefined }) };
    const client = new KubeClient({ transport: cluster.transport() });
    const controller = createController({ client, clock });
    const started = controller.start();
    await pausing;
    expect(controller.waitsFor).toBe(
      'the API server has not said whether it has the kind ResourceGraphDefinition of kro.run/v1alpha1: it responds with 500',
    );
    await controller.stop();
    await started;
    expect([controller.ready, controller.waitsFor]).toEqual([false, undefined]);
    await client.close();
  });

  it('ends its start while the server does not respond to a request for its kinds', async () => {
    const { client, hanging } = hangingClient((_method, path) => path === '/apis/kro.run/v1alpha1');
    const controller = createController({ client });
    const started = controller.start();
    await hanging;
    await controller.stop();
    await started;
    expect([controller.ready, controller.waitsFor]).toEqual([false, undefined]);
    await client.close();
  });

  it('refuses a second start, both during the first start and after the stop', async () => {
    const { client, hanging, letGo } = hangingClient((_method, path) => path === '/apis/kro.run/v1alpha1');
    const controller = createController({ client });
    const started = controller.start();
    await expect(controller.start()).rejects.toMatchObject({ code: 'controller/state' });
    await hanging;
    letGo();
    await started;
    await controller.stop();
    await expect(controller.start()).rejects.toMatchObject({ code: 'controller/state' });
    await client.close();
  });

  it('has ended when stop resolves, for each of several callers', async () => {
    const { client, hanging, letGo } = hangingClient((method, path) => method === 'POST' && path.includes('/events'));
    const controller = createController({ client });
    await controller.start();
    await user.apply(potDefinition([mapResource('map', { text: 'a' })]), { fieldManager: 'user' });
    await hanging;
    const ends: string[] = [];
    const first = controller.stop().then(() => ends.push('first'));
    const second = controller.stop().then(() => ends.push('second'));
    await new Promise(setImmediate);
    expect(ends).toEqual([]);
    letGo();
    await Promise.all([first, second]);
    await client.close();
  });

  it('leaves no timer that would keep its process alive', async () => {
    const timers = new Set<object>();
    const clock: Clock = {
      ...systemClock,
      setTimer(milliseconds, callback) {
        const timer = systemClock.setTimer(milliseconds, () => {
          timers.delete(timer);
          callback();
        });
        timers.add(timer);
        return {
          cancel() {
            timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
    const client = new KubeClient({ transport: cluster.transport() });
    const controller = createController({ client, clock });
    await controller.start();
    await user.apply(potDefinition([mapResource('map', { text: 'a' })]), { fieldManager: 'user' });
    await quiet(controller);
    await user.apply(pot('a'), { fieldManager: 'user' });
    await quiet(controller);
    expect(await user.find(mapRef('a-map'))).toBeDefined();
    await controller.stop();
    expect(timers.size).toBe(0);
    await client.close();
  });

  it('opens no watch if it is stopped during its start', async () => {
    const { client, hanging, letGo, paths } = hangingClient((_method, path) => path === '/apis/kro.run/v1alpha1');
    const controller = createController({ client });
    const started = controller.start();
    await hanging;
    await controller.stop();
    letGo();
    await started;
    await controller.idle();
    expect(paths.filter((path) => path.includes('watch=true'))).toEqual([]);
    await client.close();
  });
});
