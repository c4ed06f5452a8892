import type { InspectEvent } from './reports.ts';

/** The maximum number of events that are kept for clients that reconnect. */
const MAX_KEPT_EVENTS = 1000;

/** The events after an id. */
export interface MissedEvents {
  readonly events: readonly InspectEvent[];
  /** False when the log no longer has all events after the id, or never had the id. */
  readonly complete: boolean;
}

/** The last events of an index, and its listeners. */
export class EventLog {
  readonly #events: InspectEvent[] = [];
  readonly #listeners = new Set<(event: InspectEvent) => void>();
  #lastId = 0;

  /** The id of the newest event; 0 before the first one. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Adds an event with the next id. */
  add(event: Omit<InspectEvent, 'id'>): void {
    this.#lastId += 1;
    const added = { ...event, id: this.#lastId };
    this.#events.push(added);
    if (this.#events.length > MAX_KEPT_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(added);
  }

  /** The events after an id, oldest first. */
  after(id: number): MissedEvents {
    const first = this.#lastId - this.#events.length + 1;
    if (id > this.#lastId || id < first - 1) return { events: [], complete: false };
    return { events: this.#events.slice(id - first + 1), complete: true };
  }

  /** Calls the listener for every later event, until the returned function is called. */
  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
