import type { ServerResponse } from 'node:http';

/** The maximum number of bytes that are passed to a connection at once. */
const MAX_PIECE_BYTES = 128 * 1024;

/**
 * Sends a response with a body. A large body is sent in pieces, as fast as the client reads: other requests are handled
 * between the pieces, and a slow client does not cause copies of the whole body, such as a list of all objects.
 */
export function sendBody(
  status: number,
  headers: Record<string, string | string[]>,
  chunks: readonly Buffer[],
  response: ServerResponse,
): void {
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
  sendMore();
}

/** Joins small chunks and splits large ones. Returns the last piece. */
function* piecesOf(chunks: readonly Buffer[]): Generator<Buffer, Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length;) {
      const part = chunk.subarray(start, start + MAX_PIECE_BYTES - size);
      start += part.length;
      size += part.length;
      waiting.push(part);
      if (size < MAX_PIECE_BYTES) continue;
      yield Buffer.concat(waiting);
      waiting = [];
      size = 0;
    }
  }
  return Buffer.concat(waiting);
}
