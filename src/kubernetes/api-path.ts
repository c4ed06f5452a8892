/** The path of a group and version: `/api/v1`, `/apis/apps/v1`. Escapes characters that would end a path segment. */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === ''
    ? `/api/${encodeURIComponent(type.version)}`
    : `/apis/${encodeURIComponent(type.group)}/${encodeURIComponent(type.version)}`;
}

/** The path of the log of a pod, with the parameters of the request. */
export function podLogPath(pod: { readonly namespace: string; readonly name: string }, query: URLSearchParams): string {
  const [namespace, name] = [encodeURIComponent(pod.namespace), encodeURIComponent(pod.name)];
  return `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`;
}
