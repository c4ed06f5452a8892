import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { indexOfReports, ownViewer, serveInspect, tokenOf } from '@typekro/controller/inspect';
import { type ControllerWorld, conditionOf, controllerWorld, dataOf } from './controller-world.ts';

const SECRET: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: '${schema.metadata.name}-secret' },
  stringData: { k: 'v' },
};

/** A definition with one ConfigMap. `more` adds resources. */
function pots(text: string, annotations: Record<string, string> = {}, more: JsonObject[] = []): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots', annotations },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec: { size: 'integer | default=1' } },
      resources: [
        {
          id: 'map',
          template: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: '${schema.metadata.name}-map' },
            data: { text },
          },
        },
        ...more,
      ],
    },
  };
}
const pot = (name: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Pot',
  metadata: { name, namespace: 'default', annotations },
  spec: {},
});
const potRef = (name: string) => ({ apiVersion: 'acme.test/v1', kind: 'Pot', namespace: 'default', name });
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const definitionRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' };

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world.close());

const defined = () => world.until(definitionRef, (object) => conditionOf(object, 'Ready') === 'True');
const messageOf = (object: KubeObject | undefined, type: string): string => {
  const conditions = object?.status?.['conditions'];
  const found = Array.isArray(conditions)
    ? conditions.find((entry) => (entry as JsonObject)['type'] === type)
    : undefined;
  const message = (found as JsonObject | undefined)?.['message'];
  return typeof message === 'string' ? message : '';
};

describe('an instance that is pinned to a revision', () => {
  it('stays with its revision while other instances follow newer revisions, and reports a missing revision', async () => {
    await world.apply(pots('one'));
    await defined();
    await world.apply(
      pot('old', { 'typekro.dev/revision': '1' }),
      pot('new'),
      pot('lost', { 'typekro.dev/revision': '7' }),
      pot('odd', { 'typekro.dev/revision': 'first' }),
    );
    await world.until(mapRef('old-map'), (object) => dataOf(object, 'text') === 'one');
    await world.until(mapRef('new-map'), (object) => dataOf(object, 'text') === 'one');
    await world.apply(pots('two'));
    await world.until(mapRef('new-map'), (object) => dataOf(object, 'text') === 'two');
    await world.settled();
    expect(dataOf(await world.user.get(mapRef('old-map')), 'text')).toBe('one');
    for (const [name, message] of [
      ['lost', '7 not available: the definition has no such revision'],
      ['odd', 'first not available: it is not a number'],
    ] as const) {
      const remedy = 'change or remove the annotation typekro.dev/revision';
      const expected = `pinned graph revision ${message}; ${remedy}`;
      await world.until(potRef(name), (object) => messageOf(object, 'GraphResolved') === expected);
    }
    await world.apply(pot('old'));
    await world.until(mapRef('old-map'), (object) => dataOf(object, 'text') === 'two');
  });
});

describe('the adoption policy of a definition', () => {
  const stray: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'p-map', namespace: 'default' },
    data: { text: 'mine' },
  };

  it('does not adopt an object without an owner if the policy is `refuse`', async () => {
    await world.apply(stray, pots('ours', { 'typekro.dev/adoption': 'refuse' }));
    await defined();
    await world.apply(pot('p'));
    await world.until(potRef('p'), (object) => messageOf(object, 'ResourcesReady').includes('may not be adopted'));
    expect(dataOf(await world.user.get(mapRef('p-map')), 'text')).toBe('mine');
    await world.apply(pots('ours', { 'typekro.dev/adoption': 'refuse, map=adopt' }));
    await world.until(mapRef('p-map'), (object) => dataOf(object, 'text') === 'ours');
  });

  it('must be valid, otherwise the controller does not serve the definition', async () => {
    await world.apply(pots('ours', { 'typekro.dev/adoption': 'steal' }));
    await world.until(definitionRef, (object) =>
      messageOf(object, 'ControllerReady').includes('"steal": the policy must be'),
    );
  });
});

describe('a definition that names a ServiceAccount', () => {
  it('uses only the rights of that account for its instances, and names the missing right', async () => {
    const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['*'] };
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'maps-only' } };
    await world.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace: 'default' } },
      { ...role, kind: 'ClusterRole', rules: [rule] },
      {
        ...role,
        kind: 'ClusterRoleBinding',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'maps-only' },
        subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'default' }],
      },
      pots('x', { 'typekro.dev/service-account': 'default/deployer' }, [{ id: 'secret', template: SECRET }]),
    );
    await defined();
    await world.apply(pot('p'));
    const found = await world.until(potRef('p'), (object) => {
      const message = messageOf(object, 'ResourcesReady');
      return message.includes('secrets') && message;
    });
    expect(found).toContain('{apiGroups: [""], resources: ["secrets"], verbs: ["list"');
    expect(dataOf(await world.user.get(mapRef('p-map')), 'text')).toBe('x');
    expect(await world.user.find({ ...mapRef('p-secret'), kind: 'Secret' })).toBeUndefined();
  });
});

describe('deleting a definition', () => {
  it('waits for its instances if its policy says so', async () => {
    await world.apply(pots('x', { 'typekro.dev/deletion-policy': 'wait' }));
    await defined();
    await world.apply(pot('p'));
    await world.until(mapRef('p-map'), (object) => object !== undefined);
    await world.user.delete(definitionRef);
    await world.settled();
    expect((await world.user.get(definitionRef)).metadata.deletionTimestamp).toBeDefined();
    await world.user.delete(potRef('p'));
    await world.until(definitionRef, (object) => object === undefined);
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
  });
});

describe('the inspect interface of a running controller', () => {
  it('shows definitions, instances and the reason why a node waits', async () => {
    const waiting = { id: 'late', template: { ...SECRET, metadata: { name: '${ext.data.name}' } } };
    const external = { id: 'ext', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'absent' } } };
    await world.apply(pots('x', {}, [external, waiting]));
    await defined();
    await world.apply(pot('p'));
    await world.until(potRef('p'), (object) => object?.status?.['state'] === 'IN_PROGRESS');
    const source = world.controller.reports;
    const index = indexOfReports(source);
    const authenticate = tokenOf('token', ownViewer(world.user));
    const server = await serveInspect({ index, source, authenticate });
    const get = async (path: string) =>
      (await (
        await fetch(`${server.url}/api/v1/${path}`, { headers: { authorization: 'Bearer token' } })
      ).json()) as JsonObject;
    expect(await get('definitions')).toMatchObject({
      items: [{ name: 'pots', kind: 'Pot', instances: 1, revision: 1 }],
    });
    const report = await get('instances/acme.test/v1/Pot/default/p/report');
    const nodes = (report['nodes'] as JsonObject[]).map((node) => [
      node['id'],
      node['state'],
      (node['because'] as JsonObject)['kind'],
    ]);
    expect(nodes).toContainEqual(['map', 'ready', 'ready']);
    expect(nodes).toContainEqual(['ext', 'waiting', 'external-missing']);
    expect(nodes).toContainEqual(['late', 'pending', 'dependency']);
    index.close();
    await server.close();
  });
});
