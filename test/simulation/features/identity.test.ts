import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const RBAC = 'rbac.authorization.k8s.io/v1';
const MAPS: JsonObject = { apiGroups: [''], resources: ['configmaps'], verbs: ['*'] };

/** A namespace with a ServiceAccount `deployer` that has these rules in the namespace. */
function team(namespace: string, rules: JsonObject[]): KubeObject[] {
  const metadata = { name: 'deployer', namespace };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: RBAC, kind: 'Role', metadata, rules },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace }],
    },
  ];
}
const inside = (namespace: string, object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});
const readyOf = async (namespace: string) =>
  sim.conditionText(await world.user.get({ ...sim.potRef('p'), namespace }), 'ResourcesReady');
const mapIn = (namespace: string) => ({ ...sim.mapRef('p-map'), namespace });

describe('one ServiceAccount per instance namespace', () => {
  it('works in a namespace where the account has the rights, and the condition names the missing right in another namespace', async () => {
    world = await sim.virtualWorld({ controller: { instanceServiceAccount: 'deployer' } });
    await world.apply(...team('blue', [MAPS]), ...team('red', []));
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' })]));
    await world.advance(5000);
    await world.apply(inside('blue', sim.pot('p')), inside('red', sim.pot('p')));
    await world.advance(60_000);
    expect(await readyOf('blue')).toMatch(/^True/);
    expect((await world.user.get(mapIn('blue')))['data']).toEqual({ text: 'x' });
    const impersonated = world.requests.filter(({ path }) => path.includes('/configmaps/p-map'));
    expect(new Set(impersonated.map(({ headers }) => headers?.['impersonate-user']))).toEqual(
      new Set(['system:serviceaccount:blue:deployer']),
    );
    const refused = await readyOf('red');
    expect(refused).toContain('{apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"]}');
    expect(refused).toContain('for system:serviceaccount:red:deployer in namespace red');
    expect(await world.user.find(mapIn('red'))).toBeUndefined();

    await world.apply(...team('red', [MAPS]));
    await world.advance(10 * 60_000);
    expect(await readyOf('red')).toMatch(/^True/);
    // The watch of this namespace detects the drift.
    world.requests.length = 0;
    await world.user.patch(mapIn('red'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
    await world.settle();
    expect((await world.user.get(mapIn('red')))['data']).toEqual({ text: 'x' });
    await world.user.delete({ ...sim.potRef('p'), namespace: 'red' });
    await world.settle();
    expect(await world.user.find(mapIn('red'))).toBeUndefined();
  });

  it('names the missing right to write', async () => {
    world = await sim.virtualWorld({ controller: { instanceServiceAccount: 'deployer' } });
    await world.apply(...team('blue', [{ ...MAPS, verbs: ['get', 'list', 'watch'] }]));
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' })]));
    await world.advance(5000);
    await world.apply(inside('blue', sim.pot('p')));
    const text = await readyOf('blue');
    expect(text).toContain('{apiGroups: [""], resources: ["configmaps"], verbs: ["create", "patch"]}');
    expect(text).toContain('for system:serviceaccount:blue:deployer in namespace blue');
  });
});

describe('a cluster-scoped instance', () => {
  const metadata = { name: 'pots' };
  const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', scope: 'Cluster', spec: {} };
  const resources = [sim.mapResource('map', { text: 'x' }, { namespace: 'blue' })];
  const definition = (annotations: Record<string, string>): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { ...metadata, annotations },
    spec: { schema, resources },
  });
  const instance: KubeObject = { apiVersion: 'acme.test/v1', kind: 'Pot', metadata: { name: 'p' } };
  const ref = { apiVersion: 'acme.test/v1', kind: 'Pot', name: 'p' };

  it('is not reconciled without an account, and the message says where to name an account', async () => {
    world = await sim.virtualWorld({ controller: { instanceServiceAccount: 'deployer' } });
    const everywhere = { name: 'deployer-everywhere' };
    await world.apply(
      ...team('blue', []),
      { apiVersion: RBAC, kind: 'ClusterRole', metadata: everywhere, rules: [MAPS] },
      {
        apiVersion: RBAC,
        kind: 'ClusterRoleBinding',
        metadata: everywhere,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: everywhere.name },
        subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'blue' }],
      },
      definition({}),
    );
    await world.advance(5000);
    await world.apply(instance);
    await world.advance(60_000);
    expect(sim.conditionText(await world.user.get(ref), 'Ready')).toContain(
      'set the annotation typekro.dev/service-account: <namespace>/<name> on the definition',
    );
    expect(await world.user.find(mapIn('blue'))).toBeUndefined();

    await world.apply(definition({ 'typekro.dev/service-account': 'blue/deployer' }));
    await world.advance(60_000);
    expect(sim.conditionText(await world.user.get(ref), 'Ready')).toMatch(/^True/);
    await world.apply(definition({}));
    await world.user.delete(ref);
    await world.advance(60_000);
    expect(await world.user.find(mapIn('blue'))).toBeDefined();
    await world.apply(definition({ 'typekro.dev/service-account': 'blue/deployer' }));
    await world.advance(120_000);
    expect(await world.user.find(ref)).toBeUndefined();
    expect(await world.user.find(mapIn('blue'))).toBeUndefined();
  });
});

