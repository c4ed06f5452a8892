import { realpathSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { TypeKroError } from '@typekro/kit/core';
import { pathInside, statOf } from '../file-paths.ts';

/** The file name extensions of modules. Loading a module runs its code. */
const SCRIPTS: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Is the file a module, judged by its extension? Loading a module runs its code. */
export const isModule = (name: string): boolean => SCRIPTS.has(extname(name).toLowerCase());

/**
 * Returns the path of a file or folder relative to the root, with symbolic links resolved.
 *
 * @throws TypeKroError `mcp/outside` for a path outside of the root, `input/unreadable` for a pipe or a device, because
 *   its reader could wait for ever
 */
export function insideRoot(root: string, name: string): string {
  const inside = pathInside(root, name);
  if (inside !== undefined) {
    const stats = statOf(resolve(root, inside));
    if (stats === undefined || stats.isFile() || stats.isDirectory()) return inside;
    throw new TypeKroError(`${name} is a device or a pipe, and only files and folders are read`, {
      code: 'input/unreadable',
      remedy: 'write its content into a file first, and name the file',
    });
  }
  throw new TypeKroError(`${name} is outside of ${realpathSync(root)}`, {
    code: 'mcp/outside',
    remedy: 'name files below that folder, or start typekro mcp with another --root',
  });
}
