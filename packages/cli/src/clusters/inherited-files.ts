import { closeSync, existsSync, readdirSync } from 'node:fs';
import { errorCode, readRegularFile } from '@typekro/kit/core';

/** The close-on-exec bit of `flags` in `/proc/PID/fdinfo/FD`. Child processes do not inherit a file with this bit. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes the files that this process inherited from the caller of the command, except the standard streams. If an
 * inherited pipe stayed open, its reader (such as a test runner) would wait until the cluster ends. Node itself closes
 * only inherited files with small descriptors. Files that Node opened have `CLOSE_ON_EXEC`, so they are not closed.
 * Works only on Linux, where `/proc` lists the files with their flags.
 */
export function closeInheritedFiles(): void {
  if (process.platform !== 'linux') return;
  // A sandbox may have no /proc. In this case the files stay open.
  if (!existsSync('/proc/self/fd')) return;
  for (const name of readdirSync('/proc/self/fd')) {
    const file = Number(name);
    if (file <= 2) continue;
    const info = infoOf(file);
    if (info !== undefined && isInherited(info)) closeSync(file);
  }
}

/** Was a file open before this program started? `info` is the content of `/proc/PID/fdinfo/FD`. */
export function isInherited(info: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}

function infoOf(file: number): string | undefined {
  try {
    return readRegularFile(`/proc/self/fdinfo/${file}`).toString();
  } catch (error) {
    // The list includes the descriptor with which the list was read. This descriptor is closed now.
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
