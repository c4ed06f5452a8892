import type { Readable } from 'node:stream';

/**
 * The maximum number of bytes that are read and dropped from a body that is refused. A client that sends fewer bytes
 * gets the refusal.
 */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** The maximum number of bytes that the bodies of all requests of the process hold together. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;

/** A body that is read or used. */
interface HeldBody {
  bytes: number;
  /** Drops the bytes of a body that has not arrived completely. Undefined after the end of the body. */
  drop: (() => void) | undefined;
}

/** The bodies of all servers of the process, the oldest first. A body counts until `releaseBody`. */
const held = new Map<Readable, HeldBody>();
let heldBytes = 0;

/**
 * Reads the body of a request, if the body has at most `maxBytes` bytes. The bytes count until `releaseBody`. Returns:
 *
 * - `too-large` when the body has more bytes, but only after the whole body has arrived: a client that is still sending
 *   would see a broken connection instead of the refusal;
 * - `crowded`, also after the whole body has arrived, when its bytes were dropped. This happens when all bodies together
 *   have more than 128 MiB, to the oldest body that has not arrived completely, so that clients that stop sending do
 *   not keep others from writing;
 * - `broken` when the connection ended before the whole body had arrived, and for a body of more than 64 MiB.
 */
export function readLimitedBody(
  request: Readable,
  maxBytes: number,
): Promise<Buffer | 'too-large' | 'crowded' | 'broken'> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    let size = 0;
    let refusal: 'too-large' | 'crowded' | undefined;
    const refuse = (reason: typeof refusal) => {
      refusal = reason;
      bytes = Buffer.alloc(0);
      releaseBody(request);
    };
    const body: HeldBody = { bytes: 0, drop: () => refuse('crowded') };
    held.set(request, body);
    request.on('data', (chunk: Buffer) => {
      const end = size + chunk.length;
      if (end > maxBytes) refuse('too-large');
      if (refusal === undefined) {
        bytes = appended(bytes, size, chunk);
        hold(body, chunk.length);
      } else if (end > MAX_DISCARDED_BYTES) request.destroy();
      size = end;
    });
    request.on('end', () => {
      body.drop = undefined;
      resolve(refusal ?? bytes.subarray(0, size));
    });
    const fail = () => {
      if (body.drop !== undefined) releaseBody(request);
      resolve('broken');
    };
    request.on('error', fail);
    request.on('close', fail);
  });
}

/** Ends the use of the body that `readLimitedBody` returned for a request, so that its bytes no longer count. */
export function releaseBody(request: Readable): void {
  heldBytes -= held.get(request)?.bytes ?? 0;
  held.delete(request);
}

function hold(body: HeldBody, length: number): void {
  body.bytes += length;
  heldBytes += length;
  for (const { drop } of held.values()) {
    if (heldBytes <= MAX_HELD_BYTES) return;
    drop?.();
  }
}

/**
 * Appends a chunk to the first `size` bytes. A single chunk is not copied. Small chunks are not kept as a list, which
 * would need a hundred times their bytes.
 */
function appended(bytes: Buffer, size: number, chunk: Buffer): Buffer {
  if (size === 0) return chunk;
  const end = size + chunk.length;
  const room = end <= bytes.length ? bytes : Buffer.allocUnsafeSlow(Math.max(end, 2 * size));
  if (room !== bytes) bytes.copy(room, 0, 0, size);
  chunk.copy(room, size);
  return room;
}
