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
  readonly streamId: number;
  bytes: Buffer;
  readonly done: () => void;
}

/** The flow control of a protocol. */
export interface FlowControl {
  /** The number of bytes that may be sent on a stream now. */
  allowed(streamId: number): number;
  /** Counts bytes that were sent on a stream. */
  use(streamId: number, bytes: number): void;
}

const WITHOUT_FLOW_CONTROL: FlowControl = { allowed: () => Number.POSITIVE_INFINITY, use: () => undefined };

/** Sends the data of several streams in turn, as fast as the client reads. */
export class SharedOutput {
  readonly #connection: MessageConnection;
  readonly #encode: (streamId: number, bytes: Buffer) => Buffer;
  readonly #flow: FlowControl;
  #writers: Writer[] = [];
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
    this.#writers.push({ streamId, bytes, done });
    this.flush();
  }

  /** Drops the data that waits on a stream. */
  drop(streamId: number): void {
    const dropped = this.#writers.filter((writer) => writer.streamId === streamId);
    this.#writers = this.#writers.filter((writer) => writer.streamId !== streamId);
    for (const { done } of dropped) done();
  }

  /** Sends the data that may be sent now. */
  flush(): void {
    if (this.#isWaiting) return;
    const blocked: Writer[] = [];
    for (let writer = this.#writers.shift(); writer !== undefined; writer = this.#writers.shift()) {
      if (this.#connection.backlog > MAX_BACKLOG_BYTES) {
        blocked.push(writer);
        this.#wait();
        break;
      }
      if (!this.#send(writer)) blocked.push(writer);
    }
    this.#writers = [...blocked, ...this.#writers];
  }

  /** Sends as many bytes as the flow control allows. Returns false when some of the bytes still wait. */
  #send(writer: Writer): boolean {
    const { streamId, bytes } = writer;
    const count = Math.min(bytes.length, this.#flow.allowed(streamId));
    if (count > 0) {
      this.#flow.use(streamId, count);
      this.#connection.send(this.#encode(streamId, bytes.subarray(0, count)));
    }
    writer.bytes = bytes.subarray(count);
    if (writer.bytes.length > 0) return false;
    writer.done();
    return true;
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#connection.drained(() => {
      this.#isWaiting = false;
      this.flush();
    });
  }
}
