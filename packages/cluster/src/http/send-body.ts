import type { ServerResponse } from 'node:http';
import { MAX_PIECE_BYTES, MAX_READ_MS, piecesOf } from '../protocol/paced-writer.ts';
import type { ApiReply } from '../protocol/request.ts';

/**
 * The maximum number of bytes that wait for clients in bodies that were made for one response, such as lists in YAML.
 * The chunks of lists in JSON are shared with the store, and do not count.
 */
const MAX_WAITING_BYTES = 512 * 1024 * 1024;

/** The large responses that clients have not read, the oldest first. `bytes` is 0 for a body with shared chunks. */
const waiting = new Map<ServerResponse, { readonly bytes: number; readonly release: () => void }>();
let waitingBytes = 0;

/**
 * Sends a response with a body. A large body is sent in pieces, as fast as the client reads: other requests are handled
 * between the pieces, and a slow client does not cause copies of the whole body, such as a list of all objects. A client
 * that does not read its response is disconnected: after a minute, or earlier if too many bytes wait.
 */
export function sendBody(
  { status, headers, ownBytes }: Pick<ApiReply, 'headers' | 'ownBytes' | 'status'>,
  body: Buffer | readonly Buffer[],
  response: ServerResponse,
): void {
  const chunks = Buffer.isBuffer(body) ? [body] : body;
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  headers['content-length'] = String(length);
  response.writeHead(status, headers);
  const pieces = piecesOf(chunks);
  const sendMore = (): void => {
    if (response.destroyed) return;
    const { value, done } = pieces.next();
    // Without data, Deno's `end` stops reading the connection.
    if (done === true) response.end(value);
    else if (response.write(value)) setImmediate(sendMore);
    else response.once('drain', sendMore);
  };
  if (length > MAX_PIECE_BYTES) limitWait(response, ownBytes ?? length);
  sendMore();
}

/**
 * Disconnects the client of a large response if it does not read the whole response within a minute. Disconnects the
 * clients of earlier responses if too many bytes wait. `bytes` are those that no other response shares.
 */
export function limitWait(response: ServerResponse, bytes: number): void {
  const timer = setTimeout(() => response.destroy(), MAX_READ_MS).unref();
  const release = () => {
    clearTimeout(timer);
    if (waiting.delete(response)) waitingBytes -= bytes;
  };
  waiting.set(response, { bytes, release });
  waitingBytes += bytes;
  response.once('finish', release).once('close', release);
  for (const [other, held] of waiting) {
    if (waitingBytes <= MAX_WAITING_BYTES) return;
    if (held.bytes === 0 || other === response) continue;
    held.release();
    other.destroy();
  }
}
