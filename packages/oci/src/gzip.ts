import { zlibLibrary } from '@typekro/kit/core';
import { badPackage } from './package-file.ts';

/** The maximum size of a stored block of deflate (RFC 1951, section 3.2.4). */
const MAX_STORED_BYTES = 0xffff;
/** The header: deflate, no flags, no time, and no operating system (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * Writes bytes as gzip without compression. Compressed bytes differ between versions of zlib, and with them the digest
 * of a package. Stored blocks are equal for all of them. A package is text of a few hundred kilobytes, so its size is of
 * little consequence.
 */
export function storeAsGzip(content: Uint8Array): Buffer {
  const parts: Uint8Array[] = [HEADER];
  for (let at = 0, isLast = false; !isLast;) {
    const block = content.subarray(at, at + MAX_STORED_BYTES);
    at += block.length;
    isLast = at === content.length;
    const head = Buffer.alloc(5);
    head.writeUInt8(isLast ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    parts.push(head, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(zlibLibrary().crc32(content), 0);
  trailer.writeUInt32LE(content.length % 2 ** 32, 4);
  return Buffer.concat([...parts, trailer]);
}

/**
 * Unpacks gzip of any writer.
 *
 * @throws TypeKroError `oci/package` for bytes that are not gzip, and for a content of more than `maxBytes`, which is
 *   never held in memory
 */
export function readGzip(bytes: Uint8Array, maxBytes: number): Buffer {
  try {
    return zlibLibrary().gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isLarge = error instanceof RangeError;
    throw badPackage(isLarge ? `its layer unpacks to more than ${maxBytes} bytes` : 'its layer is not gzip', error);
  }
}
