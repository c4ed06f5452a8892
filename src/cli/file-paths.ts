import { isAbsolute, sep } from 'node:path';
import { errorCode } from '../core/index.ts';

/** Does a path that `relative` returned lead out of the folder? A name such as `..app.ts` stays inside. */
export const isOutside = (path: string): boolean => path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);

const NO_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EACCES',
  'EPERM',
]);

/** Does the error of the file system mean that a path has no file, or that this user may not reach the file? */
export const isNoFile = (error: unknown): boolean => NO_FILE.has(errorCode(error));
