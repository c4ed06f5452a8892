import { type KubeObject, cryptoLibrary, printable, textPrefix, definedMembers } from '@typekro/kit/core';
import { formatTime, namePrefix } from '@typekro/kit/kubernetes';
import { isAborted, isNotFound, KubeError } from './kube-error.ts';
import type { Clock, KubernetesApi } from './kube-api.ts';

/** An event of an object, as `kubectl describe` shows it. */
export interface ObjectEvent {
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** One word in upper camel case. */
  readonly reason: string;
  readonly message: string;
  /** The reporting component. Default: the recorder's component. */
  readonly component?: string;
}

/** The options of an `EventRecorder`. */
export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /** The reporting component, e.g. `kro/boats.acme.test-controller`. */
  readonly component: string;
  /** Called when an event could not be written. The recorder continues with the next event. */
  readonly onError?: (error: KubeError) => void;
}

/**
 * A repetition of an event within this time after its last occurrence increases the count of the event. In
 * milliseconds.
 */
const SAME_MS = 600_000;
/** The maximum number of different events whose repetitions are counted. */
const MAX_COUNTED_EVENTS = 4096;
/**
 * The maximum number of events that wait to be written. The queue grows while the server responds slowly to writes of
 * events. Further events are dropped and reported.
 */
const MAX_PENDING_EVENTS = 4096;
/**
 * The maximum length of a message, in UTF-16 units. API servers refuse an Event with `eventTime` if its message has
 * more than this number of bytes.
 */
const MAX_MESSAGE_LENGTH = 1024;

interface Remembered {
  readonly name: string;
  count: number;
  lastAt: number;
  firstAt: number;
}

/** An event in the queue, without the object it is about. */
interface Pending {
  readonly key: string;
  readonly type: ObjectEvent['type'];
  readonly reason: string;
  readonly message: string;
  readonly namespace: string;
  readonly component: string;
  readonly involved: Readonly<Record<string, string>>;
}

/** Writes Events one after another. A repeated event increases the count of the existing Event. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #known = new Map<string, Remembered>();
  readonly #pending: Pending[] = [];
  readonly #givenUp = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event. Returns at once. */
  record(event: ObjectEvent): void {
    if (this.#pending.length >= MAX_PENDING_EVENTS) {
      const message = `${MAX_PENDING_EVENTS} events wait to be written, so a further one is dropped: ${event.reason}`;
      this.#options.onError?.(new KubeError(message, { status: 0, reason: 'Dropped' }));
      return;
    }
    this.#pending.push(pendingOf(event, this.#options.component));
    this.#writing ??= this.#drain();
  }

  /** Settles when all recorded events are written or have failed. Drops the remaining events when the signal aborts. */
  async flush(signal?: AbortSignal): Promise<void> {
    const giveUp = () => {
      this.#pending.length = 0;
      this.#givenUp.abort();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    await this.#writing;
    signal?.removeEventListener('abort', giveUp);
  }

  async #drain(): Promise<void> {
    try {
      for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
        await this.#writeOrReport(event);
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeOrReport(event: Pending): Promise<void> {
    try {
      await this.#write(event);
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
      if (!isAborted(thrown)) this.#options.onError?.(thrown);
    }
  }

  async #write(event: Pending): Promise<void> {
    const { api, clock } = this.#options;
    const { key, namespace } = event;
    const { signal } = this.#givenUp;
    const now = clock.now();
    const known = this.#known.get(key);
    if (known !== undefined && now - known.lastAt < SAME_MS) {
      known.count += 1;
      known.lastAt = now;
      const ref = { apiVersion: 'v1', kind: 'Event', namespace, name: known.name };
      try {
        await api.patch(ref, { count: known.count, lastTimestamp: formatTime(now) }, { signal });
        return;
      } catch (thrown) {
        // If the event does not exist (it was deleted, or was never written), it is created.
        if (!isNotFound(thrown)) throw thrown;
      }
    }
    const name = eventName(event.involved['name'] ?? '', key, now);
    const entry: Remembered = { name, count: 1, firstAt: now, lastAt: now };
    this.#remember(key, entry);
    await api.create(this.#object(event, entry), { signal });
  }

  #object({ involved, type, reason, message, namespace, component }: Pending, entry: Remembered): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: entry.name, namespace },
      involvedObject: involved,
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: formatTime(entry.firstAt),
      lastTimestamp: formatTime(entry.lastAt),
      source: { component },
      reportingComponent: component,
    };
  }

  #remember(key: string, entry: Remembered): void {
    this.#known.delete(key);
    this.#known.set(key, entry);
    if (this.#known.size <= MAX_COUNTED_EVENTS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function pendingOf({ object, type, reason, message: text, ...event }: ObjectEvent, recorder: string): Pending {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  // Programs such as kubectl print the message, which can have parts of names and values. `textPrefix` does not cut a
  // surrogate pair.
  const message = textPrefix(printable(text), MAX_MESSAGE_LENGTH);
  const { component = recorder } = event;
  // The parts by which client-go recognises a repeated event.
  const parts = [component, apiVersion, kind, namespace, name, uid, type, reason, message];
  return {
    key: cryptoLibrary().createHash('sha256').update(parts.join('\0')).digest('base64url'),
    type,
    reason,
    message,
    namespace: namespace ?? 'default',
    component,
    involved: { apiVersion, kind, ...definedMembers({ name, namespace, uid, resourceVersion }) },
  };
}

function eventName(object: string, key: string, now: number): string {
  const suffix = cryptoLibrary().createHash('sha256').update(`${key}\0${now}`).digest('hex').slice(0, 16);
  return `${namePrefix(object, 230)}.${suffix}`;
}
