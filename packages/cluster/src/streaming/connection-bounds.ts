/** Limits the unread data of a connection with several streams, in both directions. */
import type { MessageConnection } from '../protocol/request.ts';

/** The maximum number of unread bytes from a client. While more bytes are unread, the client is paused. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** While a client has more unread bytes than this, no more data is sent to it. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** Pauses the client of a connection while its streams have too many unread bytes. */
export class UnreadInput {
  readonly #connection: Pick<MessageConnection, 'pause' | 'resume'>;
  #bytes = 0;
  #isPaused = false;

  constructor(connection: Pick<MessageConnection, 'pause' | 'resume'>) {
    this.#connection = connection;
  }

  /** Adds received bytes to the count. A negative number subtracts bytes that were read. */
  add(bytes: number): void {
    this.#bytes += bytes;
    const isFull = this.#bytes > MAX_UNREAD_BYTES;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#connection.pause();
    else this.#connection.resume();
  }
}

interface Writer {
  bytes: Buffer;
  done: () => void;
  next: Writer | undefined;
}

/** The waiting writes of a stream, in order. */
interface Writers {
  first: Writer;
  last: Writer;
}

/** The flow control of a protocol. */
export interface FlowControl {
  /** The number of bytes that may be sent on a stream now. For `CONNECTION`, the number for all streams together. */
  allowed(streamId: number): number;
  /** Counts bytes that were sent on a stream. */
  use(streamId: number, bytes: number): void;
}

/** The stream ID that means the whole connection. */
const CONNECTION = 0;

const WITHOUT_FLOW_CONTROL: FlowControl = { allowed: () => Number.POSITIVE_INFINITY, use: () => undefined };

/** Sends the data of several streams in turn (round-robin), as fast as the client reads. */
export class SharedOutput {
  readonly #connection: MessageConnection;
  readonly #encode: (streamId: number, bytes: Buffer) => Buffer;
  readonly #flow: FlowControl;
  /** Maps the ID of a stream to its waiting writes. */
  readonly #writers = new Map<number, Writers>();
  /**
   * The IDs of the streams that may send, in the order of their turns. A stream that waits for its own flow-control
   * window is not included.
   */
  readonly #turns = new Set<number>();
  #isWaiting = false;

  constructor(
    connection: MessageConnection,
    encode: (streamId: number, bytes: Buffer) => Buffer,
    flow: FlowControl = WITHOUT_FLOW_CONTROL,
  ) {
    this.#connection = connection;
    this.#encode = encode;
    this.#flow = flow;
  }

  /** Sends bytes. Calls `done` once, when the bytes are sent or dropped. */
  write(streamId: number, bytes: Buffer, done: () => void): void {
    const writer: Writer = { bytes, done, next: undefined };
    const writers = this.#writers.get(streamId);
    if (writers === undefined) {
      this.#writers.set(streamId, { first: writer, last: writer });
      this.#turns.add(streamId);
    } else {
      writers.last.next = writer;
      writers.last = writer;
    }
    this.#send();
  }

  /**
   * Calls `callback` once, when all data that is waiting on the stream now is sent or dropped. Calls it at once if no
   * data is waiting.
   */
  whenSent(streamId: number, callback: () => void): void {
    const last = this.#writers.get(streamId)?.last;
    if (last === undefined) return callback();
    const { done } = last;
    last.done = () => {
      done();
      callback();
    };
  }

  /** Drops the waiting data of a stream. */
  drop(streamId: number): void {
    let writer = this.#writers.get(streamId)?.first;
    this.#writers.delete(streamId);
    this.#turns.delete(streamId);
    for (; writer !== undefined; writer = writer.next) writer.done();
  }

  /**
   * Sends all data that may be sent now. Called after the flow-control window of a stream, of the connection (0), or of
   * all streams (no ID) has changed.
   */
  flush(streamId?: number): void {
    if (streamId === undefined) for (const id of this.#writers.keys()) this.#turns.add(id);
    else if (this.#writers.has(streamId)) this.#turns.add(streamId);
    this.#send();
  }

  #send(): void {
    if (this.#isWaiting) return;
    // If `#sendFirst` adds a stream again, it goes to the end of the set, so the loop visits it last.
    for (const id of this.#turns) {
      if (this.#connection.backlog > MAX_BACKLOG_BYTES) return this.#wait();
      if (this.#flow.allowed(CONNECTION) === 0) return;
      this.#turns.delete(id);
      this.#sendFirst(id);
    }
  }

  /** Sends the data of a stream's first waiting write, or the part of these data that flow control allows. */
  #sendFirst(id: number): void {
    const writers = this.#writers.get(id);
    if (writers === undefined) return;
    const writer = writers.first;
    const count = Math.min(writer.bytes.length, this.#flow.allowed(id));
    const bytes = writer.bytes.subarray(0, count);
    writer.bytes = writer.bytes.subarray(count);
    if (writer.bytes.length === 0) {
      if (writer.next === undefined) this.#writers.delete(id);
      else {
        writers.first = writer.next;
        this.#turns.add(id);
      }
    }
    if (count > 0) {
      this.#flow.use(id, count);
      this.#connection.send(this.#encode(id, bytes));
    }
    if (writer.bytes.length === 0) writer.done();
    // If only the window of the connection is used up, the stream keeps its turn.
    else if (this.#flow.allowed(CONNECTION) === 0) this.#turns.add(id);
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#connection.drained(() => {
      this.#isWaiting = false;
      this.#send();
    });
  }
}
