import { isAbsolute, relative } from 'node:path';
import { isOutside } from '../file-paths.ts';

/**
 * Returns the name of a file in messages: the path relative to `cwd`. The path stays absolute if the file is outside of
 * `cwd` and the user named it with an absolute path.
 *
 * @param path the absolute path
 * @param cwd the user's working directory
 * @param given the argument of the user: the file, or a folder that contains it
 */
export function shownName(path: string, cwd: string, given: string): string {
  const short = relative(cwd, path);
  if (short === '') return given;
  return isAbsolute(given) && isOutside(short) ? path : short;
}
