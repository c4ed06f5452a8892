import type { ApiResource } from './types.ts';

/** Query parameters; `undefined` leaves one out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of a group and version: `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === ''
    ? `/api/${encodeURIComponent(type.version)}`
    : `/apis/${encodeURIComponent(type.group)}/${encodeURIComponent(type.version)}`;
}

/** Path of all objects of a resource, in one namespace or in all. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${groupVersionPath(resource)}${scope}/${resource.plural}`;
}

/** Path of one object, or of a subresource of it. */
export function objectPath(
  resource: ApiResource,
  ref: { readonly namespace?: string; readonly name: string },
  subresource?: string,
): string {
  // A namespaced object without a namespace would address the collection of all namespaces.
  const namespace = resource.namespaced ? (ref.namespace ?? 'default') : undefined;
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(ref.name)}${tail}`;
}

/** Path and query in one. */
export function withQuery(path: string, query: Query): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  }
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
