import { ByteQueue } from './byte-queue.ts';
import type { UnreadInput } from './connection-bounds.ts';

/** The parts of a connection that a stream uses. */
export interface StreamHost {
  readonly unread: UnreadInput;
  /** Sends data. Calls `done` once, when the bytes were sent or the stream was closed. */
  write(streamId: number, bytes: Buffer, done: () => void): void;
  /**
   * Calls `callback` once, when the data that waits on the stream now was sent or dropped; at once without such data.
   */
  whenSent(streamId: number, callback: () => void): void;
  /** Announces the end of the data of the server. */
  end(streamId: number): void;
  /** Ends the stream in both directions at once. */
  reset(streamId: number): void;
}

/** A stream of a client: bytes in both directions, each with its own end. */
export class ClientStream {
  readonly id: number;
  /** Called once, when the stream was reset, or its connection was lost. */
  onLost: () => void = () => undefined;
  readonly #host: StreamHost;
  readonly #queue = new ByteQueue();
  /** The number of bytes that the reader has taken and not yet used. */
  #taken = 0;
  #reader: ((bytes: Buffer | undefined) => void) | undefined;
  #hasReceivedEnd = false;
  #isEnding = false;
  #hasSentEnd = false;
  #isClosed = false;

  constructor(id: number, host: StreamHost) {
    this.id = id;
    this.#host = host;
  }

  /** Has the client ended its data? */
  get hasReceivedEnd(): boolean {
    return this.#hasReceivedEnd;
  }

  /** Has the server announced the end of its data? */
  get hasSentEnd(): boolean {
    return this.#hasSentEnd;
  }

  /** Are both directions closed? */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next bytes of the client; `undefined` at their end, and when the stream is closed. One call at a time. */
  read(): Promise<Buffer | undefined> {
    this.#release(this.#taken);
    this.#taken = 0;
    const bytes = this.#queue.take();
    this.#taken = bytes?.length ?? 0;
    if (bytes !== undefined || this.#hasReceivedEnd || this.#isClosed) return Promise.resolve(bytes);
    return new Promise((resolve) => (this.#reader = resolve));
  }

  /** Reads and drops everything that the client sends. */
  async discard(): Promise<void> {
    while ((await this.read()) !== undefined);
  }

  /** Sends bytes. Settles when the client has room for more, or the stream is closed. */
  write(bytes: Buffer): Promise<void> {
    if (this.#isClosed || this.#isEnding) return Promise.resolve();
    return new Promise((resolve) => this.#host.write(this.id, bytes, resolve));
  }

  /** Ends the data of the server, after the bytes that were sent. */
  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#host.whenSent(this.id, () => {
      if (this.#isClosed) return;
      this.#hasSentEnd = true;
      this.#host.end(this.id);
    });
  }

  /** Settles when all data of the server was sent, or the stream is closed. */
  sent(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#host.whenSent(this.id, resolve));
  }

  /** Ends the stream in both directions, and drops the data that waits. Does nothing when it is closed. */
  reset(): void {
    if (this.#isClosed) return;
    this.close();
    this.#host.reset(this.id);
  }

  /** Called with bytes of the client. */
  receive(bytes: Buffer): void {
    if (this.#isClosed || this.#hasReceivedEnd || bytes.length === 0) return;
    this.#host.unread.add(bytes.length);
    this.#queue.append(bytes);
    if (this.#reader === undefined) return;
    const part = this.#queue.take();
    this.#taken = part?.length ?? 0;
    this.#answer(part);
  }

  /** Called when the client has ended its data. */
  receiveEnd(): void {
    this.#hasReceivedEnd = true;
    this.#answer(undefined);
  }

  /** Called when both directions have ended, or the stream is lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const wasLost = !this.#hasReceivedEnd || !this.#hasSentEnd;
    if (wasLost) {
      this.#release(this.#queue.length + this.#taken);
      this.#taken = 0;
      this.#queue.clear();
    }
    this.#answer(undefined);
    if (wasLost) this.onLost();
  }

  #answer(bytes: Buffer | undefined): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(bytes);
  }

  #release(bytes: number): void {
    if (bytes > 0) this.#host.unread.add(-bytes);
  }
}
