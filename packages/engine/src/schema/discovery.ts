import { type GroupVersionKind, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { asObjects, asText, asTexts } from '@typekro/kit/kubernetes';
import type { ResourceInfo } from './model.ts';

/** A map key for a kind: `apps/v1/Deployment`, `/v1/Pod`. */
export function typeKey(type: GroupVersionKind): string {
  return `${type.group}/${type.version}/${type.kind}`;
}

/**
 * The resources of an aggregated discovery response (`APIGroupDiscoveryList`), in the same order. Resources without
 * their own kind are skipped.
 */
export function resourcesOfDiscovery(list: JsonValue): ResourceInfo[] {
  if (!isJsonObject(list)) return [];
  const resources: ResourceInfo[] = [];
  for (const group of asObjects(list['items'])) {
    const groupName = isJsonObject(group['metadata']) ? asText(group['metadata']['name']) : '';
    for (const version of asObjects(group['versions'])) {
      for (const resource of asObjects(version['resources'])) {
        const kind = isJsonObject(resource['responseKind']) ? asText(resource['responseKind']['kind']) : '';
        if (kind === '') continue;
        const plural = asText(resource['resource']);
        resources.push({
          group: groupName,
          version: asText(version['version']),
          kind,
          plural,
          singular: asText(resource['singularResource']) || kind.toLowerCase(),
          namespaced: resource['scope'] === 'Namespaced',
          shortNames: asTexts(resource['shortNames']),
          categories: asTexts(resource['categories']),
          verbs: asTexts(resource['verbs']),
          subresources: asObjects(resource['subresources']).map((sub) => asText(sub['subresource'])),
        });
      }
    }
  }
  return resources;
}

/** Finds resources by kind. A list kind (`PodList`) is found by the kind of its items. */
export class ResourceIndex {
  readonly #byKind = new Map<string, ResourceInfo>();

  constructor(resources: Iterable<ResourceInfo>) {
    for (const resource of resources) {
      const key = typeKey(resource);
      if (!this.#byKind.has(key)) this.#byKind.set(key, resource);
    }
  }

  get(type: GroupVersionKind): ResourceInfo | undefined {
    return this.#byKind.get(typeKey(type)) ?? this.#listOf(type);
  }

  values(): Iterable<ResourceInfo> {
    return this.#byKind.values();
  }

  /**
   * The resource of a list kind. Discovery does not contain list kinds, so the plural is derived from the kind, as
   * clients do.
   */
  #listOf(type: GroupVersionKind): ResourceInfo | undefined {
    if (!type.kind.endsWith('List')) return undefined;
    const item = this.#byKind.get(typeKey({ ...type, kind: type.kind.slice(0, -'List'.length) }));
    if (item === undefined) return undefined;
    const singular = type.kind.toLowerCase();
    return {
      ...item,
      kind: type.kind,
      singular,
      plural: `${singular}s`,
      shortNames: [],
      categories: [],
      verbs: [],
      subresources: [],
    };
  }
}
