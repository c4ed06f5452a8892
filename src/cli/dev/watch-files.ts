import { existsSync, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../kube/index.ts';

/** Quiet time after an event before files count as saved, in milliseconds: editors write in several steps. */
export const DEBOUNCE_MS = 60;

/** Interval of looks where the system gives no events, in milliseconds. */
const POLL_MS = 1000;

/** Events of folders. */
export interface FolderEvents {
  /** Calls `onEvent` after something in one of the folders may have changed, until the returned function is called. */
  watch(folders: Iterable<string>, onEvent: () => void): () => void;
}

/**
 * The events of the file system. Folders are watched instead of files, because an editor may write a new file and give it
 * the name of the old one. A folder that the system does not watch (no events on some network drives, too many watches)
 * is looked at every second.
 */
export const systemEvents = (clock: Clock): FolderEvents => ({
  watch(folders, onEvent) {
    const stops = [...new Set([...folders].map(existingFolder))].map((folder) => watchFolder(folder, onEvent, clock));
    return () => {
      for (const stop of stops) stop();
    };
  },
});

/** The folder, or the nearest one above that exists. */
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

/** What tells one state of files from another, by their paths. */
export type FileStates = ReadonlyMap<string, string>;

/** The present state of files; a file that does not exist has one, too. */
export function statesOf(paths: Iterable<string>): FileStates {
  return new Map([...paths].map((path) => [path, stateOf(path)]));
}

function stateOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

/** The state of a file that was saved while it was read: no file has it, so that it counts as changed. */
const SAVED_MEANWHILE = 'saved meanwhile';

/**
 * The states of files as a read found them. For a file that was not known before the read, the time of its last save
 * decides whether the read may have found an earlier state.
 *
 * @param known states from before the read
 * @param beganMs the time when the read began, in milliseconds since 1970
 */
export function statesAsRead(paths: Iterable<string>, known: FileStates, beganMs: number): FileStates {
  return new Map([...paths].map((path) => [path, known.get(path) ?? stateSince(path, beganMs)]));
}

function stateSince(path: string, beganMs: number): string {
  // The time of the change of the name counts as well: editors and tools give an older file the name of the saved one.
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Math.floor(found.ctimeMs) > beganMs ? SAVED_MEANWHILE : stateOf(path);
}

/** The files whose state is another one now, with their states. */
export function changedFiles(states: FileStates): FileStates {
  const now = [...states.keys()].map((path) => [path, stateOf(path)] as const);
  return new Map(now.filter(([path, state]) => states.get(path) !== state));
}

/** The folders in which a file may change: its own, and that of the file to which it links. */
function foldersOf(path: string): string[] {
  return existsSync(path) ? [dirname(path), dirname(realpathSync(path))] : [dirname(path)];
}

/**
 * Waits until one of the files has another state and keeps it for `DEBOUNCE_MS`. Events of other files in the folders
 * do not make the wait longer.
 *
 * @param states the files as they were read
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
    const look = (): void => {
      // The system may not have told the last save yet.
      const changed = changedFiles(states);
      if (!isSame(changed, seen)) wait(changed);
      else if (changed.size > 0) finish([...changed.keys()]);
    };
    const wait = (changed: FileStates): void => {
      seen = changed;
      timer?.cancel();
      timer = clock.setTimer(DEBOUNCE_MS, look);
    };
    const onEvent = (): void => {
      const changed = changedFiles(states);
      if (!isSame(changed, seen)) wait(changed);
    };
    const stop = events.watch(new Set([...states.keys()].flatMap(foldersOf)), onEvent);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    // A change may be older than the watch.
    else onEvent();
  });
}

const isSame = (a: FileStates, b: FileStates): boolean =>
  a.size === b.size && [...a].every(([path, state]) => b.get(path) === state);
