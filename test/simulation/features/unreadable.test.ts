import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { requestTo, failure } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

const readyOf = async (name: string) => sim.conditionText(await world.user.get(sim.potRef(name)), 'Ready');
const textOf = async () => (await world.user.get(sim.mapRef('p-map')))['data'];
/** Replaces the definition while no controller runs. Then starts a controller whose requests `broken` intercepts. */
async function meanwhile(resources: JsonObject[], broken: sim.VirtualWorld['intercept']): Promise<void> {
  await world.advance(MINUTE);
  await world.controller.stop();
  world.intercept = broken;
  await world.user.apply(sim.potDefinition(resources), { fieldManager: 'user', force: true });
  await world.restart();
  await world.advance(MINUTE);
}

describe('a child that the controller may watch, but not read by name', () => {
  // The server normalizes quantities. After a restart, the controller must read the whole object to find out that the
  // object is up to date.
  const limits: JsonObject = {
    id: 'limits',
    template: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: '${schema.metadata.name}-limits' },
      spec: { limits: [{ type: 'Container', default: { cpu: '0.5' }, defaultRequest: { cpu: '0.25' } }] },
    },
  };
  const after = sim.mapResource('after', { text: '${limits.spec.limits[0].type}' });

  it('is reported with the rule to add, delays no other child, and is retried', async () => {
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'one' }), limits]));
    await world.advance(5000);
    await world.apply(sim.pot('p'));
    const message =
      'limitranges "p-limits" is forbidden: User "kro" cannot get resource "limitranges" in API group "" in the namespace "default"';
    const gets = requestTo('GET', /\/limitranges\/p-limits/);
    await meanwhile([sim.mapResource('map', { text: 'two' }), limits, after], (request) =>
      gets(request) ? failure(403, 'Forbidden', message) : undefined,
    );
    expect(await textOf()).toEqual({ text: 'two' });
    expect((await world.user.get(sim.mapRef('p-after')))['data']).toEqual({ text: 'Container' });
    expect(await readyOf('p')).toContain(
      'add the rule {apiGroups: [""], resources: ["limitranges"], verbs: ["get"]} in namespace default',
    );
    expect((await world.eventsOf('p')).at(-1)).toMatch(/^ReadFailed: node limits: limitranges "p-limits" is forbidden/);
    const mark = world.requests.length;
    await world.advance(60 * MINUTE);
    expect(world.requests.slice(mark).filter(gets).length).toBeLessThan(300);
    expect(sim.writesOf(world.requests.slice(mark))).toEqual([]);

    world.intercept = undefined;
    await world.advance(MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
    expect(sim.writesOf(world.requests.slice(mark)).filter((line) => line.includes('limitranges'))).toEqual([]);
  });
});

describe('a retired kind whose API group does not respond', () => {
  const budget: JsonObject = {
    id: 'budget',
    template: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: '${schema.metadata.name}-budget' },
      spec: { minAvailable: 1 },
    },
  };
  const budgetRef = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: 'default', name: 'p-budget' };

  beforeEach(async () => {
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'one' }), budget]));
    await world.advance(5000);
    await world.apply(sim.pot('p'));
    await meanwhile([sim.mapResource('map', { text: 'two' })], ({ path }) =>
      path.startsWith('/apis/policy') ? failure(503, 'ServiceUnavailable', 'policy is out of order') : undefined,
    );
  });

  it('is reported, delays no other kind, and its objects are deleted when the group responds again', async () => {
    expect(await textOf()).toEqual({ text: 'two' });
    expect(await readyOf('p')).toContain('list orphans failed: policy is out of order');
    world.intercept = undefined;
    await world.advance(MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
    expect(await world.user.find(budgetRef)).toBeUndefined();
  });

  it('is named by a deletion that waits for it', async () => {
    await world.user.delete(sim.potRef('p'));
    await world.advance(MINUTE);
    expect(await readyOf('p')).toBe(
      'Unknown UnderDeletion: deletion blocked: list PodDisruptionBudget.policy: policy is out of order',
    );
    expect(await world.eventsOf('p')).toContain(
      'DeletionBlocked: list PodDisruptionBudget.policy: policy is out of order',
    );
    world.intercept = undefined;
    await world.advance(MINUTE);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(budgetRef)).toBeUndefined();
  });
});
