import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { type VirtualWorld, mapRef } from '@typekro/testing/test-support/virtual-world';

/** Objects for the scenarios in `test/simulation/features/kro-reports`. */

/** A definition of a kind in the group `acme.test`. */
export function definition(
  name: string,
  kind: string,
  resources: readonly JsonObject[],
  spec: JsonObject = { text: 'string | default="one"' },
  more: JsonObject = {},
): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name },
    spec: { schema: { apiVersion: 'v1', kind, group: 'acme.test', spec, ...more }, resources },
  } as unknown as KubeObject;
}

/** A node with a ConfigMap that has this name and text. */
export const named = (id: string, name: string, text: string): JsonObject => ({
  id,
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text } },
});

/** An instance of a kind in the group `acme.test`. */
export const instance = (kind: string, name: string, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
});

/** A reference to a definition. */
export const refOf = (name: string): ObjectRef => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  name,
});

/** A reference to an instance. */
export const instanceRef = (kind: string, name: string): ObjectRef => ({
  apiVersion: 'acme.test/v1',
  kind,
  name,
  namespace: 'default',
});

/** A reference to the CRD of a kind in the group `acme.test`. */
export const crdRef = (plural: string): ObjectRef => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: `${plural}.acme.test`,
});

/** Applies the objects in their order, and advances the clock by five seconds. */
export async function applyAll(world: VirtualWorld, ...objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await world.apply(object);
  await world.advance(5000);
}

/** The value of `status.state` of an instance. */
export const stateOf = async (world: VirtualWorld, kind: string, name: string): Promise<unknown> =>
  (await world.user.get(instanceRef(kind, name))).status?.['state'];

/** The data of a ConfigMap. */
export const textOf = async (world: VirtualWorld, name: string): Promise<unknown> =>
  (await world.user.get(mapRef(name)))['data'];
