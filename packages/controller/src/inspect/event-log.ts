import type { InspectEvent } from './inspect-source.ts';

/** The maximum number of events that are kept for clients that reconnect. */
const MAX_KEPT_EVENTS = 1000;

/** The types of events for which only the newest event of a subject is kept. */
const ONCE: ReadonlySet<InspectEvent['type']> = new Set(['object-changed', 'event-recorded', 'limits-changed']);

/** The events after an id. */
export interface MissedEvents {
  readonly events: readonly InspectEvent[];
  /** False when the full log has dropped an event after the id, or when the log never had the id. */
  readonly complete: boolean;
}

/** The latest events of an `InspectIndex`, and the listeners for new events. */
export class EventLog {
  /** The kept events, oldest first. */
  readonly #events: InspectEvent[] = [];
  readonly #listeners = new Set<(event: InspectEvent) => void>();
  #lastId = 0;
  /** The newest id that was dropped because the log was full. */
  #droppedId = 0;

  /** The id of the newest event; 0 before the first one. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The time of the newest event, in milliseconds since 1970; 0 before the first one. */
  get lastAt(): number {
    return this.#events.at(-1)?.at ?? 0;
  }

  /** Does a listener follow the events? */
  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  /**
   * Adds an event with the next id. An event of a type in `ONCE` replaces the kept event of the same type and subject,
   * because a client that gets both events reads the subject only once. As a result, frequent changes of a few objects
   * do not displace the events of instances.
   */
  add(event: Omit<InspectEvent, 'id'>): void {
    this.#lastId += 1;
    const added = { ...event, id: this.#lastId };
    if (ONCE.has(event.type)) this.#forget(event);
    this.#events.push(added);
    if (this.#events.length > MAX_KEPT_EVENTS) this.#droppedId = this.#events.shift()?.id ?? 0;
    for (const listener of this.#listeners) listener(added);
  }

  /** The events after an id, oldest first. */
  after(id: number): MissedEvents {
    if (id > this.#lastId || id < this.#droppedId) return { events: [], complete: false };
    return { events: this.#events.filter((event) => event.id > id), complete: true };
  }

  /** Calls the listener for every later event, until the returned function is called. */
  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #forget({ type, subject }: Pick<InspectEvent, 'type' | 'subject'>): void {
    const index = this.#events.findLastIndex((event) => event.type === type && event.subject === subject);
    if (index >= 0) this.#events.splice(index, 1);
  }
}
