import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join, posix, win32 } from 'node:path';
import {
  errorCode,
  makeDirectory,
  TypeKroError,
  userFolder,
  backoffMs,
  RETRY_POLICIES,
  definedMembers,
} from '@typekro/kit/core';
import { dnsLabel } from '@typekro/kit/kubernetes';
import { lockHolder } from '../up/process-lock.ts';
import { type ClusterSettings, type RunningRecord, DATA_FOLDER, readRecord, readSettings } from './cluster-files.ts';
import { isTimeout, pause, systemClock, withDeadline } from '@typekro/kube';

type Environment = Readonly<Record<string, string | undefined>>;

/** The name of the cluster when the user gives no name. */
export const DEFAULT_CLUSTER = 'default';

/** The files of one named cluster. Only its owner may open the folder. */
export interface ClusterFolder {
  readonly name: string;
  readonly path: string;
  /** The lock of the process that serves the cluster. */
  readonly lock: string;
  readonly kubeconfig: string;
  readonly log: string;
  /** The objects of a cluster with `--data`. */
  readonly data: string;
}

/**
 * The folder that contains all named clusters of a user. It follows the platform's convention for state files. Relative
 * paths in the environment are ignored, because the process of a cluster has another working directory and would
 * resolve them to another folder.
 */
export function clustersDirectory(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const base = userFolder(env, platform, {
    variable: 'XDG_STATE_HOME',
    darwin: ['Library', 'Application Support'],
    other: ['.local', 'state'],
  });
  return (platform === 'win32' ? win32 : posix).join(base, 'typekro', 'clusters');
}

/**
 * Returns the paths of a cluster's files. Does not read or write files.
 *
 * @throws TypeKroError `cli/cluster-name` for a name that is not a DNS label. A name such as `../x` therefore cannot
 *   leave the folder of all clusters.
 */
export function clusterFolder(env: Environment, name: string): ClusterFolder {
  if (dnsLabel(name).length > 0) {
    throw new TypeKroError(`"${name}" is not a name for a cluster`, {
      code: 'cli/cluster-name',
      remedy: 'use at most 63 lower-case letters, digits and dashes; begin and end with a letter or digit',
    });
  }
  const path = join(clustersDirectory(env), name);
  return {
    name,
    path,
    lock: join(path, 'lock'),
    kubeconfig: join(path, 'kubeconfig'),
    log: join(path, 'log'),
    data: join(path, DATA_FOLDER),
  };
}

/** The names of all clusters with a folder, in order. Other entries, such as symbolic links, are not clusters. */
export function clusterNames(env: Environment): string[] {
  try {
    return readdirSync(clustersDirectory(env), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && dnsLabel(entry.name).length === 0)
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw folderError(error, clustersDirectory(env));
  }
}

/**
 * Makes the folder, with mode 700, or checks an existing one.
 *
 * @throws TypeKroError `cluster/folder` when the folder cannot be made. The same error is thrown for a folder that is a
 *   symbolic link or a file, or belongs to another user. The check covers the folder, its subfolder with the objects,
 *   and the folder of all clusters.
 */
export function prepareFolder(env: Environment, folder: ClusterFolder): void {
  const all = clustersDirectory(env);
  try {
    makeDirectory(folder.path, 0o700);
    for (const path of [all, folder.path]) requireOwn(path);
    if (lstatSync(folder.data, { throwIfNoEntry: false }) !== undefined) requireOwn(folder.data);
  } catch (error) {
    throw folderError(error, folder.path);
  }
}

/** The maximum number of times that `inFolder` makes the folder and runs the function. */
const MAX_TRIES = 10;

/**
 * Makes or checks the folder, and runs a function that needs it. Repeats these two steps when a concurrent stop removes
 * the folder.
 *
 * @throws TypeKroError as `prepareFolder` does, and for file system errors that the function throws.
 */
export function inFolder<Result>(env: Environment, folder: ClusterFolder, use: () => Result): Result {
  for (let tries = 1; ; tries += 1) {
    prepareFolder(env, folder);
    try {
      return use();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || tries === MAX_TRIES) throw folderError(error, folder.path);
    }
  }
}

/** Throws unless this user owns the folder, and removes all permissions of other users. */
function requireOwn(path: string): void {
  const stats = lstatSync(path);
  const what = stats.isSymbolicLink() ? 'a symbolic link' : stats.isDirectory() ? undefined : 'a file';
  if (what !== undefined) throw refused(`${path} is ${what}, not a folder`, 'move it away');
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) {
    throw refused(`${path} belongs to another user`, 'set XDG_STATE_HOME to a folder of your own');
  }
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

const refused = (message: string, remedy: string): TypeKroError =>
  new TypeKroError(message, { code: 'cluster/folder', remedy });

/** Converts a file system error to the error `cluster/folder`. */
export function folderError(error: unknown, path: string): TypeKroError {
  const obstacle = obstacleIn(error);
  if (obstacle !== undefined) {
    const { dest, path: own } = error as NodeJS.ErrnoException & { dest?: string };
    const details = { code: 'cluster/folder', remedy: 'move it away', cause: error };
    return new TypeKroError(`${dest ?? own ?? path} is ${obstacle}`, details);
  }
  return TypeKroError.from(error, {
    code: 'cluster/folder',
    what: `use ${path}`,
    remedy: isFull(error)
      ? 'make room on the disk and try again: the objects of the cluster are kept'
      : 'set XDG_STATE_HOME to a folder that you may write to',
  });
}

