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
