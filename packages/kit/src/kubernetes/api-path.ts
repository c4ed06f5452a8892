/**
 * The URL path of an API group and version: `/api/v1`, `/apis/apps/v1`. Escapes characters that would end a path
 * segment.
 */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === ''
    ? `/api/${encodeURIComponent(type.version)}`
    : `/apis/${encodeURIComponent(type.group)}/${encodeURIComponent(type.version)}`;
}

/** The URL path of a pod's log, with the query parameters. */
export function podLogPath(pod: { readonly namespace: string; readonly name: string }, query: URLSearchParams): string {
  const [namespace, name] = [encodeURIComponent(pod.namespace), encodeURIComponent(pod.name)];
  return `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`;
}
