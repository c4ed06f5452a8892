/** The headers of SPDY/3.1 streams: pairs of names and values, compressed with one zlib stream per direction. */
import { zlibLibrary } from '@typekro/kit/core';
import { DICTIONARY_ID, spdyDictionary } from './dictionary.ts';

/** The maximum uncompressed size of a header block, in bytes. */
const MAX_HEADER_BYTES = 64 * 1024;

/** The maximum distance of a back-reference in a compressed block, in bytes. */
const WINDOW_BYTES = 32 * 1024;

/** The end of each compressed block: the empty deflate block that a flush writes. */
const FLUSHED = Buffer.from([0, 0, 0xff, 0xff]);

/** The first two bytes of a zlib stream with a preset dictionary and a window of 32 KiB. */
const ZLIB_HEADER = Buffer.from([0x78, 0xbb]);

const DEFLATE_METHOD = 8;
const HAS_DICTIONARY = 0x20;

/** Maps the lower-case name of a header to its value. */
export type HeaderFields = ReadonlyMap<string, string>;

/**
 * Parses an uncompressed block. Returns `undefined` when the block is malformed, or when a name is repeated or not in
 * lower case.
 */
export function readHeaderBlock(block: Buffer): HeaderFields | undefined {
  const fields = new Map<string, string>();
  let offset = 0;
  const number = (): number | undefined => {
    if (offset + 4 > block.length) return undefined;
    offset += 4;
    return block.readUInt32BE(offset - 4);
  };
  const text = (): string | undefined => {
    const length = number();
    if (length === undefined || offset + length > block.length) return undefined;
    offset += length;
    return block.toString('latin1', offset - length, offset);
  };
  const count = number();
  if (count === undefined) return undefined;
  for (let index = 0; index < count; index += 1) {
    const name = text();
    const value = text();
    if (name === undefined || value === undefined || name === '') return undefined;
    if (fields.has(name) || name !== name.toLowerCase()) return undefined;
    fields.set(name, value);
  }
  return offset === block.length ? fields : undefined;
}

/** Encodes an uncompressed block. The names must be in lower case. */
export function writeHeaderBlock(fields: HeaderFields): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const texts = [...fields].flat().map((text) => Buffer.from(text, 'latin1'));
  return Buffer.concat([number(fields.size), ...texts.flatMap((text) => [number(text.length), text])]);
}

/** Decompresses the header blocks of one direction of a connection, in order. */
export class HeaderInflater {
  /** The decompressed bytes to which the next block may refer; `undefined` before the first block. */
  #window: Buffer | undefined;

  /**
   * Decompresses a block. Returns `undefined` for a block that does not continue the stream, does not end with a flush,
   * or is too large.
   */
  inflate(block: Buffer): Buffer | undefined {
    if (block.length < FLUSHED.length || !block.subarray(-FLUSHED.length).equals(FLUSHED)) return undefined;
    const start = this.#window === undefined ? readZlibHeader(block) : { length: 0, dictionary: this.#window };
    if (start === undefined) return undefined;
    const { inflateRawSync, constants } = zlibLibrary();
    try {
      const plain = inflateRawSync(block.subarray(start.length), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_HEADER_BYTES,
        ...(start.dictionary.length === 0 ? {} : { dictionary: start.dictionary }),
      });
      this.#window = Buffer.concat([start.dictionary, plain]).subarray(-WINDOW_BYTES);
      return plain;
    } catch {
      // zlib throws when the bytes are malformed or the output is too large.
      return undefined;
    }
  }
}

/** Parses the header of a zlib stream. Returns its length, and the dictionary that the stream uses. */
function readZlibHeader(block: Buffer): { readonly length: number; readonly dictionary: Buffer } | undefined {
  const first = block.readUInt16BE(0);
  if (((first >> 8) & 0x0f) !== DEFLATE_METHOD || first % 31 !== 0) return undefined;
  if ((first & HAS_DICTIONARY) === 0) return { length: 2, dictionary: Buffer.alloc(0) };
  if (block.length < 6 || block.readUInt32BE(2) !== DICTIONARY_ID) return undefined;
  return { length: 6, dictionary: spdyDictionary() };
}

/** Compresses the header blocks of one direction of a connection. A block never refers to an earlier block. */
export class HeaderDeflater {
  #hasBegun = false;

  deflate(plain: Buffer): Buffer {
    const { deflateRawSync, constants } = zlibLibrary();
    const block = deflateRawSync(plain, { finishFlush: constants.Z_SYNC_FLUSH });
    if (this.#hasBegun) return block;
    this.#hasBegun = true;
    const id = Buffer.alloc(4);
    id.writeUInt32BE(DICTIONARY_ID);
    return Buffer.concat([ZLIB_HEADER, id, block]);
  }
}
