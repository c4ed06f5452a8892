import type { KubeObject } from '../../core/index.ts';

/** The stored objects of one resource, for reading. Keys are `namespace/name`, or `name` for cluster-scoped objects. */
export interface ObjectCollection {
  readonly size: number;
  get(key: string): { readonly object: KubeObject } | undefined;
  /** All objects, ordered by key. */
  all(): readonly { readonly key: string; readonly object: KubeObject }[];
  /** The objects of a namespace, ordered by name; `''` means all namespaces. */
  inNamespace(namespace: string): readonly { readonly key: string; readonly object: KubeObject }[];
}

/** Look-up of other objects, for hooks of kinds and for access rules. The store implements it. */
export interface ObjectLookup {
  collection(group: string, plural: string): ObjectCollection;
}

/** Look-up and unchecked writes of objects, as for the counts of quotas and budgets. */
export interface UncheckedObjectStore {
  collection(group: string, plural: string): ObjectCollection & { put(key: string, object: KubeObject): unknown };
}
