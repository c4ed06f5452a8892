import { type KubeObject, parseApiVersion, firstDefined } from '@typekro/kit/core';
import { type KubernetesRelease, latestRelease } from '../release.ts';
import type { Store } from '../store/store.ts';
import { builtinResources } from './builtin-resources.ts';
import type { ServedResource } from './served-resource.ts';

/** The index of all served resources, by group, version and plural. */
export class Registry {
  readonly #byPath = new Map<string, ServedResource>();
  readonly #versions = new Map<string, Set<string>>();
  /** The paths of the resources whose objects a webhook converts. */
  readonly #converted = new Set<string>();
  #generation = 0;

  /** The version of Kubernetes whose API is served. */
  readonly release: KubernetesRelease;

  constructor(store: Store, release: KubernetesRelease = latestRelease) {
    this.release = release;
    for (const resource of builtinResources(store, release)) this.#insert(resource);
  }

  /** The number of changes since the start. The caches of discovery and OpenAPI documents use it to detect changes. */
  get generation(): number {
    return this.#generation;
  }

  /** Does a webhook convert objects of a served resource? */
  get callsConversionWebhooks(): boolean {
    return this.#converted.size > 0;
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** The resource that serves a kind; `undefined` when no resource serves it. */
  findKind(apiVersion: string, kind: string): ServedResource | undefined {
    for (const resource of this.#byPath.values()) {
      if (resource.kind === kind && resource.apiVersion === apiVersion) return resource;
    }
    return undefined;
  }

  /** The resource of a stored object. It is also found when the version of the object is not served any more. */
  findStoredKind({ apiVersion, kind }: KubeObject): ServedResource | undefined {
    const served = this.findKind(apiVersion, kind);
    if (served !== undefined) return served;
    const { group } = parseApiVersion(apiVersion);
    for (const resource of this.#byPath.values()) {
      if (resource.kind === kind && resource.group === group) return resource.inVersion(apiVersion);
    }
    return undefined;
  }

  /**
   * Any served version of a resource; `undefined` when no version is served. In built-in groups, the preferred version
   * comes first.
   */
  findAny(group: string, plural: string): ServedResource | undefined {
    return firstDefined(this.#versions.get(group) ?? [], (version) => this.find(group, version, plural));
  }

  hasGroup(group: string): boolean {
    return this.#versions.has(group);
  }

  hasVersion(group: string, version: string): boolean {
    return this.#versions.get(group)?.has(version) ?? false;
  }

  all(): Iterable<ServedResource> {
    return this.#byPath.values();
  }

  /** The resources of a group version. */
  *inVersion(group: string, version: string): Generator<ServedResource> {
    for (const resource of this.#byPath.values()) {
      if (resource.group === group && resource.version === version) yield resource;
    }
  }

  add(resource: ServedResource): void {
    this.#insert(resource);
    this.#generation++;
  }

  /** Stops serving all versions of a resource. */
  remove(group: string, plural: string): void {
    for (const [path, resource] of this.#byPath) {
      if (resource.group !== group || resource.plural !== plural) continue;
      this.#byPath.delete(path);
      this.#converted.delete(path);
    }
    const versions = new Set<string>();
    for (const resource of this.#byPath.values()) if (resource.group === group) versions.add(resource.version);
    if (versions.size > 0) this.#versions.set(group, versions);
    else this.#versions.delete(group);
    this.#generation++;
  }

  #insert(resource: ServedResource) {
    const path = `${resource.group}/${resource.version}/${resource.plural}`;
    this.#byPath.set(path, resource);
    if (resource.custom?.conversion !== undefined) this.#converted.add(path);
    const versions = this.#versions.get(resource.group);
    if (versions === undefined) this.#versions.set(resource.group, new Set([resource.version]));
    else versions.add(resource.version);
  }
}
