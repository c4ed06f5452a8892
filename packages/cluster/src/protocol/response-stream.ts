import type { IncomingMessage } from 'node:http';
import type { OpenStream, OpenStreams } from './open-streams.ts';
import type { ByteStream, StreamSink } from './request.ts';

/** When a client has more unread bytes than this, the response of the other server is paused. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Forwards the body of another server's response to a client, as fast as the client reads. */
export class ResponseStream implements ByteStream, OpenStream {
  readonly isWatch = false;
  readonly #response: IncomingMessage;
  readonly #abort: () => void;
  readonly #streams: OpenStreams;
  #sink: StreamSink | undefined;

  /** @throws ApiError 429 when the user has too many streams; the response is then aborted */
  constructor(response: IncomingMessage, abort: () => void, streams: OpenStreams, user: string) {
    this.#response = response;
    this.#abort = abort;
    this.#streams = streams;
    // An error before the client reads only removes the stream here. The check of `errored` in `start` then breaks the
    // client's stream.
    response.on('error', () => this.#finish((sink) => sink.abort()));
    try {
      streams.add(this, user);
    } catch (thrown) {
      abort();
      throw thrown;
    }
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

  /** Does nothing: `restore` replaces this cluster's state, and this stream comes from another server. */
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
