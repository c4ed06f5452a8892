import type { Socket } from 'node:net';
import { monotonicMs } from '../core/index.ts';
import { AnswerReader } from './answer-reader.ts';
import { StreamBody, WholeBody } from './body.ts';
import type { TransportRequest, TransportResponse } from './types.ts';

/** A socket that nobody uses is closed after so long, in milliseconds, or earlier where the server says so. */
const SPARE_MS = 30_000;
/** An answer, or more of it, is waited for so long, in milliseconds; of a stream, the head. */
const ANSWER_MS = 300_000;

type Head = Omit<TransportResponse, 'body'>;

/** Who waits for an answer. */
interface Waiting {
  head(head: Head): void;
  data(bytes: Buffer): void;
  done(): void;
  fail(error: Error): void;
}

/** Opens a socket. What comes is given to `read`, which must copy what it keeps. */
export type Dial = (read: (bytes: Buffer) => void) => Socket;

/** Who has a connection. */
export interface ConnectionOwner {
  /** An answer is whole, and another request may be sent. */
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
  /** When something was sent or came last, in milliseconds of `monotonicMs`. */
  activeAt = monotonicMs();
  /** For how long nothing may happen. */
  patienceMs = SPARE_MS;

  constructor(dial: Dial, owner: ConnectionOwner) {
    const socket = dial((bytes) => this.#read(bytes));
    this.#socket = socket;
    this.#owner = owner;
    socket.on('error', (error) => this.destroy(error));
    const gone = () => this.destroy(new Error('the server closed the connection before it answered'));
    // That may be how an answer ends.
    socket.on('end', () => this.#reader?.close() === true || gone());
    socket.on('close', gone);
  }

  /** Ends what is under way with this error. */
  destroy(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#owner.closed(this);
    this.#settle()?.fail(error);
  }

  /** Sends and settles with the answer when it is whole. */
  whole(head: string, request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let answer: Head = { status: 0, headers: {} };
      this.#exchange(head, request, {
        head: (given) => (answer = given),
        data: (bytes) => chunks.push(Buffer.from(bytes)),
        done: () => resolve({ ...answer, body: new WholeBody(chunks) }),
        fail: reject,
      });
    });
  }

  /** Sends and settles with the head; the body is read as it comes, for however long that takes. */
  stream(head: string, request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const body = new StreamBody(this.#socket, () => this.destroy(new Error('nobody reads the rest of the answer')));
      this.#exchange(head, request, {
        head: (given) => {
          // What is said instead of a stream comes as any answer does.
          if (given.status < 400) this.patienceMs = Number.POSITIVE_INFINITY;
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

  #exchange(head: string, { method, body, signal }: TransportRequest, waiting: Waiting): void {
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
    this.patienceMs = ANSWER_MS;
    this.#socket.ref();
    this.#send(head, body);
  }

  #answered(isOpen: boolean): void {
    this.#settle()?.done();
    // What is still being sent is read by nobody: the next request would come after it.
    if (!isOpen || this.#socket.writableLength > 0) return this.destroy(new Error('the answer ended the connection'));
    this.patienceMs = this.#spareMs;
    // Nobody waits for a socket that is spare.
    this.#socket.unref();
    this.#owner.freed(this);
  }

  /** Whoever waits is to be told now how it ended. */
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
      // All of it is ASCII, and goes out as one.
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
    try {
      if (this.#reader === undefined) throw new Error('the server sent what nobody asked for');
      this.#reader.read(bytes);
    } catch (thrown) {
      this.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

/** A server that says how long it keeps a connection is to be asked nothing in the last second. */
function spareMs(keepAlive: string): number {
  const seconds = /timeout=(\d{1,6})/.exec(keepAlive)?.[1];
  return seconds === undefined ? SPARE_MS : Math.min(SPARE_MS, Number(seconds) * 1000 - 1000);
}