describe('a deletion without the right to list children', () => {
  const DENIED =
    'list ConfigMap: configmaps is forbidden: User "system:serviceaccount:blue:deployer" cannot watch resource "configmaps" in API group "" in the namespace "blue"';
  const RULE =
    '(missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"]} for system:serviceaccount:blue:deployer in namespace blue)';
  const metric = 'typekro_blocked_deletions{gvr="acme.test/v1, Resource=pots"}';

  it('names the rule in condition and event, is counted in the metric, writes nothing, and continues when the right is granted', async () => {
    world = await sim.virtualWorld({ controller: { instanceServiceAccount: 'deployer' } });
    await world.apply(...team('blue', [MAPS]));
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' })]));
    await world.advance(5000);
    await world.apply(inside('blue', sim.pot('p')));
    expect(await readyOf('blue')).toMatch(/^True/);
    await world.apply(...team('blue', [{ ...MAPS, verbs: ['get', 'create', 'patch', 'delete'] }]));
    await world.restart();
    await world.user.delete({ ...sim.potRef('p'), namespace: 'blue' });
    await world.advance(60_000);
    expect(await readyOf('blue')).toBe(`Unknown UnderDeletion: deletion blocked: ${DENIED} ${RULE}`);
    expect(await world.eventsOf('p')).toContain(`DeletionBlocked: ${DENIED} ${RULE}`);
    expect(world.controller.metricsText()).toContain(`${metric} 1`);
    const mark = world.requests.length;
    await world.advance(60 * 60_000);
    expect(sim.writesOf(world.requests.slice(mark))).toEqual([]);
    expect(world.requests.length - mark).toBeLessThan(60 * 10);
    await world.apply(...team('blue', [MAPS]));
    await world.advance(60_000);
    expect(await world.user.find({ ...sim.potRef('p'), namespace: 'blue' })).toBeUndefined();
    expect(await world.user.find(mapIn('blue'))).toBeUndefined();
    expect(world.controller.metricsText()).toContain(`${metric} 0`);
  });
});

describe('a limit to the namespace of the instance', () => {
  const away = sim.mapResource('away', { text: 'x' }, { namespace: 'kube-system' });
  const home = sim.mapResource('home', { text: 'x' });

  it.each([
    ['that the flag sets', { namespaces: 'instance' } as const, {}],
    ['that the definition sets', {}, { 'typekro.dev/namespaces': 'instance' }],
  ])(
    '%s stops an instance before the first write of an object, and the message names the node',
    async (_name, controller, annotations) => {
      world = await sim.virtualWorld({ controller });
      await world.apply(sim.potDefinition([home, away], annotations));
      await world.advance(5000);
      world.requests.length = 0;
      await world.apply(sim.pot('p'));
      expect(await readyOf('default')).toContain(
        'node "away" must stay in namespace "default" of the instance, but resolves to ConfigMap v1 kube-system/p-away',
      );
      expect(sim.writesOf(world.requests).every((text) => text.endsWith('/pots/p/status'))).toBe(true);
    },
  );

  it('does not apply to a definition that may use other namespaces', async () => {
    world = await sim.virtualWorld({ controller: { namespaces: 'instance' } });
    await world.apply(sim.potDefinition([home, away], { 'typekro.dev/namespaces': 'any' }));
    await world.advance(5000);
    await world.apply(sim.pot('p'));
    expect(await readyOf('default')).toMatch(/^True/);
  });
});

describe('node reports in the status', () => {
  it('are written if the instance or its definition requests them, and removed when the request is removed', async () => {
    world = await sim.virtualWorld();
    const late = { ...sim.mapResource('late', { text: 'x' }), readyWhen: ['${late.data.?go.orValue("") == "yes"}'] };
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' }), late]));
    await world.advance(5000);
    await world.apply(sim.pot('p', {}, { 'typekro.dev/explain': 'true' }), sim.pot('q'));
    const conditionOf = async (name: string, node: string) =>
      sim.conditionText(await world.user.get(sim.potRef(name)), `node.typekro.dev/${node}`);
    expect(await conditionOf('p', 'map')).toBe('True Ready: is as wanted and ready');
    expect(await conditionOf('p', 'late')).toMatch(/^Unknown Waiting: waits until late\.data/);
    expect(await conditionOf('q', 'map')).toBe('');
    world.requests.length = 0;
    await world.advance(600_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
    await world.apply(sim.pot('p'));
    await world.settle();
    expect(await conditionOf('p', 'map')).toBe('');
    await world.apply(
      sim.potDefinition([sim.mapResource('map', { text: 'x' }), late], { 'typekro.dev/explain': 'true' }),
    );
    await world.advance(5000);
    expect(await conditionOf('q', 'map')).toBe('True Ready: is as wanted and ready');
  });
});

describe('a controller that may not list the instances of a definition', () => {
  it('reports the refused list in the definition, with the missing rule, and starts when the right is granted', async () => {
    world = await sim.virtualWorld();
    const message =
      'pots.acme.test is forbidden: User "kro" cannot list resource "pots" in API group "acme.test" at the cluster scope';
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', message, code: 403 };
    world.intercept = ({ method, path }) => {
      if (method !== 'GET' || !path.startsWith('/apis/acme.test/v1/pots')) return undefined;
      return { status: 403, headers: { 'content-type': 'application/json' }, body: bytesOf(JSON.stringify(status)) };
    };
    await world.apply(sim.potDefinition([sim.mapResource('map', { text: 'x' })]));
    await world.advance(60_000);
    const controllerReady = async () => sim.conditionText(await world.user.get(sim.potsRef), 'ControllerReady');
    expect(await controllerReady()).toBe(
      `False FailedToStart: ${message} (missing permission; add the rule {apiGroups: ["acme.test"], resources: ["pots"], verbs: ["list", "watch"]})`,
    );
    world.intercept = undefined;
    await world.advance(10 * 60_000);
    expect(await controllerReady()).toMatch(/^True/);
  });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
