import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

describe('many definitions', () => {
  const COUNT = 40;
  /**
   * The duration of each request. The controller delays the first status of a definition for a short time. The requests
   * of all definitions together take much longer than this delay.
   */
  const SLOW_MS = 500;

  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld();
  });
  afterEach(() => world.close());

  function definition(index: number): KubeObject {
    const one = sim.potDefinition([sim.mapResource('map', { text: 'x' })]);
    const schema = { apiVersion: 'v1', kind: `Kind${index}`, group: 'many.test', spec: {} };
    return { ...one, metadata: { name: `d${index}` }, spec: { ...one.spec, schema } };
  }

  /** Counts the requests by method and resource, without discovery. */
  function counts(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const { method, path } of world.requests) {
      const [resource = '', subresource] = (
        /^\/apis?\/(?:[^/]+\/)?v\w+\/(?:namespaces\/[^/]+\/)?([^?]+)/.exec(path)?.[1] ?? ''
      )
        .replace(/\/[^/]+/, '')
        .split('/');
      const what = resource.startsWith('kind') ? 'instances' : resource;
      if (what === '') continue;
      const line = [method, what, subresource].filter((part) => part !== undefined).join(' ');
      found[line] = (found[line] ?? 0) + 1;
    }
    return found;
  }

  /** Delays every request of the controller except watches. */
  function slow(): void {
    const transport = world.cluster.transport();
    world.intercept = (request) =>
      request.path.includes('watch=true')
        ? undefined
        : new Promise((resolve, reject) => {
            world.clock.setTimer(SLOW_MS, () => void transport.request(request).then(resolve, reject));
          });
  }

  describe('many definitions at once', () => {
    it('need no more requests per definition than one definition alone, although they wait for each other', async () => {
      slow();
      world.requests.length = 0;
      for (let index = 0; index < COUNT; index += 1) await world.user.create(definition(index));
      await world.advance(120_000);
      expect(counts()).toEqual({
        'PATCH resourcegraphdefinitions': COUNT,
        'POST graphrevisions': COUNT,
        'PATCH graphrevisions status': COUNT,
        'POST customresourcedefinitions': COUNT,
        'GET instances': COUNT,
        'PATCH resourcegraphdefinitions status': COUNT,
        'POST events': COUNT,
      });
    });

    it('need only lists and watches to be served again after a restart', async () => {
      for (let index = 0; index < COUNT; index += 1) await world.user.create(definition(index));
      await world.advance(60_000);
      world.requests.length = 0;
      await world.restart();
      await world.advance(60_000);
      expect(counts()).toEqual({
        'GET resourcegraphdefinitions': 1,
        'GET graphrevisions': 1,
        'GET customresourcedefinitions': 1,
        'GET instances': COUNT,
      });
    });
  });

  describe('a definition that changes after a restart', () => {
    it('causes one write per child, and no reads of children', async () => {
      const names = ['a', 'b', 'c'];
      await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'one' })]));
      await world.advance(5000);
      await world.apply(...names.map((name) => sim.pot(name)));
      await world.restart();
      world.requests.length = 0;
      await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'two' })]));
      await world.advance(5000);
      for (const name of names) {
        expect((await world.user.get(sim.mapRef(`${name}-map`)))['data']).toEqual({ text: 'two' });
        expect((await world.user.get(sim.potRef(name))).status?.['state']).toBe('ACTIVE');
      }
      expect(counts()).toMatchObject({ 'PATCH configmaps': names.length });
      expect(counts()).not.toHaveProperty('GET configmaps');
    });
  });
});

describe('many instances', () => {
  const COUNT = 60;
  const names = Array.from({ length: COUNT }, (_, index) => `p${index}`);
  const definition = (text: string) =>
    sim.potDefinition([sim.mapResource('a', { text }), sim.mapResource('b', { text: '${a.data.text}' })]);

  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld();
  });
  afterEach(() => world.close());

  it('many instances are created, changed and deleted without a wait for a timer', async () => {
    await world.apply(definition('one'));
    await world.advance(5000);
    const began = world.clock.now();
    for (const name of names) await world.user.create(sim.pot(name));
    await world.settle();
    for (const name of names) expect((await world.user.get(sim.potRef(name))).status?.['state']).toBe('ACTIVE');
    await world.restart();
    await world.apply(definition('two'));
    for (const name of names) expect((await world.user.get(sim.mapRef(`${name}-b`)))['data']).toEqual({ text: 'two' });
    for (const name of names) await world.user.delete(sim.potRef(name));
    await world.settle();
    for (const name of names) expect(await world.user.find(sim.potRef(name))).toBeUndefined();
    expect(world.clock.now()).toBe(began);
  });

  /** The series of the metric that counts passes of instances. */
  function passes(): string[] {
    return world.controller
      .metricsText()
      .split('\n')
      .filter((line) => line.startsWith('instance_reconcile_total{') && line.includes('pots'));
  }

  it('a definition that reads more fields of a kind causes no pass of the instances of other definitions', async () => {
    const resources = [
      sim.mapResource('a', { text: 'one', more: '1' }),
      sim.mapResource('b', { text: '${a.data.text}' }),
    ];
    await world.apply(sim.potDefinition(resources));
    for (const name of names) await world.user.create(sim.pot(name));
    await world.settle();
    const before = passes();
    expect(before).toHaveLength(1);
    const spec = {
      schema: {
        apiVersion: 'v1',
        kind: 'Kettle',
        group: 'acme.test',
        spec: {},
        status: { fields: '${size(map.data)}' },
      },
      resources: [{ id: 'map', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p1-a' } } }],
    };
    await world.apply({ ...definition('one'), metadata: { name: 'kettles' }, spec });
    const kettle = { apiVersion: 'acme.test/v1', kind: 'Kettle', metadata: { name: 'k', namespace: 'default' } };
    await world.user.create(kettle);
    await world.settle();
    const live = await world.user.get({ ...sim.potRef('k'), kind: 'Kettle' });
    expect(live.status).toMatchObject({ state: 'ACTIVE', fields: 2 });
    expect(passes()).toEqual(before);
  });
});
