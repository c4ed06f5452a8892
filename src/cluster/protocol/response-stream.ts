import type { IncomingMessage } from 'node:http';
import type { ByteStream, OpenStream, StreamSink } from './request.ts';

/** The number of unread bytes of a client at which the answer of the other server is paused. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Passes the body of another server's answer on to a client, as fast as the client reads it. */
export class ResponseStream implements ByteStream, OpenStream {
  readonly isWatch = false;
  readonly #response: IncomingMessage;
  readonly #abort: () => void;
  readonly #streams: Set<OpenStream>;
  #sink: StreamSink | undefined;

  constructor(response: IncomingMessage, abort: () => void, streams: Set<OpenStream>) {
    this.#response = response;
    this.#abort = abort;
    this.#streams = streams;
    streams.add(this);
    // An error that occurs before the client reads breaks the client's stream, too.
    response.on('error', () => this.#finish((sink) => sink.abort()));
  }

  start(sink: StreamSink): void {
    this.#sink = sink;
    this.#response.on('data', (chunk: Buffer) => {
      sink.write(chunk);
      if (sink.backlog <= MAX_BUFFERED_BYTES) return;
      this.#response.pause();
      sink.drained(() => this.#response.resume());
    });
    this.#response.on('end', () => this.#finish((open) => open.end()));
    if (this.#response.errored !== null) this.#finish((open) => open.abort());
  }

  stop(): void {
    this.#sink = undefined;
    this.#streams.delete(this);
    this.#abort();
  }

  end(): void {
    this.#finish((sink) => sink.end());
    this.#abort();
  }

  /** A restored state changes nothing at the other server. */
  expire(): void {
    // The stream continues.
  }

  #finish(how: (sink: StreamSink) => void): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#streams.delete(this);
    if (sink !== undefined) how(sink);
  }
}
