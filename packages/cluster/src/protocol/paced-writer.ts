import type { ClusterClock, Timer } from '../cluster-clock.ts';
import type { OpenStreams } from './open-streams.ts';
import type { StreamSink } from './request.ts';

/**
 * The maximum number of bytes that are passed to a connection at once. With TLS, Node keeps a copy of them while the
 * client does not read. Larger pieces are not faster.
 */
export const MAX_PIECE_BYTES = 32 * 1024;

/** The number of bytes after which a stream waits for its next turn. */
const BYTES_OF_STREAM = 128 * 1024;

/** The time within which a client must read a response that gets no longer. */
export const MAX_READ_MS = 60_000;

/** Joins small chunks and splits large ones. A chunk alone, or a part of it, is not copied. Returns the last piece. */
export function* piecesOf(chunks: Iterable<Buffer>): Generator<Buffer, Buffer> {
  let joined: Buffer[] = [];
  let size = 0;
  const take = (): Buffer => {
    const [first] = joined;
    const piece = joined.length === 1 && first !== undefined ? first : Buffer.concat(joined);
    joined = [];
    size = 0;
    return piece;
  };
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length;) {
      const end = start + MAX_PIECE_BYTES - size;
      const part = start === 0 && chunk.length <= end ? chunk : chunk.subarray(start, end);
      start += part.length;
      size += part.length;
      joined.push(part);
      if (size === MAX_PIECE_BYTES) yield take();
    }
  }
  return take();
}

/** What a `PacedWriter` writes, and what it tells. */
export interface PacedSource {
  /** Yields what is not written yet, until there is no more. */
  unsent(): Iterable<Buffer>;
  /** Called when all of `unsent` is written, except at the end. */
  done(): void;
  /** Called when `unsent` throws. */
  failed(thrown: unknown): void;
  /** Called once, before the writer ends the sink. Calls `stop` of the writer. */
  stop(): void;
}

type PacedContext = { readonly streams: OpenStreams; readonly clock: ClusterClock };

/** Writes to a sink as fast as its client reads, and in turn with the other streams. */
export class PacedWriter {
  readonly #sink: StreamSink;
  readonly #context: PacedContext;
  readonly #source: PacedSource;
  #pieces: Iterator<Buffer, Buffer> | undefined;
  #isBusy = false;
  #isStopped = false;
  #ending: Timer | undefined;

  constructor(sink: StreamSink, context: PacedContext, source: PacedSource) {
    this.#sink = sink;
    this.#context = context;
    this.#source = source;
  }

  /** Does the writer wait for its client or for its turn? */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Does the writer end the sink after what it is writing? */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Writes what is not written yet because of `cause`. A busy writer does so later. */
  wake(cause?: object): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#context.streams.inTurn(() => this.#write(), cause);
  }

  /**
   * Ends the sink when the client has read what the writer has begun; `unsent` decides where that ends. A client that
   * does not read it in time is disconnected.
   */
  end(): void {
    if (this.#isStopped) return;
    if (this.#isBusy) this.#ending ??= this.#context.clock.setTimer(MAX_READ_MS, () => this.#sink.abort());
    else {
      this.#source.stop();
      this.#sink.end();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#ending?.cancel();
  }

  #write(): number {
    let written = 0;
    try {
      const pieces = (this.#pieces ??= piecesOf(this.#source.unsent()));
      // A write can stop the stream.
      while (!this.#isStopped) {
        const { value, done } = pieces.next();
        if (value.length > 0) this.#sink.write(value);
        written += value.length;
        if (done === true) this.#pieces = undefined;
        if (this.#sink.backlog > this.#context.streams.maxUnread) {
          this.#sink.drained(() => this.#write());
          break;
        }
        if (done === true) {
          this.#isBusy = false;
          if (this.isEnding) this.end();
          else if (!this.#isStopped) this.#source.done();
          break;
        }
        if (written >= BYTES_OF_STREAM) {
          this.#context.streams.inTurn(() => this.#write());
          break;
        }
      }
    } catch (thrown) {
      this.#isBusy = false;
      this.#source.failed(thrown);
    }
    return written;
  }
}
