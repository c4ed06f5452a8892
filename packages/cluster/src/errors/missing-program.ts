/** Errors of the machine and of the installed program, which no client causes. */
import { fileURLToPath } from 'node:url';
import { errorCode, packageFolder } from '@typekro/kit/core';

/** The message for a missing program file: the cause and the remedy. */
export const PROGRAM_GONE =
  'files of the running program are gone, for example because its package was updated; stop the cluster, and start it again';

/** Was this error thrown because a module or a data file of the running program is gone? */
export function missesProgram(thrown: unknown): boolean {
  const code = errorCode(thrown);
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return true;
  const folder = packageFolder();
  if (code !== 'ENOENT' || folder === undefined) return false;
  const { path = '' } = thrown as NodeJS.ErrnoException;
  return ['data/', 'dist/'].some((name) => path.startsWith(fileURLToPath(new URL(name, folder))));
}

/** The message for a process without free file descriptors: the cause and the remedy. */
export const NO_DESCRIPTORS =
  'the server has no free file descriptors; close connections, or start it with a higher limit (ulimit -n)';

/** Was this error thrown because the process, or the machine, has no free file descriptors? */
export function lacksDescriptors(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'EMFILE' || code === 'ENFILE';
}
