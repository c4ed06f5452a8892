import type { KubeObject } from '../core/index.ts';
import type { SnapshotLog } from './snapshot.ts';
import type { ByteStream, StreamSink } from './http/request.ts';

/** Lines kept per container. */
const LIMIT = 10_000;

/**
 * The logs of simulated containers. Whoever plays a container writes its lines here; `kubectl logs` reads
 * them. A container that nobody writes for has an empty log.
 */
export class PodLogs {
  readonly #lines = new Map<string, string[]>();
  readonly #followers = new Map<string, Set<StreamSink>>();

  /** Adds a line to a container's log. */
  write(podUid: string, container: string, line: string): void {
    const key = `${podUid}/${container}`;
    const lines = this.#lines.get(key) ?? [];
    lines.push(line);
    if (lines.length > LIMIT) lines.splice(0, lines.length - LIMIT);
    this.#lines.set(key, lines);
    for (const sink of this.#followers.get(key) ?? []) sink.write(Buffer.from(`${line}\n`));
  }

  read(pod: KubeObject, container: string): readonly string[] {
    return this.#lines.get(`${pod.metadata.uid}/${container}`) ?? [];
  }

  /** A stream of what is there and of what comes. */
  follow(pod: KubeObject, container: string, start: string): ByteStream {
    const key = `${pod.metadata.uid}/${container}`;
    let own: StreamSink | undefined;
    return {
      start: (sink) => {
        own = sink;
        if (start !== '') sink.write(Buffer.from(start));
        const sinks = this.#followers.get(key) ?? new Set();
        sinks.add(sink);
        this.#followers.set(key, sinks);
      },
      stop: () => {
        if (own !== undefined) this.#followers.get(key)?.delete(own);
      },
    };
  }

  /** Everything, as a snapshot keeps it. */
  dump(): SnapshotLog[] {
    return [...this.#lines].map(([key, lines]) => {
      const slash = key.indexOf('/');
      return { podUid: key.slice(0, slash), container: key.slice(slash + 1), lines: [...lines] };
    });
  }

  /** Replaces everything by what a snapshot kept; followers are ended. */
  load(logs: readonly SnapshotLog[]): void {
    for (const key of this.#followers.keys()) this.drop(key.slice(0, key.indexOf('/')));
    this.#lines.clear();
    for (const { podUid, container, lines } of logs) this.#lines.set(`${podUid}/${container}`, [...lines]);
  }

  /** Forgets the logs of a pod and ends who follows them. */
  drop(podUid: string): void {
    for (const key of [...this.#lines.keys(), ...this.#followers.keys()]) {
      if (!key.startsWith(`${podUid}/`)) continue;
      this.#lines.delete(key);
      for (const sink of this.#followers.get(key) ?? []) sink.end();
      this.#followers.delete(key);
    }
  }
}
