import type { KubeObject } from '@typekro/kit/core';

/**
 * Read access to the stored objects of one resource. Keys are `namespace/name`, or `name` for cluster-scoped objects.
 */
export interface ObjectCollection {
  readonly size: number;
  get(key: string): { readonly object: KubeObject } | undefined;
  /** All objects, ordered by key. */
  all(): readonly { readonly key: string; readonly object: KubeObject }[];
  /** The objects of a namespace, ordered by name; for `''` the objects of all namespaces. */
  inNamespace(namespace: string): readonly { readonly key: string; readonly object: KubeObject }[];
}

/** Look-up of other objects, for the hooks of kinds and for the access rules. The store implements it. */
export interface ObjectLookup {
  collection(group: string, plural: string): ObjectCollection;
}

/** Look-up and unchecked writes of objects. Admission writes the counts of quotas and budgets this way. */
export interface UncheckedObjectStore {
  collection(group: string, plural: string): ObjectCollection & { put(key: string, object: KubeObject): unknown };
}

/** Look-up of the resources that serve kinds. The registry implements it. */
export interface KindLookup {
  findKind(apiVersion: string, kind: string): { readonly plural: string } | undefined;
}
