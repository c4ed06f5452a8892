import type { KubeObject, OwnerReference } from '@typekro/kit/core';
import type { Collection, Store, StoreEvent } from '../store/store.ts';
import { claimsOfPod } from '../pods/bound-pod.ts';

/** A stored object and its collection. */
export interface IndexedObject {
  readonly collection: Collection;
  readonly object: KubeObject;
}

/** Returns the terms by which the index finds an object, often none. */
export type TermsOf = (collection: Collection, object: KubeObject) => readonly string[];

const NOTHING: readonly string[] = [];

/**
 * Finds objects of all kinds by terms that are derived from their content, such as the uids of their owners. The index
 * is updated by store events, so the cost of a look-up depends only on the number of its results.
 */
export class RelationIndex {
  readonly #termsOf: TermsOf;
  readonly #places = new Map<string, Map<string, { readonly collection: Collection; readonly key: string }>>();

  /** Indexes the present objects. Objects that the store creates lazily, on their first read, must have no terms. */
  constructor(store: Store, termsOf: TermsOf) {
    this.#termsOf = termsOf;
    this.fill(store);
  }

  /** Rebuilds the index from the present objects. */
  fill(store: Store): void {
    this.#places.clear();
    for (const collection of store.collections()) {
      for (const { key, object } of collection.all())
        for (const term of this.#termsOf(collection, object))
          this.#add(term, placeOf(collection, key), collection, key);
    }
  }

  /** Updates the index for a store event. Before this call, the index finds the object only by its old terms. */
  take({ type, collection, stored, previous }: StoreEvent): void {
    const before = previous === undefined ? NOTHING : this.#termsOf(collection, previous.object);
    const after = type === 'DELETED' ? NOTHING : this.#termsOf(collection, stored.object);
    if (before.length === 0 && after.length === 0) return;
    // An object can have thousands of terms, so they are not compared with each other.
    const [known, kept] = [new Set(before), new Set(after)];
    const place = placeOf(collection, stored.key);
    for (const term of known) if (!kept.has(term)) this.#drop(term, place);
    for (const term of kept) if (!known.has(term)) this.#add(term, place, collection, stored.key);
  }

  /** Returns the objects with a term, in the order of their addition. */
  find(term: string): IndexedObject[] {
    const found: IndexedObject[] = [];
    for (const { collection, key } of this.#places.get(term)?.values() ?? []) {
      const stored = collection.get(key);
      if (stored !== undefined) found.push({ collection, object: stored.object });
    }
    return found;
  }

  /** The number of terms, for tests that detect leaks. */
  get size(): number {
    return this.#places.size;
  }

  #add(term: string, place: string, collection: Collection, key: string): void {
    let places = this.#places.get(term);
    if (places === undefined) this.#places.set(term, (places = new Map()));
    places.set(place, { collection, key });
  }

  #drop(term: string, place: string): void {
    const places = this.#places.get(term);
    places?.delete(place);
    if (places?.size === 0) this.#places.delete(term);
  }
}

const placeOf = (collection: Collection, key: string): string => `${collection.plural}.${collection.group} ${key}`;

/** Returns the terms of the owner index: the uids of the owners. */
export function ownersOf(_collection: Collection, { metadata }: KubeObject): readonly string[] {
  const owners = metadata.ownerReferences;
  return owners === undefined || owners.length === 0 ? NOTHING : owners.map(({ uid }) => uid);
}

/** Returns the terms of the claim index: `namespace/name` of the claims in the volumes of a pod. */
export function claimsOf(collection: Collection, pod: KubeObject): readonly string[] {
  if (collection.plural !== 'pods' || collection.group !== '') return NOTHING;
  return claimsOfPod(pod).map((claim) => `${pod.metadata.namespace ?? ''}/${claim}`);
}

/** The resources whose objects a controller can adopt. Maps the plural of each resource to its group. */
const ADOPTABLE: ReadonlyMap<string, string> = new Map([
  ['pods', ''],
  ['replicasets', 'apps'],
  ['controllerrevisions', 'apps'],
]);

/**
 * Returns the term for the objects in a namespace that have no controller. With `label`, the term covers only the
 * objects with this label.
 */
export function uncontrolledTerm(
  { group, plural }: Pick<Collection, 'group' | 'plural'>,
  namespace: string,
  label?: readonly [key: string, value: string],
): string {
  const all = `${plural}.${group} ${namespace}`;
  return label === undefined ? all : `${all} ${label[0]}=${label[1]}`;
}

/**
 * Returns the terms of an object without a controller: the term of its namespace, and one term per label. Returns none
 * for resources whose objects no controller adopts.
 */
export function uncontrolledIn(collection: Collection, object: KubeObject): readonly string[] {
  // Most events are about other resources, so this cheap check comes first.
  if (ADOPTABLE.get(collection.plural) !== collection.group || controllerOf(object) !== undefined) return NOTHING;
  const { namespace = '', labels = {} } = object.metadata;
  const terms = [uncontrolledTerm(collection, namespace)];
  for (const label of Object.entries(labels)) terms.push(uncontrolledTerm(collection, namespace, label));
  return terms;
}

/** Returns the reference to the controller of an object, or `undefined` if it has none. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}
