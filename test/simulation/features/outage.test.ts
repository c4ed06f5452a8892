import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as sim from '@typekro/testing/test-support/virtual-world';
import { type Cluster, type ClusterSnapshot, createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient } from '@typekro/kube';

describe('outage', () => {
  const INSTANCES = 20;
  const names = Array.from({ length: INSTANCES }, (_, index) => `p${index}`);

  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld();
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' })]));
    await world.advance(5000);
    await world.apply(...names.map((name) => sim.pot(name)));
    await world.advance(60_000);
  });
  afterEach(() => world.close());

  /** Makes the server unreachable for the controller. */
  async function unplug(): Promise<void> {
    // The open watches end, as with a server that stops.
    world.cluster.restore(world.cluster.snapshot());
    world.intercept = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await world.settle();
  }

  describe.each([
    ['30 seconds', 30_000, 12],
    ['10 minutes', 600_000, 40],
  ])('an API server that is out of reach for %s', (_name, milliseconds, maxLogLines) => {
    it('gets a bounded number of requests, the log has few lines, and the controller is not ready', async () => {
      world.requests.length = 0;
      world.log.length = 0;
      await unplug();
      await world.advance(milliseconds);
      expect(world.controller.ready).toBe(false);
      expect(world.controller.waitsFor).toBe('the API server does not respond');
      expect(
        Number(/^rest_client_requests_total\{code="<error>".*\} (\d+)$/m.exec(world.controller.metricsText())?.[1]),
      ).toBeGreaterThan(0);
      // Each watched kind is tried again at most every five seconds, after a few shorter pauses.
      const kinds = new Set(world.requests.map(({ path }) => path.replace(/\?.*/, ''))).size;
      expect(world.requests.length).toBeLessThan(kinds * (10 + milliseconds / 2500));
      expect(sim.writesOf(world.requests)).toEqual([]);
      const lines = world.log.filter((line) => !line.includes('"level":"debug"'));
      expect(lines.length).toBeLessThan(maxLogLines);
      expect(lines.length).toBeGreaterThan(0);
    });

    it('is followed by no needless write, and changes of the meantime are made', async () => {
      await unplug();
      await world.advance(milliseconds / 2);
      await world.user.patch(sim.mapRef('p0-map'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
      await world.user.patch(sim.potRef('p1'), { spec: { text: 'new' } }, { fieldManager: 'user' });
      await world.user.delete(sim.potRef('p2'));
      await world.advance(milliseconds / 2);
      world.requests.length = 0;
      world.intercept = undefined;
      await world.advance(10_000);
      expect(world.controller.ready).toBe(true);
      const written = new Set(
        sim.writesOf(world.requests).map((line) => line.replace(/.*\/(?:configmaps|pots)\//, '')),
      );
      expect([...written].filter((name) => !/^(?:p[012]|p[012]-map|p[012]\/status)$/.test(name))).toEqual([]);
      expect((await world.user.get(sim.mapRef('p0-map')))['data']).toEqual({ text: 'x' });
      expect((await world.user.get(sim.mapRef('p1-map')))['data']).toEqual({ text: 'new' });
      expect(await world.user.find(sim.mapRef('p2-map'))).toBeUndefined();
      expect(sim.conditionText(await world.user.get(sim.potRef('p3')), 'Ready')).toMatch(/^True/);
      expect(world.log.join('')).toContain('the API server responds again');
    });
  });

  it('remains ready when a single request gets no response', async () => {
    world.intercept = ({ method }) => (method === 'GET' ? undefined : Promise.reject(new Error('read ECONNRESET')));
    await world.user.patch(sim.mapRef('p0-map'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
    await world.settle();
    world.intercept = undefined;
    expect(world.log.join('')).toContain('the API server does not respond');
    expect(world.controller.ready).toBe(true);
    await world.advance(60_000);
    expect(world.controller.ready).toBe(true);
  });

  it('does not collect requests, timers or log lines in memory while the server is out of reach', async () => {
    await unplug();
    const timersAfter = async (milliseconds: number) => {
      await world.advance(milliseconds);
      return world.clock.pending;
    };
    const early = await timersAfter(60_000);
    expect(await timersAfter(600_000)).toBeLessThanOrEqual(early + 1);
    expect(world.controller.metricsText()).toMatch(/^dynamic_controller_queue_length 0$/m);
  });
});

describe('restored server', () => {
  const MINUTE_MS = 60_000;

  let world: sim.VirtualWorld;
  let snapshot: ClusterSnapshot;
  const opened: { close(): Promise<void> }[] = [];

  /** Takes a snapshot with two instances. Then changes the first instance, deletes the second and creates a third. */
  beforeEach(async () => {
    world = await sim.virtualWorld();
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' })]));
    await world.advance(5000);
    await world.apply(sim.pot('changed', { text: 'before' }), sim.pot('deleted', { text: 'before' }));
    await world.advance(MINUTE_MS);
    snapshot = world.cluster.snapshot();
    await world.apply(sim.pot('changed', { text: 'after' }), sim.pot('created', { text: 'after' }));
    await world.user.delete(sim.potRef('deleted'));
    await world.advance(MINUTE_MS);
    expect(await world.user.find(sim.mapRef('deleted-map'))).toBeUndefined();
    world.requests.length = 0;
  });
  afterEach(async () => {
    await world.close();
    for (const part of opened.splice(0)) await part.close();
  });

  async function expectStateOfSnapshot(user: KubeClient): Promise<void> {
    for (const name of ['changed', 'deleted']) {
      expect((await user.get(sim.mapRef(`${name}-map`)))['data']).toEqual({ text: 'before' });
      expect(sim.conditionText(await user.get(sim.potRef(name)), 'Ready')).toMatch(/^True/);
    }
    expect(await user.find(sim.potRef('created'))).toBeUndefined();
    expect(await user.find(sim.mapRef('created-map'))).toBeUndefined();
    expect(sim.writesOf(world.requests).filter((line) => line.includes('/configmaps'))).toEqual([]);
    expect(world.log.some((line) => line.includes('restored to an earlier state'))).toBe(true);
  }

  /**
   * Changes a child as another client, and waits for the revert. Only a controller whose cache has the restored objects
   * reverts the change.
   */
  async function expectDriftIsPutBack(user: KubeClient): Promise<void> {
    await user.patch(sim.mapRef('deleted-map'), { data: { text: 'drift' } });
    await world.advance(MINUTE_MS);
    expect((await user.get(sim.mapRef('deleted-map')))['data']).toEqual({ text: 'before' });
  }

  /** Creates a server from the snapshot. Its resource versions are lower than the versions that the controller knows. */
  async function restoredServer(): Promise<{ readonly cluster: Cluster; readonly user: KubeClient }> {
    const cluster = await createEmbeddedCluster({ clock: world.clock, workloads: false });
    cluster.restore(snapshot);
    const user = new KubeClient({ transport: cluster.transport(), clock: world.clock, userAgent: 'user' });
    opened.push(user, cluster);
    return { cluster, user };
  }

  describe('after the server was restored to an earlier state, the controller', () => {
    it('lists again when the server continues from its latest resource version', async () => {
      world.cluster.restore(snapshot);
      await world.advance(MINUTE_MS);
      await expectStateOfSnapshot(world.user);
      await expectDriftIsPutBack(world.user);
    });

    it('notices that the resource versions are lower than before, and lists again', async () => {
      const { cluster, user } = await restoredServer();
      world.intercept = () =>
        Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
      await world.cluster.close();
      await world.advance(MINUTE_MS);
      const transport = cluster.transport();
      world.intercept = (request) => transport.request(request);
      await world.advance(MINUTE_MS);
      await expectStateOfSnapshot(user);
      await expectDriftIsPutBack(user);
    });
  });
});
