import { describe, afterEach, beforeEach, expect, it } from 'vitest';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

describe('late namespaces', () => {
  const HOUR_MS = 3_600_000;
  /** A time that is longer than the delivery of a watch event and much shorter than a pause after many failures. */
  const MOMENT_MS = 200;

  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld();
  });
  afterEach(() => world.close());

  const lateMap: ObjectRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'late', name: 'p-map' };
  const lateNamespace: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name: 'late' };

  const createNamespace = () => world.user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'late' } });
  const writesOfMap = () =>
    world.requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/namespaces/late/configmaps/'));

  /** Creates an instance whose child needs a missing namespace. Waits until the pauses between the retries are long. */
  async function waitForNamespace(): Promise<void> {
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'one' }, { namespace: 'late' })]));
    await world.advance(5000);
    await world.apply(sim.pot('p'));
    await world.advance(HOUR_MS);
    expect(sim.conditionText(await world.user.find(sim.potRef('p')), 'ResourcesReady')).toContain(
      'namespaces "late" not found',
    );
    world.requests.length = 0;
  }

  it('a child is written as soon as its namespace appears', async () => {
    await waitForNamespace();
    await createNamespace();
    await world.advance(MOMENT_MS);
    expect(await world.user.find(lateMap)).toBeDefined();
    expect(sim.conditionText(await world.user.find(sim.potRef('p')), 'Ready')).toMatch(/^True/);
  });

  it('the disappearance of a deleted namespace causes at most one write, and the child is written as soon as the namespace exists again', async () => {
    await waitForNamespace();
    await createNamespace();
    await world.user.patch(lateNamespace, { metadata: { finalizers: ['acme.test/hold'] } });
    await world.advance(MOMENT_MS);
    await world.user.delete(lateNamespace);
    await world.advance(HOUR_MS);
    expect(sim.conditionText(await world.user.find(sim.potRef('p')), 'ResourcesReady')).toContain(
      'because it is being terminated',
    );
    world.requests.length = 0;
    await world.user.patch(lateNamespace, { metadata: { finalizers: [] } });
    await world.advance(MOMENT_MS);
    expect(writesOfMap().length).toBeLessThan(2);
    await createNamespace();
    await world.advance(MOMENT_MS);
    expect(await world.user.find(lateMap)).toBeDefined();
  });

  it('a write that fails again although its namespace exists is retried only after the pause', async () => {
    await waitForNamespace();
    world.intercept = ({ method, path }) => {
      if (method !== 'PATCH' || !path.includes('/namespaces/late/configmaps/')) return undefined;
      const message = 'namespaces "late" not found';
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404, reason: 'NotFound', message };
      async function* body() {
        yield Buffer.from(JSON.stringify(status));
      }
      return Promise.resolve({ status: 404, headers: { 'content-type': 'application/json' }, body: body() });
    };
    await createNamespace();
    await world.advance(MOMENT_MS);
    expect(writesOfMap()).toHaveLength(1);
  });

  it('a controller that may not watch namespaces waits for the end of the pause', async () => {
    const forbidden = () => {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 403,
        reason: 'Forbidden',
        message: 'no',
      };
      async function* body() {
        yield Buffer.from(JSON.stringify(status));
      }
      return Promise.resolve({ status: 403, headers: { 'content-type': 'application/json' }, body: body() });
    };
    world.intercept = ({ path }) => (path.startsWith('/api/v1/namespaces?') ? forbidden() : undefined);
    await waitForNamespace();
    await createNamespace();
    await world.advance(MOMENT_MS);
    expect(writesOfMap()).toHaveLength(0);
    await world.advance(HOUR_MS);
    expect(await world.user.find(lateMap)).toBeDefined();
  });
});

describe('late watches', () => {
  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld();
  });
  afterEach(() => world.close());

  /** Starts a controller whose watch of definitions can be paused: `hold` pauses the watch, and `open` resumes it. */
  async function holdDefinitions(): Promise<{ readonly hold: () => void; readonly open: () => void }> {
    let open = () => {};
    let gate = Promise.resolve();
    async function* held(body: sim.Answer['body']): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        await gate;
        yield chunk;
      }
    }
    const transport = world.cluster.transport();
    world.intercept = (request) => {
      if (!/resourcegraphdefinitions\?.*watch=true/.test(request.path)) return undefined;
      return transport.request(request).then((answer) => ({ ...answer, body: held(answer.body) }));
    };
    await world.restart();
    const hold = () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    };
    return { hold, open: () => open() };
  }

  const definition = sim.potDefinition([sim.mapResource('map', { text: 'one' })]);
  const cases: readonly (readonly [string, readonly KubeObject[], string])[] = [
    ['deleted', [], ''],
    ['replaced', [definition], 'True'],
  ];

  it.each(cases)(
    'while its watch of definitions is late, the controller does not create one revision after another for a definition that was %s',
    async (_, then, ready) => {
      await world.apply(definition);
      await world.advance(5000);
      await world.apply(sim.pot('p'));
      const watch = await holdDefinitions();
      watch.hold();
      await world.user.patch(sim.potsRef, { metadata: { finalizers: [] } });
      await world.user.delete(sim.potsRef);
      for (const object of then) await world.user.create(object);
      world.requests.length = 0;
      await world.settle();
      await world.advance(5000);
      expect(world.requests.filter(({ method }) => method === 'POST').length).toBeLessThan(4);
      watch.open();
      await world.advance(5000);
      expect(sim.conditionText(await world.user.find(sim.potsRef), 'Ready').slice(0, 4)).toBe(ready);
    },
  );
});
