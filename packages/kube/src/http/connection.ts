import type { Socket } from 'node:net';
import { monotonicMs } from '@typekro/kit/core';
import { AnswerReader } from './answer-reader.ts';
import { StreamBody, WholeBody } from './response-body.ts';
import type { TransportRequest, TransportResponse } from '../kube-api.ts';

/** The time for which an unused socket stays open, in milliseconds. The server's `keep-alive` header can shorten it. */
const SPARE_MS = 30_000;
/**
 * The maximum wait for the next bytes of a response, in milliseconds. For a stream, it applies only to the head and to
 * an error response.
 */
const ANSWER_MS = 300_000;

type Head = Omit<TransportResponse, 'body'>;

/** A request that waits for its response. */
interface Waiting {
  head(head: Head): void;
  data(bytes: Buffer): void;
  done(): void;
  fail(error: Error): void;
}

/** A request whose response may be refused because of its length. */
export interface LimitedRequest extends TransportRequest {
  /** The maximum length of the body of a response that is not a stream, in bytes. No limit by default. */
  readonly maxBodyBytes?: number;
}

/** The pool that owns a connection. */
export interface ConnectionOwner {
  /** Called when a response is complete and the connection can serve another request. */
  freed(connection: Connection): void;
  closed(connection: Connection): void;
}

/** One socket, for one request at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #reader: AnswerReader | undefined;
  #waiting: Waiting | undefined;
  #release: () => void = () => undefined;
  #spareMs = SPARE_MS;
  #isClosed = false;
  /** Has a byte arrived since the socket was opened? */
  #hasReceived = false;
  /** Has the socket been opened, also for TLS? Until then, the socket keeps what is written. */
  #isOpen = false;
  /** The time of the last sent or received bytes, in milliseconds of `monotonicMs`. */
  activeAt = monotonicMs();
  /** The longest allowed time without any bytes, in milliseconds. */
  idleLimitMs = SPARE_MS;

  /** `dial` opens the socket, which passes arriving bytes to `read`. */
  constructor(dial: (read: (bytes: Buffer) => void) => Socket, owner: ConnectionOwner) {
    const socket = dial((bytes) => this.#read(bytes));
    this.#socket = socket;
    // A tunnel is already open.
    this.#isOpen = !socket.connecting && !('encrypted' in socket);
    this.#owner = owner;
    socket.on('error', (error) => this.destroy(error));
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => (this.#isOpen = true));
    const gone = () => this.destroy(this.#hasReceived ? brokenOffError() : unansweredError());
    // The close may be the regular end of the response.
    socket.on('end', () => this.#reader?.close() === true || gone());
    socket.on('close', gone);
  }

  /** Closes the socket. A running request fails with this error. */
  destroy(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#owner.closed(this);
    this.#settle()?.fail(error);
  }

  /** Sends a request and resolves with the complete response. */
  whole(head: string, request: LimitedRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let left = request.maxBodyBytes ?? Number.POSITIVE_INFINITY;
      let answer: Head = { status: 0, headers: {} };
      this.#exchange(head, request, {
        head: (given) => (answer = given),
        data: (bytes) => {
          left -= bytes.length;
          if (left >= 0) chunks.push(Buffer.from(bytes));
          else this.destroy(new Error(`the response has more than ${request.maxBodyBytes} bytes`));
        },
        done: () => resolve({ ...answer, body: new WholeBody(chunks) }),
        fail: reject,
      });
    });
  }

  /** Sends a request and resolves when the head has arrived. The body is read as it arrives, without a time limit. */
  stream(head: string, request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const body = new StreamBody(this.#socket, () =>
        this.destroy(new Error('the caller did not read the rest of the response')),
      );
      this.#exchange(head, request, {
        head: (given) => {
          // An error response instead of a stream has the time limit of a complete response.
          if (given.status < 400) this.idleLimitMs = Number.POSITIVE_INFINITY;
          resolve({ ...given, body });
        },
        data: (bytes) => body.push(Buffer.from(bytes)),
        done: () => body.end(),
        fail: (error) => {
          reject(error);
          body.end(error);
        },
      });
    });
  }

  #exchange(head: string, { method, body, signal, mayBeSent }: TransportRequest, waiting: Waiting): void {
    const abort = () => this.destroy(new Error('the request was aborted'));
    this.#waiting = waiting;
    this.#release = () => signal?.removeEventListener('abort', abort);
    this.#reader = new AnswerReader(method, {
      head: (status, headers) => {
        const { 'keep-alive': keep } = headers;
        if (keep !== undefined) this.#spareMs = spareMs(keep);
        waiting.head({ status, headers });
      },
      data: (bytes) => waiting.data(bytes),
      end: (isOpen) => this.#answered(isOpen),
    });
    signal?.addEventListener('abort', abort, { once: true });
    this.activeAt = monotonicMs();
    this.idleLimitMs = ANSWER_MS;
    this.#socket.ref();
    if (mayBeSent === undefined || this.#isOpen) return this.#send(head, body);
    this.#socket.once('encrypted' in this.#socket ? 'secureConnect' : 'connect', () => {
      if (mayBeSent()) this.#send(head, body);
      else abort();
    });
  }

  #answered(isOpen: boolean): void {
    this.#settle()?.done();
    // If the server has responded before it read the whole request, it would read the rest as a part of the next
    // request on this connection.
    if (!isOpen || this.#socket.writableLength > 0) return this.destroy(new Error('the response ended the connection'));
    this.idleLimitMs = this.#spareMs;
    // A spare socket must not keep the process alive.
    this.#socket.unref();
    this.#owner.freed(this);
  }

  /** Removes and returns the waiting request, which the caller then settles. */
  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#reader = undefined;
    this.#release();
    return waiting;
  }

  #send(head: string, body: string | Uint8Array = ''): void {
    const socket = this.#socket;
    if (typeof body === 'string' && Buffer.byteLength(body) === body.length) {
      // An ASCII request is sent in one write.
      socket.write(head + body, 'latin1');
      return;
    }
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  #read(bytes: Buffer): void {
    this.activeAt = monotonicMs();
    this.#hasReceived = true;
    try {
      if (this.#reader === undefined) throw new Error('the server sent bytes without a request');
      this.#reader.read(bytes);
    } catch (thrown) {
      this.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

/**
 * The error when no byte has arrived. `KubeError` recognizes its message, and adds a remedy for a server that speaks
 * TLS.
 */
function unansweredError(): Error {
  return new Error('the server closed the connection before it responded');
}

function brokenOffError(): Error {
  return new Error('the server closed the connection before its response was complete');
}

/** How long a connection may be unused: one second less than the server's own limit, and at most `SPARE_MS`. */
function spareMs(keepAlive: string): number {
  const seconds = /timeout=(\d{1,6})/.exec(keepAlive)?.[1];
  return seconds === undefined ? SPARE_MS : Math.min(SPARE_MS, Number(seconds) * 1000 - 1000);
}
