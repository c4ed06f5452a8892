import { ByteQueue } from './byte-queue.ts';
import type { UnreadInput } from './connection-bounds.ts';

/** The methods of a connection that a stream uses. */
export interface StreamHost {
  readonly unread: UnreadInput;
  /** Sends data. Calls `done` once, when the bytes are sent or the stream is closed. */
  write(streamId: number, bytes: Buffer, done: () => void): void;
  /**
   * Calls `callback` once, when all data that is waiting on the stream now is sent or dropped. Calls it at once if no
   * data is waiting.
   */
  whenSent(streamId: number, callback: () => void): void;
  /** Announces to the client that the server sends no more data. */
  end(streamId: number): void;
  /** Ends the stream in both directions at once. */
  reset(streamId: number): void;
}

/** A bidirectional stream of a client. Each direction ends separately. */
export class ClientStream {
  readonly id: number;
  /** Called once, when the stream was reset, or its connection was lost. */
  onLost: () => void = () => undefined;
  readonly #host: StreamHost;
  readonly #queue = new ByteQueue();
  /** The number of bytes in the part that the reader has taken last. They count as unread until the next read. */
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

  /** Has the server announced that it sends no more data? */
  get hasSentEnd(): boolean {
    return this.#hasSentEnd;
  }

  /** Are both directions closed, or is the stream lost? */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Reads the next bytes from the client. Resolves to `undefined` when the client sends no more data, and when the
   * stream is closed. Only one call may be pending.
   */
  read(): Promise<Buffer | undefined> {
    this.#release(this.#taken);
    this.#taken = 0;
    const bytes = this.#queue.take();
    this.#taken = bytes?.length ?? 0;
    if (bytes !== undefined || this.#hasReceivedEnd || this.#isClosed) return Promise.resolve(bytes);
    return new Promise((resolve) => (this.#reader = resolve));
  }

  /** Reads and drops all data that the client sends. */
  async discard(): Promise<void> {
    while ((await this.read()) !== undefined);
  }

  /** Sends bytes. Resolves when more bytes can be sent, or when the stream is closed. */
  write(bytes: Buffer): Promise<void> {
    if (this.#isClosed || this.#isEnding) return Promise.resolve();
    return new Promise((resolve) => this.#host.write(this.id, bytes, resolve));
  }

  /** Ends the server's direction after all written bytes are sent. */
  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#host.whenSent(this.id, () => {
      if (this.#isClosed) return;
      this.#hasSentEnd = true;
      this.#host.end(this.id);
    });
  }

  /** Resolves when all data of the server is sent, or the stream is closed. */
  sent(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#host.whenSent(this.id, resolve));
  }

  /**
   * Ends the stream in both directions, and drops data that is not sent yet. Does nothing when the stream is closed.
   */
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
