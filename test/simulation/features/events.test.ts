import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

async function define(annotations: Record<string, string> = {}, ...resources: JsonObject[]): Promise<void> {
  await world.apply(
    sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' }), ...resources], annotations),
  );
  await world.advance(5000);
}
const hold = (name: string, finalizers: string[]) =>
  world.user.patch(sim.mapRef(name), { metadata: { finalizers } }, { fieldManager: 'somebody' });

describe('events', () => {
  it('report each change of state once, and nothing without a change', async () => {
    await define();
    await world.apply(sim.pot('p'));
    await world.settle();
    expect(await world.eventsOf('pots')).toEqual(['Active: the definition is Active']);
    expect(await world.eventsOf('p')).toEqual(['ACTIVE: none -> ACTIVE']);
    world.requests.length = 0;
    await world.advance(60 * MINUTE);
    expect(world.requests.filter(({ path }) => path.includes('/events'))).toEqual([]);
  });

  it('report an expression that fails, in a template and in the status', async () => {
    await world.apply({
      ...sim.potDefinition([]),
      spec: {
        schema: {
          apiVersion: 'v1',
          kind: 'Pot',
          group: 'acme.test',
          spec: { count: 'integer' },
          status: { half: '${100 / int(map.data.count)}' },
        },
        resources: [
          sim.mapResource('map', { count: '${string(schema.spec.count)}' }),
          sim.mapResource('bad', { half: '${string(100 / schema.spec.count)}' }),
        ],
      },
    });
    await world.advance(5000);
    await world.apply(sim.pot('p', { count: 0 }));
    const recorded = await world.eventsOf('p');
    expect(recorded.some((text) => /^ExpressionFailed: node bad: .*division by zero/.test(text))).toBe(true);
    expect(recorded.some((text) => /^ExpressionFailed: status\.half: .*division by zero/.test(text))).toBe(true);
  });

  it('record that an existing object was adopted', async () => {
    await define();
    await world.user.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p-map', namespace: 'default' }, data: { own: 'o' } },
      { fieldManager: 'helm', force: true },
    );
    await world.apply(sim.pot('p'));
    const [adopted = ''] = (await world.eventsOf('p')).filter((text) => text.startsWith('Adopted'));
    expect(adopted).toMatch(/^Adopted: ConfigMap v1 default\/p-map \(node map\) existed/);
    expect(world.controller.metricsText()).toContain('typekro_adopted_total{gvr="/v1, Resource=configmaps"} 1');
  });

  it('record the former owner of an object that was taken over', async () => {
    await world.apply(
      sim.potDefinition([sim.mapResource('map', { text: 'x' })], { 'typekro.dev/adoption': 'take-over' }),
    );
    await world.advance(5000);
    const labels = { 'applyset.kubernetes.io/part-of': 'applyset-other-v1' };
    const metadata = { name: 'p-map', namespace: 'default', labels };
    await world.user.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'theirs' } },
      { fieldManager: 'helm', force: true },
    );
    await world.apply(sim.pot('p'));
    expect(await world.eventsOf('p')).toContain(
      'Adopted: ConfigMap v1 default/p-map (node map) belonged to ApplySet "applyset-other-v1", and is managed from now on',
    );
    expect(world.controller.metricsText()).toContain('typekro_adopted_total{gvr="/v1, Resource=configmaps"} 1');
  });

  it('report conditions if the feature gate of kro is on', async () => {
    await world.restart({ features: { conditionEvents: true } });
    await define();
    await world.apply(sim.pot('p'));
    expect(await world.eventsOf('p')).toContain('ResourcesReady: none -> True: AllResourcesReady');
    const { items } = await world.user.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default' });
    const components = items.map(({ source, reason }) => [reason, (source as { component: string }).component]);
    expect(components).toContainEqual(['ResourcesReady', 'kro/pots.acme.test-controller']);
    expect(components).toContainEqual(['ACTIVE', 'kro-controller']);
  });
});

