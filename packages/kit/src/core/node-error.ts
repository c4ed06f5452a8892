/** The code of an error of Node, such as `ENOENT`; `undefined` for an error without a code, and for other values. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The reason why a file could not be read, in words. */
export function whyUnreadable(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'ENOTDIR') return 'a part of the path is a file, not a folder';
  if (code === 'ENXIO') return 'it is a socket, or a device that is absent';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
