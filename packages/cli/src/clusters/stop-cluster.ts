import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { definedMembers, cryptoLibrary, errorCode, TypeKroError } from '@typekro/kit/core';
import type { CommandContext } from '../command.ts';
import { lockHolder, takeLock } from '../up/process-lock.ts';
import type { ClusterFolder, ClusterState, FoundCluster } from './cluster-folder.ts';
import { findCluster, inFolder, isFull, poll } from './cluster-folder.ts';
import { readSettings } from './cluster-files.ts';
import { control } from './control-client.ts';
import { leaveFolder, removeContext } from './leave-folder.ts';

/** A signal that a stop sends when the request to stop does not end the process. */
export type EndingSignal = 'SIGTERM' | 'SIGKILL';

/** The result of a stop. */
export interface Stopped {
  readonly name: string;
  /** The state before the stop. */
  readonly before: ClusterState;
  /**
   * The signal that ended the process. Absent when the stop request was enough, or when the process had ended before.
   */
  readonly endedBy?: EndingSignal;
  /** Are the objects of the cluster still on the disk? */
  readonly kept: boolean;
  /** The error when the entry in the user's kubeconfig could not be removed. */
  readonly problem?: TypeKroError;
}

/** The time limits of the steps of a stop, in milliseconds. */
export const STOP_LIMITS_MS = { request: 2000, stopped: 10_000, terminated: 10_000, killed: 5000 } as const;

/**
 * Ends the process of a cluster: sends a stop request to its control interface, then SIGTERM, then SIGKILL. Signals go
 * only to a process that certainly serves the cluster. Then removes an entry in the user's kubeconfig that a crashed
 * process has left. For a cluster without data, removes the folder, too.
 *
 * @param isDeletion also remove the objects of a cluster with data
 * @throws TypeKroError `cluster/not-stopped`.
 */
export async function stopCluster(
  context: CommandContext,
  name: string,
  isDeletion: boolean,
  limits: Readonly<Record<keyof typeof STOP_LIMITS_MS, number>> = STOP_LIMITS_MS,
): Promise<Stopped> {
  const found = findCluster(context.env, name);
  const { folder, state } = found;
  if (state === 'absent') return { name, before: state, kept: false };
  const isHeld = state === 'running' || state === 'starting';
  const endedBy = isHeld ? await endProcess(context, found, limits) : undefined;
  return { name, before: state, ...definedMembers({ endedBy }), ...(await tidyFolder(context, folder, isDeletion)) };
}

/** Ends the process, and prints each step that did not end it. Returns the signal that was necessary. */
async function endProcess(
  context: CommandContext,
  { folder, record, state, pid = 0, isCertain = false }: FoundCluster,
  limits: Readonly<Record<keyof typeof STOP_LIMITS_MS, number>>,
): Promise<EndingSignal | undefined> {
  const { signal } = context;
  const isFree = () => lockHolder(folder.lock)?.pid !== pid;
  const hasEnded = async (limitMs: number) =>
    (await poll(limitMs, signal, () => (isFree() ? true : undefined))) === true;
  if (state === 'running' && record !== undefined) {
    const isAccepted = await control(record, 'stop', { signal, timeoutMs: limits.request }).then(
      () => true,
      // If the process does not respond, a signal follows.
      () => signal.throwIfAborted(),
    );
    if (isAccepted === true && (await hasEnded(limits.stopped))) return undefined;
    if (isCertain && !isFree()) context.printError(notEnded(folder.name, 'after the request to stop', 'SIGTERM'));
  }
  if (isCertain) {
    for (const [by, limitMs] of [
      ['SIGTERM', limits.terminated],
      ['SIGKILL', limits.killed],
    ] as const) {
      if (isFree()) return undefined;
      kill(pid, by);
      if (await hasEnded(limitMs)) return by;
      if (by === 'SIGTERM') context.printError(notEnded(folder.name, 'after SIGTERM', 'SIGKILL'));
    }
  } else if (isFree()) return undefined;
  throw new TypeKroError(`the process ${pid} of the cluster "${folder.name}" does not end`, {
    code: 'cluster/not-stopped',
    remedy: isCertain
      ? `look at the process, and at its log ${folder.log}`
      : `this system does not say which program the process ${pid} runs: end the process if it serves the cluster; if it ran in another container that has ended, remove ${folder.lock}`,
  });
}

const notEnded = (name: string, step: string, next: EndingSignal): string =>
  `${name} has not ended ${step}; ${next} follows`;

function kill(pid: number, by: NodeJS.Signals): void {
  try {
    process.kill(pid, by);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/**
 * Cleans up after a stopped cluster: removes its folder, or keeps the folder with the objects. Holds the lock during
 * the removal, so that the files of a concurrent start are not removed. The folder is removed even when the entry in
 * the user's kubeconfig cannot be removed.
 */
export async function tidyFolder(
  { env }: Pick<CommandContext, 'env'>,
  folder: ClusterFolder,
  isDeletion: boolean,
): Promise<Pick<Stopped, 'kept' | 'problem'>> {
  const isKept = () => readSettings(folder.path)?.data === true && !isDeletion;
  const lock = lockToTidy(env, folder, isKept);
  if (lock !== undefined && 'holder' in lock) return { kept: readSettings(folder.path)?.data === true };
  try {
    const kept = isKept();
    const problem = await (kept ? leaveFolder(folder) : removeContext(folder));
    if (!kept) removeFolder(folder);
    return { kept, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    throw TypeKroError.from(error, {
      code: 'cluster/not-stopped',
      what: `clean up ${folder.path}`,
      remedy: isFull(error)
        ? 'make room on the disk, and run the command again'
        : 'end the programs that use the folder, and run the command again',
    });
  } finally {
    lock?.release();
  }
}

/**
 * Takes the lock. When the disk is full, no process can take the lock. If the folder is to be removed in this case,
 * returns `undefined` instead of an error, because the removal frees space.
 */
function lockToTidy(
  env: CommandContext['env'],
  folder: ClusterFolder,
  isKept: () => boolean,
): ReturnType<typeof takeLock> | undefined {
  try {
    return inFolder(env, folder, () => takeLock(folder.lock));
  } catch (error) {
    if (!isFull(error) || isKept() || lockHolder(folder.lock) !== undefined) throw error;
    return undefined;
  }
}

/**
 * Removes the folder after renaming it. The lock is renamed with the folder, so a concurrent start makes a new folder.
 */
function removeFolder({ name, path }: ClusterFolder): void {
  const aside = join(dirname(path), `.${name}.${cryptoLibrary().randomUUID()}`);
  renameSync(path, aside);
  rmSync(aside, { recursive: true, force: true });
}
