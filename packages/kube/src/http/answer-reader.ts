import { type JsonValue, parseJson } from '@typekro/kit/core';
import { KubeError } from '../kube-error.ts';

/** Receives the parts of a response as they arrive. */
export interface AnswerSink {
  /**
   * Called with the status and the headers. Names are in lower case; several values of one header are joined by `, `.
   */
  head(status: number, headers: Readonly<Record<string, string>>): void;
  /** Called with the next bytes of the body, which are valid until the call returns. */
  data(bytes: Buffer): void;
  /**
   * Called when the response is complete. `open` is true when the server keeps the connection open for another request.
   */
  end(open: boolean): void;
}

/**
 * The part that the reader expects next. `size`, `gap` and `trailer` are lines of a chunked body. `sized` (a body of
 * known length), `chunk` and `rest` (a body that ends with the connection) are bytes.
 */
type Part = 'head' | 'size' | 'gap' | 'trailer' | 'sized' | 'chunk' | 'rest' | 'done';

/** The maximum length of a head or of a line of a chunked body, in bytes. */
const MAX_HELD_BYTES = 64 * 1024;
const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';

/** Parses one HTTP/1.0 or HTTP/1.1 response from pieces of any size. Throws on malformed bytes. */
export class AnswerReader {
  readonly #sink: AnswerSink;
  readonly #isHead: boolean;
  #part: Part = 'head';
  /** The beginning of an incomplete head or line. */
  #held: Buffer | undefined;
  /** The number of missing bytes of the body or of the current chunk. */
  #left = 0;
  #open = true;

  constructor(method: string, sink: AnswerSink) {
    this.#isHead = method === 'HEAD';
    this.#sink = sink;
  }

  read(bytes: Buffer): void {
    const input = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    for (let at = 0; at < input.length;) {
      if (this.#part === 'done') throw malformed('bytes after its end');
      at = this.#isBody() ? this.#readBody(input, at) : this.#readLine(input, at);
    }
  }

  /**
   * Called when the server has closed the connection. Returns true when the close is the regular end of the response.
   */
  close(): boolean {
    if (this.#part !== 'rest') return this.#part === 'done';
    this.#finish(false);
    return true;
  }

  #isBody(): boolean {
    return this.#part === 'sized' || this.#part === 'chunk' || this.#part === 'rest';
  }

  #readBody(input: Buffer, at: number): number {
    const end = this.#part === 'rest' ? input.length : Math.min(input.length, at + this.#left);
    this.#left -= end - at;
    this.#sink.data(at === 0 && end === input.length ? input : input.subarray(at, end));
    if (this.#left === 0 && this.#part === 'sized') this.#finish(this.#open);
    if (this.#left === 0 && this.#part === 'chunk') this.#part = 'gap';
    return end;
  }

  #readLine(input: Buffer, at: number): number {
    const mark = this.#part === 'head' ? HEAD_END : LINE_END;
    const end = input.indexOf(mark, at, 'latin1');
    if ((end < 0 ? input.length : end) - at > MAX_HELD_BYTES) throw malformed('a header section that is too long');
    if (end < 0) {
      this.#held = Buffer.from(input.subarray(at));
      return input.length;
    }
    this.#take(input.toString('latin1', at, end));
    return end + mark.length;
  }

  #take(line: string): void {
    switch (this.#part) {
      case 'head':
        return this.#takeHead(line);
      case 'size':
        if (!/^[0-9a-f]{1,8}[ \t]*(?:;|$)/i.test(line)) throw malformed('a chunk without a size');
        this.#left = Number.parseInt(line, 16);
        this.#part = this.#left === 0 ? 'trailer' : 'chunk';
        return;
      case 'gap':
        if (line !== '') throw malformed('a chunk longer than its size');
        this.#part = 'size';
        return;
      default:
        if (line === '') this.#finish(this.#open);
    }
  }

  #takeHead(text: string): void {
    const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?(?:\r\n|$)/.exec(text);
    if (match === null) throw malformed('no HTTP/1 status line');
    const status = Number(match[2]);
    // 101 is an error, because the client requests no other protocol. Any other status below 200 is informational and
    // precedes the final response.
    if (status === 101) throw malformed('another protocol');
    if (status < 200) return;
    const headers = parseHeaders(text, match[0].length);
    const { 'transfer-encoding': encoding, 'content-length': length, connection = '' } = headers;
    this.#open = match[1] === '1' && !/(?:^|,)\s*close\s*(?:,|$)/i.test(connection);
    this.#sink.head(status, headers);
    if (this.#isHead || status === 204 || status === 304) this.#finish(this.#open);
    else if (encoding !== undefined) this.#part = chunked(encoding);
    else if (length === undefined) this.#part = 'rest';
    else {
      this.#left = sizeOf(length);
      if (this.#left === 0) this.#finish(this.#open);
      else this.#part = 'sized';
    }
  }

  #finish(open: boolean): void {
    this.#part = 'done';
    this.#sink.end(open);
  }
}

function parseHeaders(text: string, from: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (let at = from; at < text.length;) {
    const found = text.indexOf(LINE_END, at);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', at);
    if (colon <= at || colon > end) throw malformed('a header without a name');
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
    at = end + LINE_END.length;
  }
  return headers;
}

function chunked(encoding: string): Part {
  if (encoding.toLowerCase() !== 'chunked') throw malformed(`the transfer encoding "${encoding}"`);
  return 'size';
}

function sizeOf(length: string): number {
  const size = /^\d+$/.test(length) ? Number(length) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw malformed(`the content length "${length}"`);
  return size;
}

function malformed(what: string): Error {
  return new Error(`the server's response is not HTTP/1.1: ${what}`);
}

/**
 * Parses the body of a response as JSON. The body may be any text, because a proxy may respond instead of the server.
 *
 * @throws KubeError for a text that is not JSON
 */
export function answerJson(text: string, what: string): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const message = `the server's response is not JSON: ${thrown.message}`;
    throw new KubeError(message, { status: 200, reason: 'InvalidAnswer', what, cause: thrown });
  }
}
