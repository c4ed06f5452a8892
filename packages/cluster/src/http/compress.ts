import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Gzip } from 'node:zlib';
import type { ApiReply, ByteStream } from '../protocol/request.ts';

/** The minimum size of a response that is compressed, in bytes, as in an API server. */
const MIN_COMPRESSED_BYTES = 128 * 1024;

/** The compressed forms of bodies that the server keeps in memory, such as OpenAPI documents. */
const compressed = new WeakMap<Buffer, Buffer>();

/**
 * Compresses a large response of any status for a client that accepts gzip. Compression runs outside the event loop.
 * Streams and small responses are not compressed. The body of a list is compressed while the client reads it, so that
 * clients that do not read hold no copies of it.
 */
export async function compressReply(acceptEncoding: string | undefined, reply: ApiReply): Promise<ApiReply> {
  const { body, headers, ...others } = reply;
  if (acceptEncoding === undefined || body === undefined || others.stream !== undefined) return reply;
  if (sizeOf(body) < MIN_COMPRESSED_BYTES || !acceptsGzip(acceptEncoding)) return reply;
  const vary = headers['vary'] === undefined ? 'Accept-Encoding' : `${String(headers['vary'])}, Accept-Encoding`;
  const head = { ...others, headers: { ...headers, 'content-encoding': 'gzip', vary } };
  // The module is loaded for the first large response, so that the start of a server does not wait for it.
  const { createGzip, gzip } = await import('node:zlib');
  if (!Buffer.isBuffer(body)) return { ...head, stream: piped(body, createGzip({ level: 1 })) };
  let whole = compressed.get(body);
  if (whole === undefined) compressed.set(body, (whole = await promisify(gzip)(body, { level: 1 })));
  return { ...head, body: whole };
}

/** The compressed chunks as a stream. At most one piece waits for a client that does not read. */
function piped(chunks: readonly Buffer[], gzip: Gzip): ByteStream {
  const source = Readable.from(chunks);
  return {
    start(sink) {
      gzip.on('data', (piece: Buffer) => {
        gzip.pause();
        sink.write(piece);
        sink.drained(() => gzip.resume());
      });
      gzip.on('end', () => sink.end());
      gzip.on('error', () => sink.abort());
      source.pipe(gzip);
    },
    stop() {
      source.destroy();
      gzip.destroy();
    },
  };
}

/** The length of a body, in bytes. */
export const sizeOf = (body: Buffer | readonly Buffer[]): number =>
  Buffer.isBuffer(body) ? body.length : body.reduce((sum, part) => sum + part.length, 0);

/** Does a client accept gzip? As in an API server, only an entry that is exactly `gzip` counts. */
const acceptsGzip = (header: string): boolean => header.split(',').some((entry) => entry.trim() === 'gzip');
