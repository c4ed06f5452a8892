import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs';

/** The flag of a file that the system closes for a started program, in the flags of `/proc/PID/fdinfo`. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes the files that this process has from the caller of the command, except the standard ones. Node closes only those
 * with small numbers. A reader of such a pipe, for example a test runner, would otherwise wait for the end of the cluster.
 * Files that Node has opened are closed for a started program and therefore stay. Has an effect on Linux only, where the
 * system lists the files with their flags.
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
    // The list has the file of the list itself, which is closed by now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
