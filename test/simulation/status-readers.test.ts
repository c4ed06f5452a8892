import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ControllerWorld, controllerWorld } from './controller-world.ts';

/*
 * Checks how other programs interpret the objects: the health checks of Argo CD for the group kro.run, and Headlamp's
 * plugin for kro. The functions follow the rules of these programs, which do not know this controller.
 */

const definition: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: {
    schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: { text: 'string | default="x"' } },
    resources: [
      { id: 'ext', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } } },
      {
        id: 'map',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${ext.data.text}' },
        },
      },
    ],
  },
};
const definitionRef: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' };
const potRef: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'Pot', namespace: 'default', name: 'p' };
const pot: KubeObject = {
  apiVersion: potRef.apiVersion,
  kind: potRef.kind,
  metadata: { name: 'p', namespace: 'default' },
  spec: {},
};
const shared: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'shared', namespace: 'default' },
  data: { text: 'y' },
};

type Health = 'Healthy' | 'Degraded' | 'Progressing';

/** The conditions of the current generation, in the same order as in the list. */
const present = ({ metadata, status }: KubeObject): JsonObject[] =>
  objectsAt(status, 'conditions').filter((each) => each['observedGeneration'] === metadata.generation);

/** Argo CD's health rule for every kind of the group except ResourceGraphDefinition. */
function argoHealth(object: KubeObject): Health {
  if (object.metadata.deletionTimestamp !== undefined) return 'Progressing';
  const state = textAt(object.status, 'state');
  for (const condition of present(object)) {
    if (textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True') return 'Healthy';
    const isNamed = ['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready'].includes(textAt(condition, 'type'));
    if (isNamed && textAt(condition, 'status') === 'False') {
      if (state === 'FAILED' || state === 'ERROR') return 'Degraded';
      if (state === 'IN_PROGRESS') return 'Progressing';
    }
  }
  return 'Progressing';
}

/** Argo CD's health rule for ResourceGraphDefinition. */
function argoHealthOfDefinition(object: KubeObject): Health {
  const conditions = present(object);
  const isReady = conditions.some((each) => textAt(each, 'type') === 'Ready' && textAt(each, 'status') === 'True');
  if (isReady) return 'Healthy';
  return conditions.some((each) => textAt(each, 'status') === 'False') ? 'Degraded' : 'Progressing';
}

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
  await world.apply(definition);
  await world.until(definitionRef, (object) => textAt(object?.status, 'state') === 'Active');
  await world.apply(pot);
});
afterEach(() => world.close());

const stateIs = (state: string) =>
  world.until(potRef, (object) => (textAt(object?.status, 'state') === state ? object : undefined));

describe('Argo CD', () => {
  it('sees an instance wait, and become healthy', async () => {
    expect(argoHealth(await stateIs('IN_PROGRESS'))).toBe('Progressing');
    await world.apply(shared);
    expect(argoHealth(await stateIs('ACTIVE'))).toBe('Healthy');
  });

  it('sees a refused write as degraded', async () => {
    await world.apply({ ...shared, data: { text: 'y' } });
    await stateIs('ACTIVE');
    const broken = structuredClone(definition) as KubeObject & { spec: { resources: { template?: JsonObject }[] } };
    const template = broken.spec.resources[1]?.template;
    if (template !== undefined) template['metadata'] = { name: 'Not a name ${schema.metadata.name}' };
    await world.apply(broken);
    expect(argoHealth(await stateIs('ERROR'))).toBe('Degraded');
  });

  it('sees a valid definition as healthy, and a broken definition as degraded', async () => {
    expect(argoHealthOfDefinition(await world.user.get(definitionRef))).toBe('Healthy');
    const broken = structuredClone(definition) as KubeObject & { spec: { resources: JsonObject[] } };
    broken.spec.resources.push({ id: 'map', template: {} });
    await world.apply(broken);
    const inactive = await world.until(definitionRef, (object) =>
      textAt(object?.status, 'state') === 'Inactive' ? object : undefined,
    );
    expect(argoHealthOfDefinition(inactive)).toBe('Degraded');
  });
});

describe('the plugin of Headlamp', () => {
  it('finds the order and the dependencies of a definition', async () => {
    const { status } = await world.user.get(definitionRef);
    expect(status?.['topologicalOrder']).toEqual(['ext', 'map']);
    const dependencies = objectsAt(status, 'resources').map((each) => [
      textAt(each, 'id'),
      objectsAt(each, 'dependencies').map((other) => textAt(other, 'id')),
    ]);
    expect(dependencies).toContainEqual(['map', ['ext']]);
  });

  it('finds the objects of an instance, and the node of each object, by their labels', async () => {
    await world.apply(shared);
    const { metadata, status } = await stateIs('ACTIVE');
    expect(objectsAt(status, 'conditions').length).toBeGreaterThan(0);
    const { items } = await world.user.list(
      { apiVersion: 'v1', kind: 'ConfigMap' },
      { labelSelector: `kro.run/owned=true,kro.run/instance-id=${metadata.uid}` },
    );
    expect(items.map((item) => [item.metadata.name, item.metadata.labels?.['kro.run/node-id']])).toEqual([
      ['p', 'map'],
    ]);
  });
});
