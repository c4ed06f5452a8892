import type { Readable } from 'node:stream';

/**
 * The maximum number of bytes that are read and dropped from a body that is too large. A client that sends fewer bytes
 * gets the refusal.
 */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/**
 * Reads the body of a request, if the body has at most `maxBytes` bytes. Returns `too-large` when the body has more
 * bytes, but only after the whole body has arrived: a client that is still sending would see a broken connection
 * instead of the refusal. Returns `broken` when the connection ended before the whole body had arrived, and for a body
 * of more than `MAX_DISCARDED_BYTES`.
 */
export function readLimitedBody(request: Readable, maxBytes: number): Promise<Buffer | 'too-large' | 'broken'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else if (size <= MAX_DISCARDED_BYTES) chunks = [];
      else request.destroy();
    });
    request.on('end', () => {
      const [only] = chunks;
      if (size > maxBytes) resolve('too-large');
      else resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    request.on('error', () => resolve('broken'));
    request.on('close', () => resolve('broken'));
  });
}
