import { isAbsolute, relative } from 'node:path';

/**
 * The name under which messages show a file: relative to the user's directory. A file outside of it that the user named
 * by an absolute path keeps this path.
 *
 * @param path the absolute path
 * @param cwd the user's directory
 * @param given what the user named: the file, or a folder above it
 */
export function shownName(path: string, cwd: string, given: string): string {
  const short = relative(cwd, path);
  if (short === '') return given;
  return isAbsolute(given) && /^\.\.(?:[/\\]|$)/.test(short) ? path : short;
}
