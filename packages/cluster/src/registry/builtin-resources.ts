import { type KubeObject, formatApiVersion } from '@typekro/kit/core';
import type { DiscoveredResource } from '../kubernetes-data.ts';
import type { KubernetesRelease } from '../release.ts';
import type { Store } from '../store/store.ts';
import { type BuiltinTypes, builtinType, builtinTypesOf } from '../types/builtin.ts';
import { type FieldNode, type ObjectNode, anyNode } from '../types/type-node.ts';
import { convertBuiltin, storageOf } from './convert-builtin.ts';
import type { ServedResource, Subresource } from './served-resource.ts';

/**
 * The name of a kind's type in `types.json`, such as `core.v1.Pod`. The name contains only the first label of the
 * group, e.g. `networking.v1.Ingress`.
 */
export function builtinTypeName(group: string, version: string, kind: string): string {
  return `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`;
}

/**
 * The type of a stored kind that `types.json` does not describe. `kind`, `apiVersion` and `metadata` are checked; every
 * other field may have any value.
 */
export function looseType(kind: string): ObjectNode {
  const fields = new Map<string, FieldNode>();
  fields.set('kind', { name: 'kind', node: { kind: 'scalar', type: 'string' } });
  fields.set('apiVersion', { name: 'apiVersion', node: { kind: 'scalar', type: 'string' } });
  fields.set('metadata', { name: 'metadata', node: builtinType('meta.v1.ObjectMeta'), keep: true });
  fields.set('spec', { name: 'spec', node: anyNode });
  fields.set('status', { name: 'status', node: anyNode });
  return { kind: 'object', name: kind, fields, extra: anyNode };
}

/** All resources of the built-in API of a Kubernetes version. `store` has the objects of the resources. */
export function builtinResources(store: Store, release: KubernetesRelease): ServedResource[] {
  const types = builtinTypesOf(release);
  const resources: ServedResource[] = [];
  const byVersion = new Map<string, ServedResource>();
  for (const group of release.groups()) {
    const name = group.metadata.name ?? '';
    for (const { version, resources: list } of group.versions) {
      for (const facts of list) {
        const resource = new BuiltinResource(store, types, name, version, facts, byVersion);
        byVersion.set(`${resource.apiVersion}/${resource.plural}`, resource);
        resources.push(resource);
      }
    }
  }
  return resources;
}

class BuiltinResource implements ServedResource {
  readonly group;
  readonly version;
  readonly plural;
  readonly singular;
  readonly kind;
  readonly listKind;
  readonly namespaced;
  readonly shortNames;
  readonly categories;
  readonly verbs;
  readonly subresources;
  readonly apiVersion;
  readonly custom = undefined;
  readonly collection;
  readonly #types: BuiltinTypes;
  readonly #family: ReadonlyMap<string, ServedResource>;
  readonly #storage: { group: string; version: string; plural: string };
  #node: ObjectNode | undefined;

  constructor(
    store: Store,
    types: BuiltinTypes,
    group: string,
    version: string,
    facts: DiscoveredResource,
    family: ReadonlyMap<string, ServedResource>,
  ) {
    this.#types = types;
    this.group = group;
    this.version = version;
    this.plural = facts.resource;
    this.singular = facts.singularResource;
    this.kind = facts.responseKind.kind;
    this.listKind = `${this.kind}List`;
    this.namespaced = facts.scope === 'Namespaced';
    this.shortNames = facts.shortNames ?? [];
    this.categories = facts.categories ?? [];
    this.verbs = new Set(facts.verbs);
    this.apiVersion = formatApiVersion({ group, version });
    this.subresources = new Map(
      (facts.subresources ?? []).map((entry): [string, Subresource] => [
        entry.subresource,
        { name: entry.subresource, ...entry.responseKind, verbs: new Set(entry.verbs) },
      ]),
    );
    this.#storage = storageOf(group, version, this.plural);
    this.collection = store.collection(this.#storage.group, this.#storage.plural);
    this.#family = family;
  }

  get node(): ObjectNode {
    if (this.#node === undefined) {
      const name = builtinTypeName(this.group, this.version, this.kind);
      this.#node = this.#types.has(name) ? this.#types.get(name) : looseType(this.kind);
    }
    return this.#node;
  }

  /** Sets top-level lists that are always present (`keep`) to null when they are empty. */
  settle(object: KubeObject): KubeObject {
    let settled: Record<string, unknown> = object;
    for (const [name, field] of this.node.fields) {
      const value = object[name];
      if (!field.keep || !Array.isArray(value) || value.length > 0) continue;
      if (settled === object) settled = { ...object };
      settled[name] = null;
    }
    return settled as KubeObject;
  }

  toStorage(object: KubeObject): KubeObject {
    const target = formatApiVersion(this.#storage);
    return object.apiVersion === target ? object : convertBuiltin(object, target);
  }

  fromStorage(object: KubeObject): KubeObject {
    return object.apiVersion === this.apiVersion ? object : convertBuiltin(object, this.apiVersion);
  }

  isConverted(): boolean {
    return false;
  }

  convert(object: KubeObject, target: ServedResource): KubeObject {
    return target.fromStorage(this.toStorage(object));
  }

  inVersion(apiVersion: string): ServedResource | undefined {
    return apiVersion === this.apiVersion ? this : this.#family.get(`${apiVersion}/${this.plural}`);
  }
}
