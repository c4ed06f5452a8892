import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld({ controller: { kroCompatibility: '0.9' } });
});
afterEach(() => world.close());

const podRef = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name });
const names = async (kind: string) => {
  const objects = await world.user.list({ apiVersion: 'v1', kind }, { namespace: 'default' });
  return objects.items.map(({ metadata }) => metadata.name).filter((name) => name?.startsWith('p-'));
};

/**
 * A ConfigMap and a pod per name. The pod reads the ConfigMap, and the API server refuses an update of the pod's
 * command.
 */
const resources: JsonObject[] = [
  {
    id: 'settings',
    forEach: [{ name: '${schema.spec.names}' }],
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: '${schema.metadata.name}-${name}' },
      data: { text: 'x' },
    },
  },
  {
    id: 'workers',
    forEach: [{ map: '${settings}' }],
    template: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: '${map.metadata.name}' },
      spec: { containers: [{ name: 'c', image: 'busybox', command: ['run', '${schema.spec.text}'] }] },
    },
  },
];

async function define(): Promise<void> {
  const definition = sim.potDefinition(resources);
  const schema = {
    apiVersion: 'v1',
    kind: 'Pot',
    group: 'acme.test',
    spec: { names: '[]string', text: 'string' },
    status: { workers: '${workers.map(w, w.metadata.name)}' },
  };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(5000);
}

describe('an object that the server refuses to update', () => {
  it('is reported, and delays neither the deletion of retired items nor the deletion of their dependencies', async () => {
    await define();
    await world.apply(sim.pot('p', { names: ['a', 'b', 'c'], text: 'one' }));
    await world.settle();
    await world.apply(sim.pot('p', { names: ['a'], text: 'two' }));
    await world.advance(60_000);
    expect([await names('Pod'), await names('ConfigMap')]).toEqual([['p-a'], ['p-a']]);
    const instance = await world.user.get(sim.potRef('p'));
    expect(instance.status?.['state']).toBe('ERROR');
    expect(instance.status?.['workers']).toEqual(['p-a']);
    expect(sim.conditionText(instance, 'ResourcesReady')).toMatch(/^False NotReady: .*Pod "p-a" is invalid/);
    expect(await world.eventsOf('p')).toContainEqual(expect.stringMatching(/^WriteFailed: node workers: Pod "p-a"/));
  });

  it('does not delay the creation of new items, and is created again after its deletion', async () => {
    await define();
    await world.apply(sim.pot('p', { names: ['a', 'b'], text: 'one' }));
    await world.settle();
    await world.apply(sim.pot('p', { names: ['a', 'c'], text: 'two' }));
    await world.advance(60_000);
    expect([await names('Pod'), await names('ConfigMap')]).toEqual([
      ['p-a', 'p-c'],
      ['p-a', 'p-c'],
    ]);
    await world.user.delete(podRef('p-a'), { gracePeriodSeconds: 0 });
    await world.advance(60_000);
    expect((await world.user.get(podRef('p-a'))).spec).toMatchObject({ containers: [{ command: ['run', 'two'] }] });
    expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
  });

  it('does not delay the deletion of a retired dependency after a restart of the controller', async () => {
    await define();
    await world.apply(sim.pot('p', { names: ['a', 'b'], text: 'one' }));
    await world.settle();
    await world.user.patch(sim.mapRef('p-b'), { metadata: { finalizers: ['acme.test/hold'] } });
    await world.apply(sim.pot('p', { names: ['a'], text: 'two' }));
    await world.advance(60_000);
    expect(await names('ConfigMap')).toEqual(['p-a', 'p-b']);
    await world.restart();
    await world.user.patch(sim.mapRef('p-b'), { metadata: { finalizers: [] } });
    await world.advance(60_000);
    expect([await names('Pod'), await names('ConfigMap')]).toEqual([['p-a'], ['p-a']]);
  });

  it('is read only once after a restart, and an object that reads it keeps its state', async () => {
    const template = (kind: string, name: string, rest: JsonObject) => ({
      apiVersion: 'v1',
      kind,
      metadata: { name: `\${schema.metadata.name}-${name}` },
      ...rest,
    });
    const command = ['run', '${schema.spec.text}'];
    await world.apply(
      sim.potDefinition([
        {
          id: 'worker',
          template: template('Pod', 'worker', { spec: { containers: [{ name: 'c', image: 'i', command }] } }),
        },
        {
          id: 'beside',
          template: template('ConfigMap', 'beside', { data: { of: '${worker.metadata.name} ${schema.spec.text}' } }),
        },
      ]),
    );
    await world.advance(5000);
    await world.apply(sim.pot('p', { text: 'one' }));
    await world.settle();
    await world.controller.stop();
    await world.apply(sim.pot('p', { text: 'two' }));
    world.requests.length = 0;
    await world.restart();
    await world.advance(60_000);
    expect((await world.user.get(sim.mapRef('p-beside')))['data']).toEqual({ of: 'p-worker one' });
    const reads = world.requests.filter(({ method, path }) => method === 'GET' && /\/p-(?:worker|beside)$/.test(path));
    expect(reads.map(({ path }) => path.split('/').at(-1))).toEqual(['p-worker']);
  });
});
