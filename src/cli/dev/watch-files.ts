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

/** The files whose state is another one now. */
export function changedFiles(states: FileStates): string[] {
  return [...states].filter(([path, state]) => stateOf(path) !== state).map(([path]) => path);
}

/** The folders in which a file may change: its own, and that of the file to which it links. */
function foldersOf(path: string): string[] {
  return existsSync(path) ? [dirname(path), dirname(realpathSync(path))] : [dirname(path)];
}

/**
 * Waits until one of the files has another state and the folders are quiet.
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
    const finish = (changed: readonly string[]): void => {
      timer?.cancel();
      stop();
      signal.removeEventListener('abort', onAbort);
      resolve(changed);
    };
    const onAbort = (): void => finish([]);
    const look = (): void => {
      const changed = changedFiles(states);
      if (changed.length > 0) finish(changed);
    };
    const onEvent = (): void => {
      timer?.cancel();
      timer = clock.setTimer(DEBOUNCE_MS, look);
    };
    const stop = events.watch(new Set([...states.keys()].flatMap(foldersOf)), onEvent);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    // A change may be older than the watch.
    else if (changedFiles(states).length > 0) onEvent();
  });
}