describe('a deletion that is blocked', () => {
  it('names the object, its finalizers and the time in condition, event and metric of the instance', async () => {
    await define();
    await world.apply(sim.pot('p'));
    await hold('p-map', ['acme.test/hold']);
    await world.user.delete(sim.potRef('p'));
    await world.settle();
    const instance = await world.user.get(sim.potRef('p'));
    const since = (await world.user.get(sim.mapRef('p-map'))).metadata.deletionTimestamp ?? '';
    expect(sim.conditionText(instance, 'ResourcesReady')).toBe(
      `Unknown UnderDeletion: deleting resources: waiting for ConfigMap v1 default/p-map (finalizers acme.test/hold; deleted at ${since})`,
    );
    expect((await world.eventsOf('p')).at(-1)).toBe(
      `DeletionBlocked: ConfigMap v1 default/p-map is held by finalizers acme.test/hold since ${since}`,
    );
    const metric = 'typekro_blocked_deletions{gvr="acme.test/v1, Resource=pots"}';
    expect(world.controller.metricsText()).toContain(`${metric} 1`);
    world.requests.length = 0;
    await world.advance(60 * MINUTE);
    expect(world.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    await hold('p-map', []);
    await world.settle();
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(world.controller.metricsText()).toContain(`${metric} 0`);
  });

  it('is also reported by an event and a metric when the object is retired', async () => {
    const map = { ...sim.mapResource('map', { text: 'x' }), includeWhen: ['${schema.spec.count > 0}'] };
    await world.apply(sim.potDefinition([map]));
    await world.advance(5000);
    await world.apply(sim.pot('p', { count: 1 }));
    await hold('p-map', ['acme.test/hold']);
    await world.apply(sim.pot('p', { count: 0 }));
    const since = (await world.user.get(sim.mapRef('p-map'))).metadata.deletionTimestamp ?? '';
    expect(await world.eventsOf('p')).toContain(
      `DeletionBlocked: ConfigMap v1 default/p-map is held by finalizers acme.test/hold since ${since}`,
    );
    const metric = 'typekro_blocked_deletions{gvr="acme.test/v1, Resource=pots"}';
    expect(world.controller.metricsText()).toContain(`${metric} 1`);
    await hold('p-map', []);
    await world.settle();
    expect(world.controller.metricsText()).toContain(`${metric} 0`);
  });

  it('is reported on a definition that waits for its instances, also after a restart', async () => {
    await define({ 'typekro.dev/deletion-policy': 'wait' });
    await world.apply(sim.pot('p'), sim.pot('q'));
    await world.user.delete(sim.potsRef);
    await world.settle();
    const waiting = async () => sim.conditionText(await world.user.get(sim.potsRef), 'ControllerReady');
    expect(await waiting()).toBe(
      'Unknown UnderDeletion: deletion waits for 2 instances: default/p (not deleted), default/q (not deleted)',
    );
    expect(await world.eventsOf('pots')).toContain(
      'DeletionBlocked: deletion waits for 2 instances: default/p (not deleted), default/q (not deleted)',
    );
    expect(world.controller.metricsText()).toContain('typekro_definition_deletion_waits{name="pots"} 2');
    await world.restart();
    await world.advance(MINUTE);
    await hold('q-map', ['acme.test/hold']);
    await world.user.delete(sim.potRef('p'));
    await world.user.delete(sim.potRef('q'));
    await world.settle();
    expect(await waiting()).toMatch(/an instance: default\/q \(deleted at .*, finalizers kro\.run\/finalizer\)$/);
    await hold('q-map', []);
    await world.settle();
    expect(await world.user.find(sim.potsRef)).toBeUndefined();
  });

  it('completes the deletion of instances when the CRD is deleted with its definition', async () => {
    await world.restart({ allowCrdDeletion: true });
    await define();
    await world.apply(sim.pot('p'));
    await world.user.delete(sim.potsRef);
    await world.settle();
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };
    expect(await world.user.find(crd)).toBeUndefined();
    expect(await world.user.find(sim.potsRef)).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
  });

  it('counts the orphaned instances when a definition is deleted without waiting for its instances', async () => {
    await define();
    await world.apply(sim.pot('p'), sim.pot('q'));
    await world.user.delete(sim.potsRef);
    await world.settle();
    expect(await world.eventsOf('pots')).toContain(
      'InstancesOrphaned: 2 instances are no longer managed, because their definition was deleted',
    );
    expect(world.controller.metricsText()).toContain('typekro_orphaned_instances_total 2');
  });
});
