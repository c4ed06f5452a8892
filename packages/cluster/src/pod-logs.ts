import type { KubeObject } from '@typekro/kit/core';

/** The maximum number of characters of a log. When a log becomes longer, its oldest lines are dropped. */
const MAX_CHARACTERS = 16_000_000;

/**
 * The maximum number of characters of a log after old lines are dropped. The last line is always kept, even if it is
 * longer.
 */
const MAX_KEPT_CHARACTERS = 8_000_000;

/**
 * The number of characters that is added to the length of each line in the size of a log, because the entry of a line
 * also takes memory.
 */
const LINE_CHARACTERS = 64;

/**
 * The annotation that makes a pod show the log of a presented process. Such a process is a part of this program that
 * the cluster shows as a Deployment (`present-process.ts`). The value is `namespace/name` of the process.
 */
export const PROCESS = 'typekro.dev/process';

/** The prefix of the log keys of presented processes. */
const PROCESS_PREFIX = 'process ';

/**
 * A line of a log, with its time in milliseconds since the epoch. In the log of a simulated container, `text` has all
 * lines of a run, separated by newlines, because the containers of a pod share it.
 */
export interface LogLine {
  readonly time: number;
  readonly text: string;
}

/** One log in a snapshot. */
export interface SnapshotLog {
  /** The key of the log, which identifies a container of a pod, or a presented process. */
  readonly key: string;
  readonly lines: readonly LogLine[];
  /** The lines of the previous run; absent if no previous run exists. */
  readonly previous?: readonly LogLine[];
  /** The number of lines that were dropped from the beginning of the log; absent for 0. */
  readonly dropped?: number;
}

/** A reader of the log of a pod's container who waits for more lines. */
export interface LogFollower {
  readonly podUid: string;
  /** Called after a line was added to the lines of `read`. */
  added(): void;
  /** Called after the first lines were replaced by one line. */
  replaced(lines: number): void;
  /** Called when the run has ended. */
  end(): void;
}

interface Log {
  lines: LogLine[];
  /** The lines of the previous run; `undefined` if no previous run exists. */
  previous: readonly LogLine[] | undefined;
  /** The number of characters in `lines`, plus `LINE_CHARACTERS` per line. */
  characters: number;
  /** The number of dropped lines. The first line of the log is a notice with this number. */
  dropped: number;
  readonly followers: Set<LogFollower>;
}

/**
 * The logs of simulated containers and of local processes. The code that simulates or runs a container writes the lines
 * of the container here, and `kubectl logs` reads them. The log of a container that no code simulates or runs is empty.
 * A pod of a presented process shows the log of the process.
 */
