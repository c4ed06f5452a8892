import { linkSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, randomUUID } from 'node:crypto';
import { errorCode, NO_FOLLOW, readRegularFile } from '@typekro/kit/core';

/** A lock file that this process holds. */
export interface ProcessLock {
  /** Does this process still hold the lock? False when the file was removed or replaced, true when it cannot be read. */
  isHeld(): boolean;
  release(): void;
}

/** The result when a live process holds the lock, or is taking over the lock of a dead one. */
export interface LockRefusal {
  readonly holder: number;
  /** Where else to look for the process, and what to do when it is gone. Absent for a process that this one can see. */
  readonly elsewhere?: string;
}

/**
 * Takes a lock file for this process. Takes over the lock of a dead process (for example after `kill -9`). If the
 * system reports start times, also takes over a lock whose process id now belongs to a later process. Creates the file
 * atomically, as a hard link to a finished file, so that no process reads an incomplete lock. Of several processes that
 * find the same dead lock, only one gets the new lock.
 */
export function takeLock(file: string): ProcessLock | LockRefusal {
  const own = `${process.pid} ${startOf(process.pid)} ${randomUUID()} ${PROCESS_SPACE}`;
  const draft = `${file}.${process.pid}`;
  try {
    rmSync(draft, { force: true });
    writeFileSync(draft, own, { mode: 0o600, flag: 'wx' });
    for (;;) {
      if (link(draft, file)) return heldLock(file, own);
      const found = read(file);
      if (found === undefined) continue; // The holder has just released the lock.
      const holder = Number.parseInt(found, 10);
      if (isHolderAlive(found)) return { holder, ...(isElsewhere(found) ? { elsewhere: elsewhere(file) } : {}) };
      // Only the process with this claim may replace the dead lock, and it replaces the lock in one step.
      const claim = takeLock(`${file}.${digestOf(found)}.claim`);
      if ('holder' in claim) return claim;
      try {
        if (read(file) !== found) continue;
        renameSync(draft, file);
        return heldLock(file, own);
      } finally {
        claim.release();
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that a lock file names. */
export interface LockHolder {
  readonly pid: number;
  /**
   * True when the process with this id is certainly the holder. False on systems that do not report start times: the id
   * can already belong to another process, which must not be ended.
   */
  readonly isCertain: boolean;
}

/** Returns the live process that holds a lock file, or `undefined` when the file is absent or its process has ended. */
export function lockHolder(file: string): LockHolder | undefined {
  const found = read(file);
  if (found === undefined || !isHolderAlive(found)) return undefined;
  const [pid = '', start = '-'] = found.split(' ');
  const isStart = start !== '-' && start === startOf(Number.parseInt(pid, 10));
  return { pid: Number.parseInt(pid, 10), isCertain: isStart && !isElsewhere(found) };
}

function heldLock(file: string, own: string): ProcessLock {
  const isHeld = (): boolean => {
    try {
      return read(file) === own;
    } catch (error) {
      // Anything but a lock file has replaced this one. A process without free files, for example, only cannot tell.
      return /^(?:EMFILE|ENFILE|ENOMEM|EIO|EACCES|EPERM)$/.test(errorCode(error) ?? '');
    }
  };
  return {
    isHeld,
    release() {
      if (isHeld()) rmSync(file, { force: true });
    },
  };
}

const digestOf = (lock: string): string => createHash('sha256').update(lock).digest('hex').slice(0, 16);

/** Makes a hard link. Returns false when the target exists. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readRegularFile(file, NO_FOLLOW).toString();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Is the process that wrote the lock alive? A process that this one may not signal counts as alive, unless its start
 * time shows that it is a later process with the same id.
 */
function isHolderAlive(lock: string): boolean {
  if (isElsewhere(lock)) return true;
  const [pidText = '', start = ''] = lock.split(' ');
  const pid = Number.parseInt(pidText, 10);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM' && isSameStart(start, startOf(pid));
  }
  return isSameStart(start, startOf(pid));
}

/**
 * The processes that this one can see: the start of the system and the PID namespace, as with a container. Empty on a
 * system other than Linux.
 */
const PROCESS_SPACE = (() => {
  try {
    const boot = readRegularFile('/proc/sys/kernel/random/boot_id').toString().trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
})();

/**
 * Was the lock taken since the start of this system, by a process that this one cannot see? Nothing shows whether such a
 * process is alive, so its lock is never taken over.
 */
function isElsewhere(lock: string): boolean {
  const [, , , space = ''] = lock.split(' ');
  const boot = (text: string) => text.slice(0, text.indexOf('/') + 1);
  return boot(space) !== '' && space !== PROCESS_SPACE && boot(space) === boot(PROCESS_SPACE);
}

const elsewhere = (file: string): string =>
  `the process runs in another container (PID namespace), so nobody can see here whether it has ended; if it has, remove ${file}`;

/** May both start times be of one process? An unknown time fits every time of a process that has not ended. */
export const isSameStart = (locked: string, now: string): boolean =>
  now === locked || now === '-' || (locked === '-' && now !== 'ended');

/**
 * Returns the start time of a process in units of the system. Returns `-` when it is not known, so that only process
 * ids are compared.
 */
function startOf(pid: number): string {
  return startInStat(readStat(pid));
}

/**
 * Returns the start time in the line of `/proc/PID/stat`. Returns `ended` for a zombie, so that its lock counts as
 * dead.
 */
export function startInStat(stat: string | undefined): string {
  // The program name is in parentheses and can contain any character. The state is field 3, the start time field 22.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return /^[ZX]/.test(fields[0] ?? '') ? 'ended' : (fields[19] ?? '-');
}

function readStat(pid: number): string | undefined {
  try {
    return readRegularFile(`/proc/${pid}/stat`).toString();
  } catch {
    return undefined; // The system is not Linux, or the process is gone.
  }
}
