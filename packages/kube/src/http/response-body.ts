import { StringDecoder } from 'node:string_decoder';

/** A complete body. `readBodyText` takes its chunks without iteration. */
export class WholeBody implements AsyncIterable<Uint8Array> {
  readonly chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[]) {
    this.chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    yield* this.chunks;
  }
}

/** The number of unread bytes above which the socket is paused until the reader takes them. */
const MAX_WAITING_BYTES = 256 * 1024;

/** A body that is read as it arrives. If the reader stops before the end, the rest of the body is abandoned. */
export class StreamBody implements AsyncIterable<Uint8Array> {
  readonly #source: { pause(): unknown; resume(): unknown };
  readonly #abandon: () => void;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor(source: { pause(): unknown; resume(): unknown }, abandon: () => void) {
    this.#source = source;
    this.#abandon = abandon;
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#waiting += bytes.length;
    if (this.#waiting > MAX_WAITING_BYTES) this.#source.pause();
    this.#wake();
  }

  /** Ends the body. `error` is set when the body is incomplete. */
  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    // The socket must not stay paused, because the connection may now serve another request.
    if (this.#waiting > MAX_WAITING_BYTES) this.#source.resume();
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        if (this.#waiting > MAX_WAITING_BYTES && this.#end === undefined) this.#source.resume();
        this.#waiting = 0;
        yield* chunks;
        if (this.#chunks.length > 0) continue;
        if (this.#end?.error !== undefined) throw this.#end.error;
        if (this.#end !== undefined) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (this.#end === undefined) this.#abandon();
    }
  }
}

/** The decoder for all bodies. It can be shared because it keeps no state: no call sets `stream: true`. */
const UTF8 = new TextDecoder();

/** Reads a body to its end as UTF-8 text. */
export async function readBodyText(body: AsyncIterable<Uint8Array>): Promise<string> {
  if (body instanceof WholeBody) return textOf(body.chunks);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return textOf(chunks);
}

function textOf(chunks: readonly Uint8Array[]): string {
  const [only] = chunks;
  return UTF8.decode(chunks.length === 1 && only !== undefined ? only : concat(chunks));
}

/**
 * Splits a body into lines, and yields the lines that arrived together as one batch. Empty lines are left out. A last
 * line without a line feed is included.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[], void> {
  const decoder = new StringDecoder('utf8');
  let rest: string[] = [];
  for await (const chunk of body) {
    const text = decoder.write(chunk);
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest.join('') + text.slice(from, end);
      rest = [];
      from = end + 1;
      if (line !== '') lines.push(line);
    }
    if (from < text.length) rest.push(text.slice(from));
    if (lines.length > 0) yield lines;
  }
  const last = rest.join('') + decoder.end();
  if (last !== '') yield [last];
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
