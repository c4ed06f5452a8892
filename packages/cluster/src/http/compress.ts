import { promisify } from 'node:util';
import type { ApiReply } from '../protocol/request.ts';

/** The minimum size of a response that is compressed, in bytes, as in an API server. */
const MIN_COMPRESSED_BYTES = 128 * 1024;

/**
 * The compressed forms of bodies that the server keeps in memory, such as OpenAPI documents. The body of a list is
 * created for each response, so its compressed form is not kept.
 */
const compressed = new WeakMap<Buffer, Buffer>();

/**
 * Compresses a large response of any status for a client that accepts gzip. Compression runs outside the event loop.
 * Streams and small responses are not compressed.
 */
export async function compressReply(acceptEncoding: string | undefined, reply: ApiReply): Promise<ApiReply> {
  const { body, headers } = reply;
  if (acceptEncoding === undefined || body === undefined || reply.stream !== undefined) return reply;
  if (sizeOf(body) < MIN_COMPRESSED_BYTES || !acceptsGzip(acceptEncoding)) return reply;
  let compressedBody = Buffer.isBuffer(body) ? compressed.get(body) : undefined;
  if (compressedBody === undefined) {
    // The module is loaded for the first large response, so that the start of a server does not wait for it.
    const { gzip } = await import('node:zlib');
    compressedBody = await promisify(gzip)(Buffer.isBuffer(body) ? body : Buffer.concat(body), { level: 1 });
    if (Buffer.isBuffer(body)) compressed.set(body, compressedBody);
  }
  const vary = headers['vary'] === undefined ? 'Accept-Encoding' : `${String(headers['vary'])}, Accept-Encoding`;
  return { ...reply, headers: { ...headers, 'content-encoding': 'gzip', vary }, body: compressedBody };
}

/** The length of a body, in bytes. */
export const sizeOf = (body: Buffer | readonly Buffer[]): number =>
  Buffer.isBuffer(body) ? body.length : body.reduce((sum, part) => sum + part.length, 0);

/** Does a client accept gzip? As in an API server, only an entry that is exactly `gzip` counts. */
const acceptsGzip = (header: string): boolean => header.split(',').some((entry) => entry.trim() === 'gzip');
