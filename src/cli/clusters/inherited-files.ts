import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { errorCode } from '../../core/index.ts';

/** The bit of `flags` in `/proc/PID/fdinfo` for a file that started programs do not inherit. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes the files that this process has inherited from the caller of the command, except the standard ones. Otherwise
 * the reader of an inherited pipe, such as a test runner, would wait for the end of the cluster. Node itself closes
 * only inherited files with small numbers. Files that Node opened have `CLOSE_ON_EXEC`, and stay open. Has an effect on
 * Linux only, where the system lists the files with their flags.
 */
export function closeInheritedFiles(): void {
  if (process.platform !== 'linux') return;
  // A sandbox may be without /proc. The files then stay open.
  if (!existsSync('/proc/self/fd')) return;
  for (const name of readdirSync('/proc/self/fd')) {
    const file = Number(name);
    if (file <= 2) continue;
    const info = infoOf(file);
    if (info !== undefined && isInherited(info)) closeSync(file);
  }
}

/** Was a file open before this program began? `info` is the text of `/proc/PID/fdinfo`. */
export function isInherited(info: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}

function infoOf(file: number): string | undefined {
  try {
    return readFileSync(`/proc/self/fdinfo/${file}`, 'utf8');
  } catch (error) {
    // The list includes the file from which the list was read. It is closed by now.
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
