import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cryptoLibrary, errorCode, TypeKroError } from '../../core/index.ts';
import type { CommandContext } from '../command.ts';
import { lockHolder, takeLock } from '../up/process-lock.ts';
import type { ClusterFolder, ClusterState, FoundCluster } from './cluster-folder.ts';
import { findCluster, inFolder, isFull } from './cluster-folder.ts';
import { readSettings } from './cluster-files.ts';
import { control } from './control-client.ts';
import { leaveFolder, removeContext } from './leave-folder.ts';
import { poll } from './poll.ts';

/** A signal that a stop sends when the request to stop does not end the process. */
export type EndingSignal = 'SIGTERM' | 'SIGKILL';

/** The result of a stop. */
export interface Stopped {
  readonly name: string;
  /** The state before the stop. */
  readonly before: ClusterState;
  /** The signal that ended the process. Absent when it ended at the request, or had ended before. */
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
 * only to a process that certainly serves the cluster. Then removes the entry in the user's kubeconfig that a crashed
 * process has left, and the folder of a cluster without data.
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
  return {
    name,
    before: state,
    ...(endedBy === undefined ? {} : { endedBy }),
    ...(await tidyFolder(context, folder, isDeletion)),
  };
}

/** Ends the process, and names each step that did not suffice. Returns the signal that was necessary. */
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
      // A process that does not answer gets a signal.
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
      : `this system does not say which program the process ${pid} runs: end it if it serves the cluster`,
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
 * Removes what a stopped cluster leaves. Holds the lock meanwhile, so that a start at the same time keeps its files. When
 * the entry in the user's kubeconfig cannot be removed, the folder is removed nevertheless.
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
 * Takes the lock. On a full disk, no process can take it. Returns `undefined` on a full disk if the folder is to be
 * removed, because the removal makes space.
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

/** Removes the folder. The rename takes the lock with it, so a start that comes now makes a new folder. */
function removeFolder({ name, path }: ClusterFolder): void {
  const aside = join(dirname(path), `.${name}.${cryptoLibrary().randomUUID()}`);
  renameSync(path, aside);
  rmSync(aside, { recursive: true, force: true });
}
