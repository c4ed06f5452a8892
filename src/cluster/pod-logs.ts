import type { KubeObject } from '../core/index.ts';
import type { ByteStream, StreamSink } from './protocol/request.ts';

/** The number of lines that a log keeps at least. A log with more than twice this number is cut to this number. */
const MIN_KEPT_LINES = 10_000;

/** The annotation of a pod that shows the log of a presented process. Its value is `namespace/name` of the process. */
export const PROCESS = 'typekro.dev/process';

/** A line of a log, with its time in milliseconds since the epoch. */
export interface LogLine {
  readonly time: number;
  readonly text: string;
}

/** One log in a snapshot. */
export interface SnapshotLog {
  /** The key of the log: that of a container of a pod, or of a presented process. */
  readonly key: string;
  readonly lines: readonly LogLine[];
}

interface Follower {
  readonly podUid: string;
  readonly send: (line: LogLine) => void;
  readonly end: () => void;
}

interface Log {
  lines: LogLine[];
  /** The lines of the run before; `undefined` without one. */
  previous: readonly LogLine[] | undefined;
  readonly followers: Set<Follower>;
}

/**
 * The logs of simulated containers. The code that simulates a container writes its lines here, and `kubectl logs` reads
 * them. A container without such code has an empty log. A pod of a presented process shows the log of the process.
 */
export class PodLogs {
  readonly #logs = new Map<string, Log>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a line to the log with this key. `logKey` makes the key. */
  write(key: string, text: string): void {
    const { lines, followers } = this.#log(key);
    const line = { time: this.#now(), text };
    lines.push(line);
    if (lines.length > MIN_KEPT_LINES * 2) lines.splice(0, lines.length - MIN_KEPT_LINES);
    for (const follower of followers) follower.send(line);
  }

  /**
   * Begins the log of a new run of a container. The lines of the last run become those that `previous` returns. Streams of
   * followers end, as those of a kubelet.
   */
  begin(key: string): void {
    const known = this.#logs.get(key);
    if (known === undefined) return void this.#log(key);
    known.previous = known.lines;
    known.lines = [];
    for (const follower of known.followers) end(known.followers, follower);
  }

  /** The lines of the run before the present one; `undefined` without such a run. */
  previous(pod: KubeObject, container: string): readonly LogLine[] | undefined {
    return this.#logs.get(logKey(pod, container))?.previous;
  }

  read(pod: KubeObject, container: string): readonly LogLine[] {
    return this.#logs.get(logKey(pod, container))?.lines ?? [];
  }

  /** A stream of `start` and of all later lines, formatted by `format`. */
  follow(pod: KubeObject, container: string, start: Buffer, format: (line: LogLine) => Buffer): ByteStream {
    const { followers } = this.#log(logKey(pod, container));
    let own: Follower | undefined;
    return {
      start(sink: StreamSink) {
        if (start.length > 0) sink.write(start);
        const send = (line: LogLine) => sink.write(format(line));
        own = { podUid: pod.metadata.uid ?? '', send, end: () => sink.end() };
        followers.add(own);
      },
      stop() {
        if (own !== undefined) followers.delete(own);
      },
    };
  }

  /** All non-empty logs in the form of a snapshot. */
  dump(): SnapshotLog[] {
    return [...this.#logs].flatMap(([key, { lines }]) => (lines.length === 0 ? [] : [{ key, lines: [...lines] }]));
  }

  /** Replaces all logs by those of a snapshot. Ends the streams of all followers. */
  load(logs: readonly SnapshotLog[]): void {
    this.close();
    this.#logs.clear();
    for (const { key, lines } of logs) this.#log(key).lines = [...lines];
  }

  /** Deletes the logs of a pod and ends the streams of their followers. The log of a process outlives its pods. */
  drop(podUid: string): void {
    for (const [key, { followers }] of this.#logs) {
      for (const follower of followers) if (follower.podUid === podUid) end(followers, follower);
      if (key.startsWith(`${podUid}/`)) this.#logs.delete(key);
    }
  }

  /** Ends the streams of all followers. */
  close(): void {
    for (const { followers } of this.#logs.values()) for (const follower of followers) end(followers, follower);
  }

  #log(key: string): Log {
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = { lines: [], previous: undefined, followers: new Set() }));
    return log;
  }
}

function end(followers: Set<Follower>, follower: Follower): void {
  followers.delete(follower);
  follower.end();
}

/** The key of a container's log. A pod of a presented process shares the log of the process. */
export function logKey({ metadata }: KubeObject, container: string): string {
  const process = metadata.annotations?.[PROCESS];
  return process === undefined ? `${metadata.uid}/${container}` : processKey(process, container);
}

/** The key of the log of a presented process. */
export const processKey = (process: string, container: string): string => `process ${process}/${container}`;
