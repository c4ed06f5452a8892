import { tooManyRequests } from '../errors/api-error.ts';

/** A stream that the server can end. `expire` ends a watch with `410 Expired` when `restore` replaces the state. */
export interface OpenStream {
  /** Is the stream a watch of this cluster, as opposed to a log or a stream of another server or of a local process? */
  readonly isWatch: boolean;
  end(): void;
  expire(): void;
}

/**
 * The maximum number of open streams. A user may have at most as many as are left for all others: one user alone can
 * have half of them, and no user can keep others from opening streams.
 */
const MAX_STREAMS = 20_000;

/** The maximum number of bytes that the client of one stream has not read before more is written. */
const MAX_UNREAD_BYTES = 128 * 1024;
/** The number of streams from which the maximum is smaller, so that no number of streams has more than twice as much. */
const MAX_FULL_STREAMS = 2048;

/** The number of bytes that all streams write in one turn of the event loop before other requests have theirs. */
const BYTES_PER_TURN = 512 * 1024;
/** The cost of a write in addition to its bytes. */
const WRITE_BYTES = 4 * 1024;

/** The open watches, followed logs, and responses of other servers and local processes. */
export class OpenStreams {
  readonly #users = new Map<OpenStream, string>();
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<() => number>();
  #left = BYTES_PER_TURN;
  #cause: object | undefined;
  #hasTurn = false;
  #isWriting = false;

  /** @throws ApiError 429 when the user has too many streams */
  add(stream: OpenStream, user: string): void {
    const count = this.#counts.get(user) ?? 0;
    if (count >= MAX_STREAMS - this.#users.size) throw tooManyRequests();
    this.#users.set(stream, user);
    this.#counts.set(user, count + 1);
  }

  delete(stream: OpenStream): void {
    const user = this.#users.get(stream);
    if (user === undefined) return;
    this.#users.delete(stream);
    const count = (this.#counts.get(user) ?? 0) - 1;
    if (count > 0) this.#counts.set(user, count);
    else this.#counts.delete(user);
  }

  has(stream: OpenStream): boolean {
    return this.#users.has(stream);
  }

  [Symbol.iterator](): IterableIterator<OpenStream> {
    return this.#users.keys();
  }

  /** The number of unread bytes that the client of each stream may have before more is written. */
  get maxUnread(): number {
    return MAX_UNREAD_BYTES * Math.min(1, MAX_FULL_STREAMS / this.#users.size) ** 2;
  }

  /**
   * Runs `write`, which returns the number of written bytes: at once, or in one of the next turns of the event loop, in
   * order, when the streams have written enough for `cause` or in this turn, so that thousands of watches do not delay
   * other requests. A client in this process, which may let no turn pass, gets the events of few watches at once.
   */
  inTurn(write: () => number, cause?: object): void {
    if (cause !== undefined && cause !== this.#cause) {
      this.#left = BYTES_PER_TURN;
      this.#cause = cause;
    }
    if (this.#left > 0 && this.#waiting.size === 0 && !this.#isWriting) this.#run(write);
    else this.#waiting.add(write);
  }

  #run(write: () => number): void {
    if (!this.#hasTurn) setImmediate(() => this.#nextTurn());
    this.#hasTurn = true;
    this.#isWriting = true;
    this.#left -= write() + WRITE_BYTES;
    this.#isWriting = false;
  }

  #nextTurn(): void {
    this.#hasTurn = false;
    this.#left = BYTES_PER_TURN;
    for (const write of this.#waiting) {
      if (this.#left <= 0) return;
      this.#waiting.delete(write);
      this.#run(write);
    }
  }
}
