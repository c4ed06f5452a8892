import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, makeDirectory, TypeKroError } from '@typekro/kit/core';
import { endedServer } from '@typekro/kube';
import { isDnsLabel } from '@typekro/kit/kubernetes';
import { shellWord } from '@typekro/app/text';
import type { CommandContext } from '../command.ts';
import { replaceWhole } from '../output-file.ts';
import { takeLock } from './process-lock.ts';

/** The files of one running cluster below a project: `.typekro/<name>/`. */
export interface StateDirectory {
  readonly path: string;
  readonly kubeconfig: string;
  /** The file with the log of the controller. */
  readonly log: string;
  /** Releases the lock on the cluster's name. Replaces the content of the kubeconfig file with `endedKubeconfig`. */
  release(): void;
}

/**
 * Locks the directory for this process, and creates it if it does not exist. Takes over the lock of a dead process. Asks
 * for the signal of the command first: from then on, the process does not end before the lock is released.
 *
 * @throws TypeKroError `up/name-invalid` for a name that is not a DNS label, `up/already-running` when another live
 * process holds the lock, `up/state-directory` when the directory cannot be written.
 */
export function takeStateDirectory(
  { cwd, signal }: Pick<CommandContext, 'cwd' | 'signal'>,
  name: string,
): StateDirectory {
  signal.throwIfAborted();
  // The name is also the name of a directory.
  if (!isDnsLabel(name)) {
    throw new TypeKroError(`"${name}" is not a name for a cluster`, {
      code: 'up/name-invalid',
      remedy: 'use at most 63 lower-case letters, digits and dashes; begin and end with a letter or digit',
    });
  }
  const path = join(cwd, '.typekro', name);
  const kubeconfig = join(path, 'kubeconfig');
  const log = join(path, 'log');
  return inDirectory(path, () => {
    for (const each of [dirname(path), path, join(path, 'state'), join(path, 'lock'), kubeconfig, log])
      refuseLink(each);
    makeDirectory(path);
    const lock = takeLock(join(path, 'lock'));
    if ('holder' in lock) {
      throw new TypeKroError(`a cluster named "${name}" is already running here (process ${lock.holder})`, {
        code: 'up/already-running',
        remedy:
          lock.elsewhere ??
          `use it with \`export KUBECONFIG=${shellWord(kubeconfig)}\`, stop it, or start another with \`--name other\``,
      });
    }
    return {
      path,
      kubeconfig,
      log,
      release() {
        // The user could have removed the lock by hand and started another cluster, whose files must not change.
        if (!lock.isHeld()) return;
        replaceWhole(kubeconfig, endedKubeconfig('typekro-up'), 0o600);
        lock.release();
      },
    };
  });
}

/**
 * Returns the kubeconfig of a cluster that has ended. Without the file, kubectl would connect to localhost:8080 and
 * report only a refused connection. The host name of the server says that the cluster has ended, and which command
 * starts it again (`endedServer`). The token prevents kubectl from prompting for a password.
 */
export function endedKubeconfig(command: string): string {
  return `apiVersion: v1
kind: Config
current-context: ended
contexts:
- name: ended
  context:
    cluster: ended
    user: ended
clusters:
- name: ended
  cluster:
    server: ${endedServer(command)}
users:
- name: ended
  user:
    token: ended
`;
}

/**
 * Refuses a symbolic link, a device or a pipe in the place of a file or a folder. It can come with the project, from
 * another person: through a link, the command would replace a file somewhere else.
 */
function refuseLink(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return;
  throw new TypeKroError(`${path} is a ${stats.isSymbolicLink() ? 'symbolic link' : 'device or a pipe'}`, {
    code: 'up/state-directory',
    remedy: 'nothing was written; move it away',
  });
}

/** Converts file system errors to errors about the user's directory. */
function inDirectory<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const isFileInPlace = ['ENOTDIR', 'EEXIST'].includes(errorCode(error) ?? '');
    throw TypeKroError.from(error, {
      code: 'up/state-directory',
      what: `write ${path}`,
      remedy: isFileInPlace
        ? 'a file has the name of this folder, or of .typekro: move the file away'
        : 'start typekro in a directory that you may write to',
    });
  }
}
