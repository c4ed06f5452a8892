import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { errorCode, TypeKroError } from '@typekro/kit/core';
import { isNoFile, isOutside } from '../file-paths.ts';

/** The file name extensions of modules. Loading a module runs its code. */
const SCRIPTS: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Is the file a module, judged by its extension? Loading a module runs its code. */
export const isModule = (name: string): boolean => SCRIPTS.has(extname(name).toLowerCase());

/**
 * Returns the path of a file or folder relative to the root, with symbolic links resolved.
 *
 * @throws TypeKroError `mcp/outside` for a path outside of the root
 */
export function insideRoot(root: string, name: string): string {
  const home = realpathSync(root);
  const inside = relative(home, realPath(resolve(home, name)));
  if (!isOutside(inside)) return inside === '' ? '.' : inside;
  throw new TypeKroError(`${name} is outside of ${home}`, {
    code: 'mcp/outside',
    remedy: 'name files below that folder, or start typekro mcp with another --root',
  });
}

/**
 * Resolves the symbolic links of the path, also those whose target does not exist. Keeps the rest of a path that cannot
 * be resolved: a name that is too long, a circle of links, or the content of a folder that the user may not read.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // Reading a path that cannot be resolved fails with the same error, so the path gives no access to a file outside
    // of the root.
    if (!isNoFile(error) || dirname(path) === path) throw error;
    // The links of a circle have no end.
    const target = errorCode(error) === 'ELOOP' ? undefined : linkTarget(path);
    const folder = realPath(dirname(path));
    return target === undefined ? join(folder, basename(path)) : realPath(resolve(folder, target));
  }
}

/** Returns the target of a symbolic link, or `undefined` for a path that is not a link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL' || isNoFile(error)) return undefined;
    throw error;
  }
}
