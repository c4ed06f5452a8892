import { createHash } from 'node:crypto';
import type { KubeObject } from '../core/index.ts';
import { KubeError } from './error.ts';
import type { Clock, KubernetesApi } from './types.ts';

/** Something that happened to an object, for `kubectl describe`. */
export interface ObjectEvent {
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** One word in upper camel case. */
  readonly reason: string;
  readonly message: string;
}

/** How events are recorded. */
export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /** Who reports, e.g. `kro/boats.acme.test-controller`. */
  readonly component: string;
  /** Told when an event could not be written; nothing depends on events. */
  readonly onError?: (error: KubeError) => void;
}

/** The same event within so long is counted on the first one instead of being written again. */
const SAME_MS = 600_000;
/** How many different events are remembered. */
const REMEMBERED = 4096;
/** API servers refuse longer messages. */
const LONGEST_MESSAGE = 1024;

interface Remembered {
  readonly name: string;
  count: number;
  lastAt: number;
  firstAt: number;
}

/** Writes Events; one that repeats is counted on the object that is there already. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #known = new Map<string, Remembered>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event. Returns at once; events are written one after another. */
  record(event: ObjectEvent): void {
    this.#writing = this.#writing
      .then(() => this.#write(event))
      .catch((thrown: unknown) => {
        if (!(thrown instanceof KubeError)) throw thrown;
        this.#options.onError?.(thrown);
      });
  }

  /** Settles when all that was recorded is written. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #write(event: ObjectEvent): Promise<void> {
    const { api, clock } = this.#options;
    const now = clock.now();
    const { uid = '', name = '', namespace = 'default' } = event.object.metadata;
    const message = event.message.slice(0, LONGEST_MESSAGE);
    const key = [uid, event.type, event.reason, message].join('\0');
    const known = this.#known.get(key);
    if (known !== undefined && now - known.lastAt < SAME_MS) {
      known.count += 1;
      known.lastAt = now;
      const ref = { apiVersion: 'v1', kind: 'Event', namespace, name: known.name };
      await api.patch(ref, { count: known.count, lastTimestamp: time(now) });
      return;
    }
    const entry: Remembered = { name: eventName(name, key, now), count: 1, firstAt: now, lastAt: now };
    this.#remember(key, entry);
    await api.create(this.#object(event, entry, namespace, message));
  }

  #object(event: ObjectEvent, entry: Remembered, namespace: string, message: string): KubeObject {
    const { apiVersion, kind, metadata } = event.object;
    const { name, namespace: own, uid, resourceVersion } = metadata;
    const involvedObject = {
      apiVersion,
      kind,
      ...(name === undefined ? {} : { name }),
      ...(own === undefined ? {} : { namespace: own }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: entry.name, namespace },
      involvedObject,
      type: event.type,
      reason: event.reason,
      message,
      count: 1,
      firstTimestamp: time(entry.firstAt),
      lastTimestamp: time(entry.lastAt),
      source: { component: this.#options.component },
      reportingComponent: this.#options.component,
    };
  }

  #remember(key: string, entry: Remembered): void {
    this.#known.delete(key);
    this.#known.set(key, entry);
    if (this.#known.size <= REMEMBERED) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function eventName(object: string, key: string, now: number): string {
  const suffix = createHash('sha256').update(`${key}\0${now}`).digest('hex').slice(0, 16);
  return `${object.slice(0, 230)}.${suffix}`;
}

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
