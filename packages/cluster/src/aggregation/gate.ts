import type { KubeObject } from '@typekro/kit/core';
import { objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Collection, Store } from '../store/store.ts';

/** The resource of APIServices. */
export const REGISTRATION = { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices' } as const;

/** Does another server serve the version of an APIService? */
export const isDelegated = ({ spec }: KubeObject): boolean => optionalAt(spec, 'service') !== undefined;

/** Returns the key of an APIService's Service, as `namespace/name`. */
export function serviceKey({ spec }: KubeObject): string {
  const service = objectAt(spec, 'service');
  return `${textAt(service, 'namespace')}/${textAt(service, 'name')}`;
}

/**
 * The APIServices that delegate a version of an API group to another server. A cluster without such APIServices does
 * not load the aggregation code.
 */
export class AggregationGate {
  readonly #services: Collection;
  readonly #delegated = new Map<string, KubeObject>();
  /** Grows when an APIService changes, and when the document of its server does. */
  generation = 0;

  constructor(store: Store) {
    this.#services = store.collection(REGISTRATION.group, REGISTRATION.plural);
    this.#services.subscribe(({ type, stored: { key, object } }) => {
      this.generation += 1;
      if (type !== 'DELETED' && isDelegated(object)) this.#delegated.set(key, object);
      else this.#delegated.delete(key);
    });
  }

  /** Is any version delegated? Called for each request for an API group. */
  get isOpen(): boolean {
    return this.#delegated.size > 0;
  }

  /** Returns the APIServices that delegate a version. */
  all(): Iterable<KubeObject> {
    return this.#delegated.values();
  }

  /** Returns the APIService that delegates a version, or `undefined` when this server serves the version. */
  find(group: string, version: string): KubeObject | undefined {
    return this.named(`${version}.${group}`);
  }

  /** Returns the APIService with this name if it delegates a version. */
  named(name: string): KubeObject | undefined {
    return this.#delegated.get(name);
  }

  /** Recomputes the APIServices after the whole state was replaced. */
  recount(): void {
    this.generation += 1;
    this.#delegated.clear();
    for (const { key, object } of this.#services.all()) if (isDelegated(object)) this.#delegated.set(key, object);
  }
}
