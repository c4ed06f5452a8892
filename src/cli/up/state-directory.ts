import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { TypeKroError } from '../../core/index.ts';

/** The files of one running cluster below a project: `.typekro/<name>/`. */
export interface StateDirectory {
  readonly path: string;
  readonly kubeconfig: string;
  /** Gives the name free again. The kubeconfig goes with it: what it points at is gone. */
  release(): void;
}

/** Names of clusters are directory names, so they are kept to letters, digits and dashes. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Takes the directory for this process, making it if needed.
 *
 * @throws TypeKroError `up/name-invalid` for a name that is no DNS label, `up/already-running` when another
 * process that is alive holds it; a lock left by a process that died is taken over.
 */
export function takeStateDirectory(projectDirectory: string, name: string): StateDirectory {
  if (!NAME.test(name)) {
    throw new TypeKroError(`"${name}" is no name for a cluster`, {
      code: 'up/name-invalid',
      remedy: 'use lower-case letters, digits and dashes, at most 63',
    });
  }
  const path = join(projectDirectory, '.typekro', name);
  const lock = join(path, 'lock');
  const kubeconfig = join(path, 'kubeconfig');
  mkdirSync(path, { recursive: true });
  if (!tryLock(lock)) {
    const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10);
    if (isAlive(pid)) {
      throw new TypeKroError(`a cluster named "${name}" is already running here (process ${pid})`, {
        code: 'up/already-running',
        remedy: `use it with \`export KUBECONFIG=${kubeconfig}\`, stop it, or start another with \`--name other\``,
      });
    }
    rmSync(lock, { force: true });
    if (!tryLock(lock)) {
      throw new TypeKroError(`another process has just started a cluster named "${name}"`, {
        code: 'up/already-running',
        remedy: 'start another with `--name other`',
      });
    }
  }
  return {
    path,
    kubeconfig,
    release() {
      rmSync(kubeconfig, { force: true });
      rmSync(lock, { force: true });
    },
  };
}

/** Makes the lock file with our process id; false when it exists. */
function tryLock(lock: string): boolean {
  let handle: number;
  try {
    handle = openSync(lock, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw TypeKroError.from(error, {
      code: 'up/state-directory',
      what: `write ${lock}`,
      remedy: 'start typekro in a directory that you may write to',
    });
  }
  writeFileSync(handle, String(process.pid));
  closeSync(handle);
  return true;
}

/** Is there a process of this number? One that we may not signal is alive, too. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
