import type { KubeObject } from '../../core/index.ts';

/** The stored objects of one resource, for reading. Keys are `namespace/name`, or `name` for cluster-scoped ones. */
export interface ObjectCollection {
  readonly size: number;
  get(key: string): { readonly object: KubeObject } | undefined;
  /** Everything, ordered by key. */
  all(): readonly { readonly key: string; readonly object: KubeObject }[];
  /** The objects of a namespace, ordered by name; `''` means all namespaces. */
  inNamespace(namespace: string): readonly { readonly key: string; readonly object: KubeObject }[];
}

/** Where hooks of kinds and rules of access look up other objects of the cluster. The store is one. */
export interface ObjectLookup {
  collection(group: string, plural: string): ObjectCollection;
}

/** Where objects are looked up and put without the checks of a write, as the use of quotas and budgets is counted. */
export interface ObjectStore {
  collection(group: string, plural: string): ObjectCollection & { put(key: string, object: KubeObject): unknown };
}
