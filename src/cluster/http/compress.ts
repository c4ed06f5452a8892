import { promisify } from 'node:util';
import type { ApiReply } from '../protocol/request.ts';

/** The size in bytes from which an answer is compressed, as in an API server. */
const MIN_COMPRESSED_BYTES = 128 * 1024;

/** The compressed form of bodies that the server keeps, such as the documents of the API. */
const compressed = new WeakMap<Buffer, Buffer>();

/**
 * Compresses a large answer for a client that accepts gzip. The work is done outside the event loop. Streams, small
 * answers and errors are not compressed.
 */
export async function compressReply(acceptEncoding: string | undefined, reply: ApiReply): Promise<ApiReply> {
  const { body, status, headers } = reply;
  if (acceptEncoding === undefined || status !== 200 || body === undefined || reply.stream !== undefined) return reply;
  if (sizeOf(body) < MIN_COMPRESSED_BYTES || !acceptsGzip(acceptEncoding)) return reply;
  const whole = Buffer.isBuffer(body) ? body : Buffer.concat(body);
  let small = compressed.get(whole);
  if (small === undefined) {
    // The module is loaded with the first large answer, so that the start of a server does not wait for it.
    const { gzip } = await import('node:zlib');
    small = await promisify(gzip)(whole, { level: 1 });
    compressed.set(whole, small);
  }
  const vary = headers['vary'] === undefined ? 'Accept-Encoding' : `${headers['vary']}, Accept-Encoding`;
  return { ...reply, headers: { ...headers, 'content-encoding': 'gzip', vary }, body: small };
}

const sizeOf = (body: Buffer | readonly Buffer[]): number =>
  Buffer.isBuffer(body) ? body.length : body.reduce((sum, part) => sum + part.length, 0);

/** Does a client accept gzip? A weight of 0 means that it does not. */
function acceptsGzip(header: string): boolean {
  return header.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return (name === 'gzip' || name === '*') && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
  });
}
