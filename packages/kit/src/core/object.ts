import type { JsonObject, JsonValue } from './json.ts';

/** Group, version and kind of an API type. The core group is the empty string. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** An entry of `metadata.ownerReferences`. */
export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

/** The metadata fields that this package reads or writes. Other fields pass through unchanged. */
export type ObjectMeta = {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: JsonValue[];
};

/** Any Kubernetes object: what an API server stores. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: JsonObject;
  status?: JsonObject;
}

/** The identity of an object: its type and name; `namespace` is absent for cluster-scoped objects. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** `{group, version}` of an `apiVersion`; `v1` is the core group. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The `apiVersion` text of a group and version. */
export function formatApiVersion(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The `apiVersion` and the kind of the objects of a type. */
export const typeMetaOf = (type: GroupVersionKind): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: formatApiVersion(type),
  kind: type.kind,
});

/** Is the group one of Kubernetes' built-in kinds? Some custom resources also have a group that ends in `.k8s.io`. */
export const isBuiltinGroup = (group: string): boolean => !group.includes('.') || group.endsWith('.k8s.io');

/** A kind or plural with its group, such as `deployments.apps`; without a suffix for the core group. */
export const withGroup = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

/** Group, version and kind of an object or reference. */
export function gvkOf(object: { apiVersion: string; kind: string }): GroupVersionKind {
  const { group, version } = parseApiVersion(object.apiVersion);
  return { group, version, kind: object.kind };
}

/** The reference of an object that has a name. An empty namespace counts as absent, as in an API server. */
export function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const { name = '', namespace = '' } = metadata;
  return { apiVersion, kind, name, ...(namespace === '' ? {} : { namespace }) };
}

/** `namespace/name`, or `name` of a cluster-scoped object, as in kro's messages. */
export function namespacedName({ namespace, name = '' }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** `Deployment default/web`: the name of an object for messages that need no API version. */
export function objectName(object: Pick<ObjectRef, 'kind' | 'name' | 'namespace'>): string {
  return `${object.kind} ${namespacedName(object)}`;
}

/** A string that identifies an object in messages: `Deployment apps/v1 default/web`. */
export function formatRef(ref: ObjectRef): string {
  return `${ref.kind} ${ref.apiVersion} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
}
