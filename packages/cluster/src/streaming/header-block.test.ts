import { constants, createDeflate, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DICTIONARY_ID, spdyDictionary } from './dictionary.ts';
import { HeaderDeflater, HeaderInflater, readHeaderBlock, writeHeaderBlock } from './header-block.ts';

/** The Adler-32 checksum of RFC 1950. */
function adler32(bytes: Buffer): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}

const FIELDS = [
  new Map([
    ['streamtype', 'error'],
    ['port', '8080'],
    ['requestid', '0'],
  ]),
  new Map(),
  new Map([
    ['streamtype', 'data'],
    ['port', '8080'],
    ['requestid', '0'],
  ]),
];

/** Compresses blocks with one zlib stream. Each compressed block ends with a flush. */
async function compressed(plain: readonly Buffer[], dictionary?: Buffer): Promise<Buffer[]> {
  const stream = createDeflate(dictionary === undefined ? {} : { dictionary });
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  const blocks: Buffer[] = [];
  for (const block of plain) {
    stream.write(block);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
    blocks.push(Buffer.concat(parts.splice(0)));
  }
  return blocks;
}

test('the dictionary has the checksum that the protocol defines', () => {
  expect([spdyDictionary().length, adler32(spdyDictionary())]).toEqual([1423, DICTIONARY_ID]);
});

test('blocks of a client may refer to the dictionary and to earlier blocks', async () => {
  const blocks = await compressed(FIELDS.map(writeHeaderBlock), spdyDictionary());
  const [first, , third] = blocks;
  expect(third?.length).toBeLessThan((first?.length ?? 0) / 2);
  const inflater = new HeaderInflater();
  expect(blocks.map((block) => readHeaderBlock(inflater.inflate(block) ?? Buffer.alloc(0)))).toEqual(FIELDS);
});

test('a client may compress without the dictionary', async () => {
  const [block = Buffer.alloc(0)] = await compressed([Buffer.from('plain')]);
  expect(new HeaderInflater().inflate(block)?.toString()).toBe('plain');
});

test('both zlib and the server can read the blocks that the server writes', () => {
  const deflater = new HeaderDeflater();
  const inflater = new HeaderInflater();
  const blocks = FIELDS.map((fields) => deflater.deflate(writeHeaderBlock(fields)));
  const options = { dictionary: spdyDictionary(), finishFlush: constants.Z_SYNC_FLUSH };
  expect(inflateSync(Buffer.concat(blocks), options)).toEqual(Buffer.concat(FIELDS.map(writeHeaderBlock)));
  expect(blocks.map((block) => readHeaderBlock(inflater.inflate(block) ?? Buffer.alloc(0)))).toEqual(FIELDS);
});

describe('a block that is not compressed as the protocol requires is refused', () => {
  const valid = new HeaderDeflater().deflate(Buffer.from('text'));
  const changed = (offset: number, byte: number) => {
    const copy = Buffer.from(valid);
    copy[offset] = byte;
    return copy;
  };
  test.each<[string, Buffer]>([
    ['no bytes', Buffer.alloc(0)],
    ['no flush at the end', valid.subarray(0, -1)],
    ['another compression method', changed(0, 0x79)],
    ['a wrong checksum of the zlib header', changed(1, 0xbc)],
    ['another dictionary', changed(5, 0)],
    ['only the header of a zlib stream', Buffer.concat([valid.subarray(0, 2), Buffer.from([0, 0, 255, 255])])],
    [
      'bytes that no compression method produces',
      Buffer.concat([valid.subarray(0, 6), Buffer.from([7, 7, 7, 0, 0, 255, 255])]),
    ],
  ])('%s', (_title, block) => {
    expect(new HeaderInflater().inflate(block)).toBeUndefined();
  });

  test('a small block that decompresses to more than 64 KiB', () => {
    const blocks = [64 * 1024, 64 * 1024 + 1].map((size) => new HeaderDeflater().deflate(Buffer.alloc(size)));
    expect(blocks[1]?.length).toBeLessThan(200);
    expect(blocks.map((block) => new HeaderInflater().inflate(block)?.length)).toEqual([64 * 1024, undefined]);
  });
});

test.each<[string, Buffer]>([
  ['no number of headers', Buffer.from([0, 0, 0])],
  ['fewer headers than announced', Buffer.from([0, 0, 0, 1])],
  ['a name that is longer than the block', Buffer.from([0, 0, 0, 1, 255, 255, 255, 255, 97])],
  ['bytes after the last header', Buffer.from([0, 0, 0, 0, 0])],
  ['a name without characters', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['a name in upper case', writeHeaderBlock(new Map([['Port', '80']]))],
  [
    'a repeated name',
    Buffer.concat([
      Buffer.from([0, 0, 0, 2]),
      ...[1, 2].map(() => writeHeaderBlock(new Map([['port', '80']])).subarray(4)),
    ]),
  ],
])('a header block with %s is malformed', (_title, block) => {
  expect(readHeaderBlock(block)).toBeUndefined();
});