export class PodLogs {
  readonly #logs = new Map<string, Log>();
  /** Maps the uid of a pod to the keys of its logs, so that `drop` does not search the logs of all pods. */
  readonly #podKeys = new Map<string, string[]>();
  readonly #processKeys = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a line to the log with this key. `logKey` makes the key. */
  write(key: string, text: string): void {
    const log = this.#log(key);
    const { lines, followers } = log;
    const line = { time: this.#now(), text };
    lines.push(line);
    log.characters += charactersOf(line);
    if (log.characters > MAX_CHARACTERS) dropLines(log);
    for (const follower of followers) follower.added();
  }

  /**
   * Begins the log of a new run of a container, which has written `text`. The lines of the last run become the result
   * of `previous`. The streams of followers end, as with a real kubelet.
   */
  begin(key: string, text = ''): void {
    const previous = this.#logs.get(key)?.lines;
    const log = this.#log(key);
    log.previous = previous;
    log.lines = text === '' ? [] : [{ time: this.#now(), text }];
    log.characters = charactersIn(log.lines);
    log.dropped = 0;
    for (const follower of log.followers) end(log.followers, follower);
  }

  /** Returns the lines of the previous run; `undefined` if no previous run exists. */
  previous(pod: KubeObject, container: string): readonly LogLine[] | undefined {
    return this.#logs.get(logKey(pod, container))?.previous;
  }

  /** Returns the lines of the present run. With `isFollowed`, the result gets the later lines of the run, too. */
  read(pod: KubeObject, container: string, isFollowed = false): readonly LogLine[] {
    const key = logKey(pod, container);
    return (isFollowed ? this.#log(key) : this.#logs.get(key))?.lines ?? [];
  }

  /** Follows the present run of a container. Returns a function that ends this. */
  follow(pod: KubeObject, container: string, follower: LogFollower): () => void {
    const { followers } = this.#log(logKey(pod, container));
    followers.add(follower);
    return () => void followers.delete(follower);
  }

  /** Returns the logs that have lines or a previous run, for a snapshot. */
  dump(): SnapshotLog[] {
    return [...this.#logs].flatMap(([key, { lines, previous, dropped }]) => {
      if (lines.length === 0 && previous === undefined) return [];
      const more = { ...(previous === undefined ? {} : { previous }), ...(dropped === 0 ? {} : { dropped }) };
      return [{ key, lines: [...lines], ...more }];
    });
  }

  /** Replaces all logs with the logs of a snapshot. Earlier followers get no more lines. */
  load(logs: readonly SnapshotLog[]): void {
    for (const known of [this.#logs, this.#podKeys, this.#processKeys]) known.clear();
    for (const { key, lines, previous, dropped = 0 } of logs) {
      const log = this.#log(key);
      log.lines = [...lines];
      log.previous = previous;
      log.dropped = dropped;
      log.characters = charactersIn(lines);
    }
  }

  /**
   * Deletes the logs of a pod and ends the streams of their followers. The log of a presented process is not deleted
   * with its pods.
   */
  drop(podUid: string): void {
    const own = this.#podKeys.get(podUid) ?? [];
    for (const key of [...own, ...this.#processKeys]) {
      const { followers } = this.#log(key);
      for (const follower of followers) if (follower.podUid === podUid) end(followers, follower);
    }
    for (const key of own) this.#logs.delete(key);
    this.#podKeys.delete(podUid);
  }

  #log(key: string): Log {
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const log: Log = { lines: [], previous: undefined, characters: 0, dropped: 0, followers: new Set() };
    this.#logs.set(key, log);
    const podUid = key.slice(0, key.indexOf('/'));
    const keys = this.#podKeys.get(podUid);
    if (key.startsWith(PROCESS_PREFIX)) this.#processKeys.add(key);
    else if (keys === undefined) this.#podKeys.set(podUid, [key]);
    else keys.push(key);
    return log;
  }
}

const charactersOf = ({ text }: LogLine): number => text.length + LINE_CHARACTERS;

const charactersIn = (lines: readonly LogLine[]): number => lines.reduce((sum, line) => sum + charactersOf(line), 0);

/**
 * Drops lines from the beginning of the log until it has at most `MAX_KEPT_CHARACTERS`, or only the last line remains.
 * Adds a first line that says how many lines were dropped.
 */
function dropLines(log: Log): void {
  let left = log.characters;
  const index = log.lines.findIndex((line) => (left -= charactersOf(line)) <= MAX_KEPT_CHARACTERS);
  const removed = log.lines.splice(0, Math.min(index + 1, log.lines.length - 1));
  // The first removed line may be an earlier notice, which does not count as a line of the program.
  log.dropped += removed.length - (log.dropped > 0 ? 1 : 0);
  const limits = 'a log of more than 16 million characters is cut to its newest lines, at most 8 million characters';
  const text = `[typekro: ${log.dropped} earlier lines are dropped; ${limits}]`;
  const notice = { time: log.lines[0]?.time ?? 0, text };
  log.lines.unshift(notice);
  log.characters += charactersOf(notice) - charactersIn(removed);
  for (const follower of log.followers) follower.replaced(removed.length);
}

function end(followers: Set<LogFollower>, follower: LogFollower): void {
  followers.delete(follower);
  follower.end();
}

/** The key of a container's log. A pod of a presented process shares the log of the process. */
export function logKey({ metadata }: KubeObject, container: string): string {
  const process = metadata.annotations?.[PROCESS];
  return process === undefined ? `${metadata.uid}/${container}` : processKey(process, container);
}

/** The key of the log of a presented process. */
export const processKey = (process: string, container: string): string => `${PROCESS_PREFIX}${process}/${container}`;
