import type { ChildProcess } from 'node:child_process';
import { processLibrary } from '@typekro/kit/core';
import type { GroupWatch } from './container-members.ts';
import { MARK, markPrefix } from './run-mark.ts';

/**
 * The script of a shell that runs in a separate session. The shell reads the process groups of the containers from a
 * pipe of the cluster. When the pipe ends, which also happens when the cluster is killed, the shell kills the remaining
 * groups. On Linux, it then kills the processes whose environments have the mark of the cluster. At the end, it removes
 * the folder of the pods.
 */
const SCRIPT = `
groups=
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    remove)
      left=
      for each in $groups; do [ "$each" = "$group" ] || left="$left $each"; done
      groups=$left ;;
  esac
done
for each in $groups; do kill -s KILL -- "-$each"; done
# A process may start another one before it is killed. A killed process has no environment.
for round in 1 2 3 4 5 6 7 8 9 10; do
  marked=$(grep -lF -- "$2" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$marked" ] || break
  for each in $marked; do
    each=\${each#/proc/}
    kill -s KILL "\${each%/environ}"
  done
done
# A killed process may write for a moment, and a program may have made folders that cannot be written.
for each in 1 2 3 4 5; do
  rm -rf -- "$1" 2>/dev/null && break
  find "$1" -type d -exec chmod u+rwx {} \\; 2>/dev/null
  sleep 1
done
`;

/** Kills the processes of a cluster when the cluster ends or is killed. */
export class Watchdog implements GroupWatch {
  readonly #folder: string;
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;
  #isClosed = false;

  /** `folder` is the folder of the pods, which is removed when the cluster has ended. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Watches a process group. The program of the group must not begin before this call. */
  add(group: number): void {
    this.#groups.add(group);
    this.#write(`add ${group}\n`);
  }

  /** Stops watching a group that has ended. */
  remove(group: number): void {
    if (this.#groups.delete(group)) this.#write(`remove ${group}\n`);
  }

  /** Has a shell started? Without a shell, no process removes the folder after the cluster has ended. */
  get hasStarted(): boolean {
    return this.#shell !== undefined;
  }

  /** Closes the pipe, so that the shell kills the remaining groups and ends. */
  close(): void {
    this.#isClosed = true;
    this.#shell?.stdin?.end();
  }

  #write(line: string): void {
    (this.#shell ?? this.#open()).stdin?.write(line);
  }

  #open(): ChildProcess {
    const shell = processLibrary().spawn(
      '/bin/sh',
      ['-c', SCRIPT, 'sh', this.#folder, `${MARK}=${markPrefix(this.#folder)}`],
      {
        detached: true,
        cwd: '/',
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    this.#shell = shell;
    // If the shell is killed, a new shell gets all groups, so a failed write to the old shell can be ignored.
    shell.stdin?.on('error', () => undefined);
    shell.on('error', () => undefined);
    shell.on('exit', () => {
      if (this.#isClosed || this.#shell !== shell) return;
      this.#shell = undefined;
      for (const group of this.#groups) this.#write(`add ${group}\n`);
    });
    shell.unref();
    (shell.stdin as { unref?: () => void } | null)?.unref?.();
    return shell;
  }
}
