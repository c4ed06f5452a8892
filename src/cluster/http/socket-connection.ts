import type { Duplex } from 'node:stream';
import type { MessageConnection } from '../protocol/request.ts';
import { endSocket } from './end-socket.ts';

/** The maximum number of unsent bytes. The server closes the connection of a client that does not read. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/**
 * The time between two probes of a client whose messages are not read, in milliseconds. The end of such a connection is
 * known only when a write fails.
 */
const PROBE_MS = 1000;

/** A connection that has changed its protocol. */
export abstract class SocketConnection implements MessageConnection {
  onMessage: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #socket: Duplex;
  readonly #probe: Buffer;
  #isClosed = false;
  #probes: NodeJS.Timeout | undefined;

  /** `probe` is a message that has no effect on the client. */
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

  /** Reads bytes of the client. */
  protected abstract read(chunk: Buffer): void;

  /** Has the server closed the connection, or was it lost? */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads bytes that came with the request. */
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

  /** Sends bytes. Closes the connection of a client that does not read. */
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
