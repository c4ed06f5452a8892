/** The path of a group and version: `/api/v1`, `/apis/apps/v1`. Escapes characters that would end a path segment. */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === ''
    ? `/api/${encodeURIComponent(type.version)}`
    : `/apis/${encodeURIComponent(type.group)}/${encodeURIComponent(type.version)}`;
}
