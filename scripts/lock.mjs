import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * Runs `work`, which only one process may run at a time. Other processes wait for their turn. The lock is a file with
 * the id of the process that holds it. The lock of a process that ended without releasing it is taken over.
 */
export async function withLock(path, work) {
  const candidate = `${path}.${process.pid}`;
  let isReported = false;
  for (;;) {
    writeFileSync(candidate, String(process.pid));
    const owner = take(path, candidate);
    rmSync(candidate, { force: true });
    if (owner === process.pid) break;
    if (!isReported && owner !== undefined) {
      console.log(`Waiting for process ${owner}, which holds the lock …`);
      isReported = true;
    }
    await setTimeout(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Links `from` under the name `path`. Returns false when `path` exists. A hard link makes the file appear together with
 * its content.
 */
function appear(from, path) {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Tries to acquire the lock once. Returns the id of the process that holds the lock afterwards, or undefined when the
 * caller should try again.
 */
function take(path, candidate) {
  if (appear(candidate, path)) return process.pid;
  const owner = ownerOf(path);
  if (owner === undefined || isAlive(owner)) return owner;
  const stale = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, stale);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    // Another process may have taken over the stale lock in the meantime. In this case its lock is restored.
    if (ownerOf(stale) !== owner) appear(stale, path);
  } finally {
    rmSync(stale, { force: true });
  }
  return undefined;
}

function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
