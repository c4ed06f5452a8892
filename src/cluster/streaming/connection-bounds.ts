/** The bounds of a connection that carries several streams: what the server and the client have not read yet. */
import type { MessageConnection } from '../protocol/request.ts';

/** The number of bytes of a client that may wait in the server. With more bytes, the client is paused. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Further data for a client waits when the client has more unread bytes than this. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** Pauses the client of a connection while its streams have many bytes that nothing has read. */
export class UnreadInput {
  readonly #connection: Pick<MessageConnection, 'pause' | 'resume'>;
  #bytes = 0;
  #isPaused = false;

  constructor(connection: Pick<MessageConnection, 'pause' | 'resume'>) {
    this.#connection = connection;
  }

  /** Counts bytes that have come, or with a negative number bytes that were read. */
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

/** The writers of a stream, in their order. */
interface Writers {
  first: Writer;
  last: Writer;
}

/** The flow control of a protocol. */
export interface FlowControl {
  /** The number of bytes that may be sent on a stream now, or on all streams together for `CONNECTION`. */
  allowed(streamId: number): number;
  /** Counts bytes that were sent on a stream. */
  use(streamId: number, bytes: number): void;
}

/** The id of the connection as a whole. */
const CONNECTION = 0;

const WITHOUT_FLOW_CONTROL: FlowControl = { allowed: () => Number.POSITIVE_INFINITY, use: () => undefined };

/** Sends the data of several streams in turn, as fast as the client reads. */
export class SharedOutput {
  readonly #connection: MessageConnection;
  readonly #encode: (streamId: number, bytes: Buffer) => Buffer;
  readonly #flow: FlowControl;
  /** The writers by the ids of their streams. */
  readonly #writers = new Map<number, Writers>();
  /** The streams that may send, in turn. A stream that waits for its own flow control is absent. */
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

  /** Calls `done` once, when the bytes were sent or their stream was dropped. */
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
   * Calls `callback` once, when the data that waits on the stream now was sent or dropped; at once without such data.
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

  /** Drops the data that waits on a stream. */
  drop(streamId: number): void {
    let writer = this.#writers.get(streamId)?.first;
    this.#writers.delete(streamId);
    this.#turns.delete(streamId);
    for (; writer !== undefined; writer = writer.next) writer.done();
  }

  /**
   * Sends what may be sent now, after a change of the flow control of a stream, of the connection (0), or of all
   * streams (without an id).
   */
  flush(streamId?: number): void {
    if (streamId === undefined) for (const id of this.#writers.keys()) this.#turns.add(id);
    else if (this.#writers.has(streamId)) this.#turns.add(streamId);
    this.#send();
  }

  #send(): void {
    if (this.#isWaiting) return;
    // A stream that is added again comes last.
    for (const id of this.#turns) {
      if (this.#connection.backlog > MAX_BACKLOG_BYTES) return this.#wait();
      if (this.#flow.allowed(CONNECTION) === 0) return;
      this.#turns.delete(id);
      this.#sendFirst(id);
    }
  }

  /** Sends the first data of a stream, or a part of it when the rest waits for the flow control. */
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
    // The stream itself may still have a window.
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