/**
 * Returns what is at the path instead of a file or folder, according to a file system error; `undefined` for
 * other errors.
 */
function obstacleIn(error: unknown): string | undefined {
  if (error instanceof TypeKroError) return undefined;
  return {
    ELOOP: 'a symbolic link, not a file',
    EISDIR: 'a folder, not a file',
    ENOTSUP: 'a pipe or a device, not a file',
    ERR_FS_EISDIR: 'a folder, not a file',
    ENOTDIR: 'a file, or a part of this path is one',
  }[errorCode(error) ?? ''];
}

/** Does the error come from the disk? Errors of sockets have no path. */
export const isOfFolder = (error: unknown): boolean =>
  isFull(error) || (error as NodeJS.ErrnoException).path !== undefined;

/** Does the error mean that the disk is full? */
export const isFull = (error: unknown): boolean => {
  const { code, cause } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || (cause !== undefined && cause !== null && isFull(cause));
};

/**
 * The state of a named cluster.
 *
 * - `absent`: there is no such cluster.
 * - `stopped`: no process serves it. With data, its objects are on the disk.
 * - `starting`: its process has not opened the API yet, or is shutting down.
 * - `running`: its process has opened the API.
 * - `crashed`: its process has ended, but not by a stop.
 */
export type ClusterState = 'absent' | 'stopped' | 'starting' | 'running' | 'crashed';

/** A named cluster, as its folder describes it. */
export interface FoundCluster {
  readonly folder: ClusterFolder;
  readonly state: ClusterState;
  /** Absent when the cluster has no settings, or they cannot be read. */
  readonly settings?: ClusterSettings;
  /** The record of the process. A crashed process leaves its record, too. */
  readonly record?: RunningRecord;
  readonly pid?: number;
  /** Is it certain that the process with the id `pid` serves the cluster? */
  readonly isCertain?: boolean;
}

/** The facts about a cluster's folder from which `stateOf` derives the state of the cluster. */
export interface FolderFacts {
  readonly hasFolder: boolean;
  /** Does a live process hold the lock? */
  readonly isHeld: boolean;
  /** Is there a lock file? A process that has ended may have left it. */
  readonly hasLock: boolean;
  /** The process that wrote the record of a running cluster. */
  readonly recordPid?: number;
  readonly pid?: number;
}

/**
 * Derives the state of a cluster from the facts about its folder. While a process holds the lock, a record proves that
 * the cluster runs only if this process wrote it.
 */
export function stateOf({ hasFolder, isHeld, hasLock, recordPid, pid }: FolderFacts): ClusterState {
  if (!hasFolder) return 'absent';
  if (isHeld) return recordPid !== undefined && recordPid === pid ? 'running' : 'starting';
  return hasLock || recordPid !== undefined ? 'crashed' : 'stopped';
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    throw folderError(error, path);
  }
}

/**
 * Reads the folder of a cluster.
 *
 * @throws TypeKroError `cluster/folder` when a file in the folder cannot be read, for example because the file is a
 *   symbolic link.
 */
export function findCluster(env: Environment, name: string): FoundCluster {
  const folder = clusterFolder(env, name);
  const hasFolder = isFolder(folder.path);
  if (!hasFolder) return { folder, state: 'absent' };
  try {
    return readFolder(folder);
  } catch (error) {
    throw folderError(error, folder.path);
  }
}

function readFolder(folder: ClusterFolder): FoundCluster {
  const holder = lockHolder(folder.lock);
  const record = readRecord(folder.path);
  const settings = readSettings(folder.path);
  const hasLock = lstatSync(folder.lock, { throwIfNoEntry: false }) !== undefined;
  const state = stateOf({
    hasFolder: true,
    isHeld: holder !== undefined,
    hasLock,
    ...(record === undefined ? {} : { recordPid: record.pid }),
    ...(holder === undefined ? {} : { pid: holder.pid }),
  });
  return {
    folder,
    state,
    ...definedMembers({ settings, record }),
    ...(holder === undefined ? {} : { pid: holder.pid, isCertain: holder.isCertain }),
  };
}

/**
 * Calls `read` repeatedly until it returns a value. Polling is needed because `read` reads the state of another
 * process, which sends no events. Returns `undefined` after the time limit. Rejects with the signal's reason when the
 * signal aborts.
 */
export function poll<Result>(
  limitMs: number,
  signal: AbortSignal,
  read: () => Result | undefined,
): Promise<Result | undefined> {
  return withDeadline(limitMs, [signal], systemClock, async (until) => {
    for (let tries = 1; ; tries += 1) {
      const found = read();
      if (found !== undefined || isTimeout(until)) return found;
      until.throwIfAborted();
      await pause(systemClock, backoffMs(RETRY_POLICIES.clusterProcess, tries, 0), until);
    }
  });
}
