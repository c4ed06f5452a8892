import type { ServerResponse } from 'node:http';
import type { Clock } from '@typekro/kube';
import type { EventLog } from './event-log.ts';
import type { ChangeBatch, StreamReset, StreamStart } from './inspect-model.ts';
import type { InspectEvent } from './inspect-source.ts';

/** The time for which changes are collected before they are sent, in milliseconds. */
export const COLLECT_MS = 100;

/**
 * The interval, in milliseconds, at which a stream sends a comment to keep the connection open, and checks again
 * whether the client's token is valid.
 */
const KEEP_ALIVE_MS = 15_000;

/** The time that a new client may need between its first read and the opening of its stream, in milliseconds. */
const OPENING_MS = 10_000;

/**
 * The maximum number of collected changes. If there are more changes, the client gets the message `reset` instead and
 * reads everything again, because this costs less.
 */
const MAX_COLLECTED = 1000;

/** The input of a stream. */
export interface EventStreamOptions {
  readonly log: EventLog;
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** The epoch of the server's ids: a random string that is new for each start of the server. */
  readonly epoch: string;
  /** The last id that the client has received. Absent for a new client. */
  readonly lastEventId: string | undefined;
  /** May the client see the event? */
  readonly maySee: (event: InspectEvent) => Promise<boolean>;
  /** Is the client's token still valid? The stream ends when it is not. */
  readonly isValid: () => Promise<boolean>;
  /** Called with the error that ends the stream. */
  readonly onFailure: (error: unknown) => void;
}

/** The headers of a stream. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/**
 * The stream of changes to one client. The stream collects changes, and keeps only the newest change of each type and
 * subject. It sends them as a batch after the connection has accepted all earlier messages. A slow client therefore
 * uses only the memory of one batch, and still gets the newest state.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #collected = new Map<string, InspectEvent>();
  /** The id of the newest event that was collected or left out. */
  #lastId: number;
  #overflow = false;
  #sending = false;
  #timer: { cancel(): void } | undefined;
  #keepAlive: { cancel(): void } | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#lastId = options.log.lastId;
  }

  /** Sends the first messages, and after them the changes, until the client disconnects. */
  start(): void {
    const { log, response, epoch, lastEventId, clock } = this.#options;
    response.writeHead(200, EVENT_STREAM_HEADERS);
    const id = lastEventId === undefined ? undefined : parseEventId(lastEventId, epoch);
    const missed = id === undefined ? undefined : log.after(id);
    // A new client may have read its data before the newest event, and the stream does not send events that happened
    // before the stream opened. If that event is recent, the client must therefore read again.
    const isQuiet = log.lastAt < clock.now() - OPENING_MS;
    const isComplete = lastEventId === undefined ? isQuiet : missed?.complete === true;
    const from = missed?.complete === true && id !== undefined ? id : log.lastId;
    const start: StreamStart = { epoch, missed: !isComplete };
    this.#send('hello', from, start);
    for (const event of missed?.events ?? []) this.#collect(event);
    const unsubscribe = log.subscribe((event) => this.#collect(event));
    const onDrain = () => this.#schedule(0);
    response.on('drain', onDrain);
    this.#rest();
    response.on('close', () => {
      unsubscribe();
      this.#timer?.cancel();
      this.#keepAlive?.cancel();
    });
  }

  #collect(event: InspectEvent): void {
    this.#lastId = event.id;
    if (!this.#overflow) {
      const key = `${event.type} ${event.subject}`;
      this.#collected.delete(key);
      this.#collected.set(key, event);
      if (this.#collected.size > MAX_COLLECTED) {
        this.#collected.clear();
        this.#overflow = true;
      }
    }
    this.#schedule(COLLECT_MS);
  }

  #schedule(milliseconds: number): void {
    if (this.#collected.size === 0 && !this.#overflow) return;
    this.#timer ??= this.#options.clock.setTimer(milliseconds, () => {
      this.#timer = undefined;
      this.#flush().catch((error: unknown) => this.#fail(error));
    });
  }

  async #flush(): Promise<void> {
    const { response, maySee } = this.#options;
    if (this.#sending || response.writableNeedDrain || response.destroyed) return;
    this.#sending = true;
    try {
      const last = this.#lastId;
      const events = [...this.#collected.values()];
      const isReset = this.#overflow;
      this.#collected.clear();
      this.#overflow = false;
      if (isReset) {
        const reset: StreamReset = { reason: 'more changed than a message can list' };
        this.#send('reset', last, reset);
        return;
      }
      const seen = await Promise.all(events.map(async (event) => ((await maySee(event)) ? event : undefined)));
      const batch: ChangeBatch = { changes: seen.filter((event) => event !== undefined) };
      if (batch.changes.length > 0) this.#send('changes', last, batch);
    } finally {
      this.#sending = false;
      this.#schedule(COLLECT_MS);
    }
  }

  /** Sends the comments that keep the connection open, and ends the stream when the token is no longer valid. */
  #rest(): void {
    const { clock, response, isValid } = this.#options;
    this.#keepAlive = clock.setTimer(KEEP_ALIVE_MS, () => {
      isValid()
        .then((valid) => {
          if (response.destroyed) return;
          if (!valid) return response.end();
          if (!response.writableNeedDrain) response.write(':\n\n');
          this.#rest();
        })
        .catch((error: unknown) => this.#fail(error));
    });
  }

  /** Ends the stream. The client connects again, and then reads what it has missed. */
  #fail(error: unknown): void {
    const { response, onFailure } = this.#options;
    if (!response.destroyed) onFailure(error);
    response.destroy();
  }

  #send(event: 'hello' | 'changes' | 'reset', id: number, data: ChangeBatch | StreamReset | StreamStart): void {
    const { response, epoch } = this.#options;
    if (response.destroyed) return;
    response.write(`id: ${epoch}.${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

/** Reads `EPOCH.NUMBER`. Returns `undefined` for an id of another epoch, and for any other string. */
export function parseEventId(text: string, epoch: string): number | undefined {
  const [of, number = '', ...more] = text.split('.');
  return of === epoch && more.length === 0 && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
}
