import { realpathSync } from 'node:fs';
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

/** Resolves symbolic links in the existing part of the path, and appends the remaining part. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = errorCode(error);
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path) throw error;
    return join(realPath(dirname(path)), basename(path));
  }
}
