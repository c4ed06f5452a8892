import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { failure } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const HEALTHY = 'True AllWatchesSynced: changes to all watched kinds are detected';
const RBAC = 'rbac.authorization.k8s.io/v1';

async function open(watchHealth: boolean, kroCompatibility: '0.9' | '0.10' = '0.10'): Promise<void> {
  const serviceAccount = { namespace: 'kro-system', name: 'kro' };
  world = await sim.virtualWorld({
    controller: { kroCompatibility, serviceAccount, features: { graphKind: true, watchHealth } },
  });
}

async function isQuiet(): Promise<void> {
  world.requests.length = 0;
  await world.advance(10 * 60_000);
  expect(sim.writesOf(world.requests)).toEqual([]);
}

/** A Graph with one ConfigMap, and a role that grants these verbs to the Graph's account. */
function graphWith(verbs: string[]): KubeObject[] {
  const metadata = { name: 'account', namespace: 'default' };
  const template: JsonObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { v: '1' } };
  return [
    { apiVersion: RBAC, kind: 'Role', metadata, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs }] },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'account' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    },
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: 'g', namespace: 'default' },
      spec: { nodes: [{ id: 'a', template }] },
    },
  ];
}

const graphRef = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', namespace: 'default', name: 'g' };
const conditionOf = async (type: string) => sim.conditionText(await world.user.get(graphRef), type);

describe('the condition WatchesHealthy', () => {
  it.each(['0.9', '0.10'] as const)(
    'of an instance is true at the level %s, and stays true without a write',
    async (level) => {
      await open(true, level);
      await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' })]));
      await world.advance(5000);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'WatchesHealthy')).toBe(HEALTHY);
      await isQuiet();
      await world.restart();
      await isQuiet();
      await world.user.delete(sim.potRef('p'));
      await world.advance(30_000);
      expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    },
  );

  it('of an instance names a kind that the controller may not watch, and Ready is false for that reason', async () => {
    await open(true);
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' })]));
    await world.advance(5000);
    world.intercept = ({ method, path }) =>
      method === 'GET' && /\/configmaps\?/.test(path)
        ? failure(403, 'Forbidden', 'configmaps is forbidden')
        : undefined;
    await world.apply(sim.pot('p'));
    await world.advance(30_000);
    const refused = await world.user.get(sim.potRef('p'));
    expect(sim.conditionText(refused, 'WatchesHealthy')).toMatch(
      /^False WatchBlocked: .*configmaps in default: Forbidden/,
    );
    expect(sim.conditionText(refused, 'Ready')).toMatch(/^False NotReady: .*configmaps is forbidden/);
    world.intercept = undefined;
    await world.advance(60_000);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'WatchesHealthy')).toBe(HEALTHY);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^True/);
  });

  it('of a Graph names the kind that its account may not watch, becomes true with a new right, and does not change Ready', async () => {
    await open(true);
    await world.apply(...graphWith(['get', 'create', 'patch', 'delete']));
    await world.advance(30_000);
    expect(await conditionOf('WatchesHealthy')).toMatch(
      /^False WatchBlocked: changes are not detected, because a watch is refused: configmaps in default: Forbidden: /,
    );
    expect(await conditionOf('Ready')).toMatch(/^True/);
    await isQuiet();
    await world.apply(...graphWith(['*']));
    await world.advance(60_000);
    expect(await conditionOf('WatchesHealthy')).toBe(HEALTHY);
    await isQuiet();
  });

  it('can be read by the conditions of the author, and does not change Ready', async () => {
    await open(true);
    const definition = sim.potDefinition([sim.mapResource('map', { text: 'x' })]);
    const schema = definition.spec?.['schema'] as JsonObject;
    const status = "runtime.condition(schema, 'WatchesHealthy').status";
    schema['status'] = {
      conditions: [`\${runtime.newCondition({type: 'Seen', status: ${status}, reason: 'R', message: 'm'})}`],
    };
    await world.apply(definition);
    await world.advance(5000);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    const { conditions } = (await world.user.get(sim.potRef('p'))).status as { conditions: JsonObject[] };
    expect(conditions.map(({ type, status: of }) => [type, of])).toEqual([['Seen', 'True']]);
    await isQuiet();
  });

  it('is absent by default, and is removed from the status when its feature is turned off', async () => {
    await open(true);
    await world.apply(...graphWith(['*']));
    await world.advance(5000);
    expect(await conditionOf('WatchesHealthy')).toBe(HEALTHY);
    await world.restart({
      kroCompatibility: '0.10',
      serviceAccount: { namespace: 'kro-system', name: 'kro' },
      features: { graphKind: true },
    });
    await world.advance(30_000);
    const { conditions } = (await world.user.get(graphRef)).status as { conditions: JsonObject[] };
    expect(conditions.map(({ type }) => type).toSorted()).toEqual(['Accepted', 'Ready', 'ResourcesConverged']);
    await isQuiet();
  });
});
