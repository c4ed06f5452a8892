import type { Duplex } from 'node:stream';
import type { MessageConnection } from '../protocol/request.ts';

/**
 * The time without progress, in milliseconds, after which the server breaks a connection whose own side it has closed.
 * Until then, it waits for the client to read the last bytes and to close the other side.
 */
const CLOSE_MS = 10_000;

/**
 * The maximum number of unsent bytes. The server closes the connection when a client reads too slowly and more bytes
 * are waiting.
 */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/**
 * The time between two probes of a client from which the server does not read now, in milliseconds. Only a failed write
 * then shows that the connection has ended.
 */
const PROBE_MS = 1000;

/** A connection that has switched from HTTP to another protocol. */
export abstract class SocketConnection implements MessageConnection {
  onMessage: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #socket: Duplex;
  readonly #probe: Buffer;
  #isClosed = false;
  #probes: NodeJS.Timeout | undefined;

  /** `probe` is a message that the client ignores. */
  constructor(socket: Duplex, probe: Buffer) {
    this.#socket = socket;
    this.#probe = probe;
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => endSocket(socket));
    socket.on('close', () => {
      this.#isClosed = true;
      this.#stopProbes();
      this.onClose();
    });
  }

  abstract send(message: Buffer): void;

  abstract close(): void;

  /** Parses bytes that the client has sent. */
  protected abstract read(chunk: Buffer): void;

  /** Has the server closed the connection, or was it lost? */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Parses bytes that the client sent together with the upgrade request. */
  unread(head: Buffer): void {
    if (head.length > 0) this.read(head);
  }

  abort(): void {
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#isClosed) return;
    this.#socket.pause();
    this.#probes ??= setInterval(() => this.#socket.write(this.#probe), PROBE_MS);
    this.#probes.unref();
  }

  resume(): void {
    this.#stopProbes();
    this.#socket.resume();
  }

  get backlog(): number {
    return this.#socket.writableLength;
  }

  drained(callback: () => void): void {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return void setImmediate(callback);
    const once = () => {
      this.#socket.off('drain', once);
      this.#socket.off('close', once);
      callback();
    };
    this.#socket.on('drain', once);
    this.#socket.on('close', once);
  }

  /** Sends bytes. Closes the connection when more than `MAX_BACKLOG_BYTES` are unsent. */
  protected write(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) this.#socket.destroy();
  }

  /** Closes the connection after the last bytes. */
  protected end(last?: Buffer): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopProbes();
    endSocket(this.#socket, last);
  }

  #stopProbes(): void {
    clearInterval(this.#probes);
    this.#probes = undefined;
  }
}

/**
 * Sends the last bytes on a connection that no longer speaks HTTP, and closes the connection. The timeouts of the HTTP
 * server do not apply to such a connection.
 */
export function endSocket(socket: Duplex, last?: Buffer | string): void {
  // Continues to read, because only reading detects that the client has closed its side.
  socket.resume();
  socket.end(last);
  if (socket.destroyed) return;
  let unread = socket.writableLength;
  const timer = setInterval(() => {
    if (socket.writableLength === unread) socket.destroy();
    unread = socket.writableLength;
  }, CLOSE_MS);
  timer.unref();
  socket.on('close', () => clearInterval(timer));
}
