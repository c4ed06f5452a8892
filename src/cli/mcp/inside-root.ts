import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorCode, TypeKroError } from '../../core/index.ts';

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
  if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) return inside === '' ? '.' : inside;
  throw new TypeKroError(`${name} is outside of ${home}`, {
    code: 'mcp/outside',
    remedy: 'name files below that folder, or start typekro mcp with another --root',
  });
}

/**
 * The codes of errors for paths that lead to no file which this process can read. Reading such a path fails with the
 * same error, so that the path gives no access to a file outside of the root.
 */
const NO_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EACCES',
  'EPERM',
]);

/**
 * Resolves the symbolic links of the path, also those whose target does not exist. Keeps the rest of a path that cannot
 * be resolved: a name that is too long, a circle of links, or the content of a folder that the user may not read.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (!NO_FILE.has(code) || dirname(path) === path) throw error;
    // The links of a circle have no end.
    const target = code === 'ELOOP' ? undefined : linkTarget(path);
    const folder = realPath(dirname(path));
    return target === undefined ? join(folder, basename(path)) : realPath(resolve(folder, target));
  }
}

/** Returns the target of a symbolic link, or `undefined` for a path that is not a link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EINVAL' || NO_FILE.has(code)) return undefined;
    throw error;
  }
}
