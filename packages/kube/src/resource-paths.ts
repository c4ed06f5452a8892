import { groupVersionPath } from '@typekro/kit/kubernetes';
import { KubeError } from './kube-error.ts';
import type { ApiResource } from './kube-api.ts';

/** Query parameters; a parameter that is `undefined` is left out. */
export type QueryParameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of all objects of a resource, in one namespace or in all. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${groupVersionPath(resource)}${scope}/${resource.plural}`;
}

/** Path of one object, or of a subresource of it. */
export function objectPath(
  resource: ApiResource,
  ref: { readonly namespace?: string; readonly name: string },
  subresource?: string,
): string {
  if (ref.name === '') throw refused(ref.name);
  // The path of a namespaced object must contain a namespace, so `default` is used if there is none.
  const namespace = resource.namespaced ? (ref.namespace ?? 'default') : undefined;
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(resource, namespace)}/${segment(ref.name)}${tail}`;
}

/**
 * Encodes a name as a path segment. Servers and proxies decode slashes and resolve dots, so a name that contains them
 * could address another object, a subresource or a collection.
 *
 * @throws KubeError 400 for a name that is not a segment
 */
function segment(name: string): string {
  if (/^\.\.?$|[/%]/.test(name)) throw refused(name);
  return encodeURIComponent(name);
}

function refused(name: string): KubeError {
  return new KubeError(`"${name}" cannot be the name of an object`, { status: 400, reason: 'BadRequest' });
}

/** Appends a query to a path. */
export function withQuery(path: string, query: QueryParameters): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  }
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
