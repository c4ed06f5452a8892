import { type JsonObject, type KubeObject, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import type { SeenRequest } from '../src/simulation/virtual-world.ts';

export type { Answer, SeenRequest, VirtualWorld, VirtualWorldOptions } from '../src/simulation/virtual-world.ts';
export { versionedWorld, virtualWorld } from '../src/simulation/virtual-world.ts';

/** The writes among the requests, without the writes of Events. */
export function writesOf(requests: readonly SeenRequest[]): string[] {
  return requests
    .filter(({ method, path }) => method !== 'GET' && !path.includes('/events'))
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
}

/** A condition of an object as `status reason: message`. Empty when the object has no condition of this type. */
export function conditionText(object: KubeObject | undefined, type: string): string {
  const conditions = object?.status?.['conditions'];
  if (!Array.isArray(conditions)) return '';
  const found = conditions.find((entry) => isJsonObject(entry) && entry['type'] === type);
  if (!isJsonObject(found)) return '';
  const text = (key: string) => (typeof found[key] === 'string' ? found[key] : '');
  return `${text('status')} ${text('reason')}: ${text('message')}`;
}

/** A definition named `pots` for the kind `Pot` of `acme.test/v1`, with these resources. */
export function potDefinition(resources: JsonObject[], annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots', annotations },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Pot',
        group: 'acme.test',
        spec: { text: 'string | default="x"', count: 'integer | default=1' },
      },
      resources,
    },
  };
}

/** A node for a definition, with a ConfigMap as its template. */
export function mapResource(id: string, data: JsonObject, metadata: JsonObject = {}): JsonObject {
  const name = `\${schema.metadata.name}-${id}`;
  return { id, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data } };
}

/** An instance of `Pot` in namespace `default`. */
export function pot(name: string, spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'acme.test/v1', kind: 'Pot', metadata: { name, namespace: 'default', annotations }, spec };
}

/** A reference to an instance of `Pot`. */
export function potRef(name: string): ObjectRef {
  return { apiVersion: 'acme.test/v1', kind: 'Pot', namespace: 'default', name };
}

/** A reference to a ConfigMap in namespace `default`. */
export function mapRef(name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name };
}

/** A reference to the definition of the kind `Pot`. */
export const potsRef: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' };
