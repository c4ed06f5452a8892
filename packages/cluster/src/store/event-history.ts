/**
 * The maximum memory, in bytes, of the earlier versions of objects that all events of a store keep. Far more events of
 * ordinary objects fit in it than a busy cluster has between two lists of a client.
 */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * The maximum number of additional events, as a fraction of the limit. Events are dropped in groups, because each drop
 * moves the remaining events. The fraction is small, because each event keeps an earlier version of an object in
 * memory. With a surplus as large as the window, the memory of a busy server would vary by a fifth.
 */
const MAX_SURPLUS = 1 / 16;

/** The memory of an event without the earlier version of its object, in bytes. */
const EVENT_BYTES = 256;

interface Entry<Event> {
  readonly version: number;
  readonly bytes: number;
  readonly event: Event;
}

const memoryOf = (entries: readonly Entry<unknown>[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0);

/** The limits that the histories of a store share. */
export class HistoryLimits {
  /** The number of the latest events that a history keeps when it drops earlier events because of their number. */
  readonly window: number;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #histories = new Set<EventHistory<unknown>>();
  #bytes = 0;

  constructor(window: number, maxBytes = MAX_BYTES) {
    this.window = window;
    this.#maxEvents = window + Math.ceil(window * MAX_SURPLUS);
    this.#maxBytes = maxBytes;
  }

  /** Counts the memory of the history, together with that of all others, until `leave`. */
  join(history: EventHistory<unknown>): void {
    this.#histories.add(history);
  }

  leave(history: EventHistory<unknown>): void {
    this.#histories.delete(history);
  }

  /** Drops events if the history has too many of them, or if all histories together take too much memory. */
  enforce(history: EventHistory<unknown>, added: number): void {
    this.#bytes += added;
    if (history.length > this.#maxEvents) this.#bytes -= history.dropFirst(history.length - this.window);
    if (this.#bytes <= this.#maxBytes) return;
    while (this.#bytes > this.#maxBytes * (1 - MAX_SURPLUS)) {
      let oldest = history;
      for (const other of this.#histories) if (other.firstVersion < oldest.firstVersion) oldest = other;
      if (oldest.length === 0) return;
      this.#bytes -= oldest.dropFirst(1);
    }
  }

  /** Subtracts the memory of dropped events. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** The latest events of a resource, ordered by resource version. */
export class EventHistory<Event> {
  readonly #limits: HistoryLimits;
  #entries: Entry<Event>[] = [];
  #oldest: number;

  /** The history of a resource begins at `version`. */
  constructor(limits: HistoryLimits, version: number) {
    this.#limits = limits;
    this.#oldest = version;
    limits.join(this);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The resource version since which the history has all events. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The version of the first event; `Infinity` without events. */
  get firstVersion(): number {
    return this.#entries[0]?.version ?? Infinity;
  }

  /** Adds the event of a version. `bytes` is the memory, in bytes, that only this event keeps. */
  add(version: number, event: Event, bytes: number): void {
    this.#entries.push({ version, event, bytes: bytes + EVENT_BYTES });
    this.#limits.enforce(this, bytes + EVENT_BYTES);
  }

  /** The first `count` events after `version`; `undefined` when some of these events have been dropped. */
  since(version: number, count = Infinity): readonly Event[] | undefined {
    if (version < this.#oldest) return undefined;
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return this.#entries.slice(low, low + count).map(({ event }) => event);
  }

  /** Drops the first `count` events. Returns their memory in bytes. Only the limits call this method. */
  dropFirst(count: number): number {
    const dropped = this.#entries.splice(0, count);
    this.#oldest = dropped.at(-1)?.version ?? this.#oldest;
    return memoryOf(dropped);
  }

  /** Drops all events. The history begins again at `version`. */
  clear(version: number): void {
    this.#limits.release(memoryOf(this.#entries));
    this.#entries = [];
    this.#oldest = version;
  }

  /** Drops all events of a resource that does not exist any more. */
  end(): void {
    this.clear(this.#entries.at(-1)?.version ?? this.#oldest);
    this.#limits.leave(this);
  }
}
