import { existsSync, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '@typekro/kube';
import { statOf } from '../file-paths.ts';

/**
 * A file counts as saved when it has not changed for this time, in milliseconds, because editors write a file in
 * several steps.
 */
export const DEBOUNCE_MS = 60;

/** The polling interval for folders that the system cannot watch, in milliseconds. */
const POLL_MS = 1000;

/** A source of change events of folders. */
export interface FolderEvents {
  /** Calls `onEvent` after each possible change in one of the folders, until the returned function is called. */
  watch(folders: Iterable<string>, onEvent: () => void): () => void;
}

/**
 * The events of the file system. Folders are watched instead of files, because an editor may write a new file and
 * rename it to the name of the old file. A folder that the system cannot watch, such as one over the limit of watches,
 * is polled every second.
 */
export const systemEvents = (clock: Clock): FolderEvents => ({
  watch(folders, onEvent) {
    const stops = [...new Set([...folders].map(existingFolder))].map((folder) => watchFolder(folder, onEvent, clock));
    return () => {
      for (const stop of stops) stop();
    };
  },
});

/** Returns the folder, or its nearest existing ancestor. */
function existingFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existingFolder(dirname(folder));
}

function watchFolder(folder: string, onEvent: () => void, clock: Clock): () => void {
  let stop = () => {};
  const poll = (): void => {
    const again = (): void => {
      onEvent();
      poll();
    };
    const timer = clock.setTimer(POLL_MS, again);
    stop = () => timer.cancel();
  };
  try {
    const watcher = watch(folder, onEvent);
    stop = () => watcher.close();
    watcher.on('error', () => {
      watcher.close();
      poll();
    });
  } catch {
    poll();
  }
  return () => stop();
}

/** The states of files, by path. Two states of a file differ if the file was saved in between. */
export type FileStates = ReadonlyMap<string, string>;

/** Reads the states of files. A missing file has a special state. */
export function statesOf(paths: Iterable<string>): FileStates {
  return new Map([...paths].map((path) => [path, stateOf(path)]));
}

function stateOf(path: string): string {
  const found = statOf(path);
  return found === undefined ? 'absent' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

/**
 * The state of a file that was saved while it was read. It is different from every real state, so the file counts as
 * changed.
 */
const SAVED_MEANWHILE = 'saved meanwhile';

/**
 * The states of files at the time when they were read. A file without a state in `known` counts as changed if it was
 * saved after the read began.
 *
 * @param known states from before the read
 * @param beganMs the time at which the read began, in milliseconds since 1970
 */
export function statesAsRead(paths: Iterable<string>, known: FileStates, beganMs: number): FileStates {
  return new Map([...paths].map((path) => [path, known.get(path) ?? stateSince(path, beganMs)]));
}

function stateSince(path: string, beganMs: number): string {
  // Uses the ctime, because a rename changes it, too. An editor may save a file by renaming an older file to its name.
  const found = statOf(path);
  return found !== undefined && Math.floor(found.ctimeMs) > beganMs ? SAVED_MEANWHILE : stateOf(path);
}

/** The files whose state has changed, with their new states. */
export function changedFiles(states: FileStates): FileStates {
  const present = [...states.keys()].map((path) => [path, stateOf(path)] as const);
  return new Map(present.filter(([path, state]) => states.get(path) !== state));
}

/**
 * Returns the folders to watch for a file: the folder of the file and, if the file is a link, the folder of its target.
 */
function foldersOf(path: string): string[] {
  try {
    return [dirname(path), dirname(realpathSync(path))];
  } catch {
    // The file does not exist, or has just been removed.
    return [dirname(path)];
  }
}

/**
 * Waits until one of the files has a new state and keeps this state for `DEBOUNCE_MS`. Events of other files in the
 * folders do not extend this time.
 *
 * @param states the states of the files when they were read
 * @returns the changed files; empty when the signal aborts
 */
export function nextChange(
  events: FolderEvents,
  states: FileStates,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return new Promise((resolve) => {
    let timer: { cancel(): void } | undefined;
    let seen: FileStates = new Map();
    const finish = (changed: readonly string[]): void => {
      timer?.cancel();
      stop();
      signal.removeEventListener('abort', onAbort);
      resolve(changed);
    };
    const onAbort = (): void => finish([]);
    const check = (): void => {
      // The event of the last save may not have arrived yet.
      const changed = changedFiles(states);
      if (!isSame(changed, seen)) wait(changed);
      else if (changed.size > 0) finish([...changed.keys()]);
    };
    const wait = (changed: FileStates): void => {
      seen = changed;
      timer?.cancel();
      timer = clock.setTimer(DEBOUNCE_MS, check);
    };
    const onEvent = (): void => {
      const changed = changedFiles(states);
      if (!isSame(changed, seen)) wait(changed);
    };
    const stop = events.watch(new Set([...states.keys()].flatMap(foldersOf)), onEvent);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    // A file may have changed before the watch began.
    else onEvent();
  });
}

const isSame = (a: FileStates, b: FileStates): boolean =>
  a.size === b.size && [...a].every(([path, state]) => b.get(path) === state);
