import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readGzip, storeAsGzip } from './gzip.ts';
import { sha256Digest } from './image-manifest.ts';
import { packFiles } from './package-transfer.ts';
import { readTar } from './tar-read.ts';
import { writeTar } from './tar-write.ts';

const LIMITS = { maxEntries: 20, maxBytes: 10_000 };
const file = (path: string, text = 'text') => ({ path, content: Buffer.from(text) });
const FILES = [
  file('typekro.package.json', '{}'),
  file('manifests/b.yaml', 'b: 1\n'),
  file('manifests/a.yaml', ''),
  file('README.md', 'x'.repeat(512)),
  file(`${'long/'.repeat(20)}${'n'.repeat(90)}.yaml`, 'split'),
  file(`deep/${'n'.repeat(180)}.yaml`, 'pax'),
  file('manifests/größe.yaml', 'ä'),
];

describe('an archive', () => {
  test('has the files that were packed, sorted by path', () => {
    const read = readTar(writeTar(FILES), { ...LIMITS, maxEntries: 100 });
    const sorted = [...FILES].sort((left, right) => Buffer.compare(Buffer.from(left.path), Buffer.from(right.path)));
    expect(read.map(({ path, content }) => [path, String(content)])).toEqual(
      sorted.map(({ path, content }) => [path, String(content)]),
    );
  });

  test('has the same bytes on every machine, in any order of the files', () => {
    const image = packFiles(FILES.slice(0, 5), { 'org.opencontainers.image.version': '1.0.0', a: 'b' });
    const again = packFiles(FILES.slice(0, 5).reverse(), { a: 'b', 'org.opencontainers.image.version': '1.0.0' });
    expect(again.digest).toBe(image.digest);
    expect({ layer: sha256Digest(image.layer), image: image.digest }).toMatchInlineSnapshot(`
      {
        "image": "sha256:5c05204593e4ee492f0e12aee08b2c71d116a13648bf62f9b713106082d99802",
        "layer": "sha256:10bdabb2280ab87931ffddb232f5a3ac867ec989ac166c1f90962d59a705f211",
      }
    `);
  });

  test('is not written with a path that cannot be read', () => {
    expect(() => writeTar([file('../a')])).toThrow('it leaves the folder');
    expect(() => writeTar([file('a'), file('a')])).toThrow('two entries');
    expect(() => writeTar([file('a'), file('a/b')])).toThrow('two entries');
  });
});

/** An entry as another program could write it. */
interface RawEntry {
  readonly path: string;
  readonly type?: string;
  readonly content?: string;
  /** Written in place of the size. */
  readonly size?: string;
}

/** An archive without the checks of `writeTar`. */
function rawTar(entries: readonly RawEntry[], end = 1024): Buffer {
  const blocks = entries.flatMap(({ path, type = '0', content = '', size }) => {
    const block = Buffer.alloc(512);
    block.write(path, 0, 'utf8');
    block.write(size ?? `${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    block.write(`        ${type}`, 148, 'latin1');
    block.write('ustar\x0000', 257, 'latin1');
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    return [block, Buffer.from(content), Buffer.alloc(-Buffer.byteLength(content) & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(end)]);
}

/** A pax record of 10 to 99 bytes. */
const pax = (record: string): string => `${record.length + 4} ${record}\n`;

describe('an archive of another program', () => {
  test.each<[string, readonly RawEntry[], readonly string[]]>([
    ['the folder itself', [{ path: './', type: '5' }, { path: './a' }], ['a']],
    ['folders', [{ path: 'a/', type: '5' }, { path: 'a/b' }, { path: 'a/', type: '5' }], ['a/b']],
    ['a pax path', [{ path: 'x', type: 'x', content: pax('path=a/long') }, { path: 'short' }], ['a/long']],
    ['pax times', [{ path: 'x', type: 'x', content: pax('mtime=1.25') }, { path: 'a' }], ['a']],
    ['a global header', [{ path: 'g', type: 'g', content: pax('comment=ab') }, { path: 'a' }], ['a']],
    ['the old type of files', [{ path: 'a', type: '\0' }], ['a']],
  ])('is read with %s', (_, entries, paths) => {
    expect(readTar(rawTar(entries), LIMITS).map(({ path }) => path)).toEqual(paths);
  });

  test.each<[string, readonly RawEntry[], string]>([
    ['a path upwards', [{ path: '../a' }], 'it leaves the folder'],
    ['a path upwards inside', [{ path: 'a/../../b' }], 'it leaves the folder'],
    [
      'a pax path upwards',
      [{ path: 'x', type: 'x', content: pax('path=../../a') }, { path: 'b' }],
      'it leaves the folder',
    ],
    ['an absolute path', [{ path: '/etc/passwd' }], 'it is absolute'],
    ['a path of Windows', [{ path: 'C:\\a' }], 'no name of a file everywhere'],
    ['a device of Windows', [{ path: 'a/nul.yaml' }], 'no name of a file everywhere'],
    ['a control character', [{ path: 'a\u001b[2J' }], 'no name of a file everywhere'],
    ['an empty path', [{ path: '' }], 'it is empty'],
    ['an empty part', [{ path: 'a//b' }], 'an empty part'],
    ['a very deep path', [{ path: 'a/'.repeat(40) + 'b' }], 'more than 32 parts'],
    [
      'a long name',
      [{ path: 'x', type: 'x', content: `266 path=${'n'.repeat(256)}\n` }, { path: 'a' }],
      'longer than 255 bytes',
    ],
    ['another form of Unicode', [{ path: 'u\u0308' }], 'normal form'],
    ['a symbolic link', [{ path: 'a', type: '2' }], 'is a symbolic link'],
    ['a hard link', [{ path: 'a', type: '1' }], 'is a hard link'],
    ['a device', [{ path: 'a', type: '3' }], 'is a device'],
    ['a pipe', [{ path: 'a', type: '6' }], 'is a pipe'],
    ['a long name of GNU', [{ path: 'a', type: 'L', content: 'x' }], 'unknown type "L"'],
    ['two entries', [{ path: 'a' }, { path: 'a' }], 'two entries'],
    ['two entries but for case', [{ path: 'a/B' }, { path: 'A/b' }], 'two entries'],
    ['a file below a file', [{ path: 'a' }, { path: 'a/b' }], 'is below a file'],
    ['a file in place of a folder', [{ path: 'a/b' }, { path: 'a' }], 'two entries'],
    ['a folder with content', [{ path: 'a/', type: '5', content: 'x' }], 'has content'],
    ['too many files', Array.from({ length: 21 }, (_, index) => ({ path: `${index}` })), 'more than 20 files'],
    ['too many bytes', [{ path: 'a', content: 'x'.repeat(10_001) }], 'more than 10000 bytes'],
    ['a size beyond its end', [{ path: 'a', size: '77777777777\0' }], 'ends early'],
    ['a size that is not octal', [{ path: 'a', size: '9' }], 'not octal'],
    ['a negative size', [{ path: 'a', size: '-1' }], 'not octal'],
    ['a binary size', [{ path: 'a', size: '\x80\0\0\0\0\0\0\0\0\0\0\x01' }], 'not octal'],
    [
      'two extended headers',
      [
        { path: 'x', type: 'x', content: pax('path=a') },
        { path: 'x', type: 'x' },
      ],
      'two extended headers',
    ],
    ['an extended header at its end', [{ path: 'x', type: 'x', content: pax('path=a') }], 'goes on after its end'],
    [
      'a size in an extended header',
      [{ path: 'x', type: 'x', content: pax('size=9') }, { path: 'a' }],
      'the record "size"',
    ],
    ['a malformed extended header', [{ path: 'x', type: 'x', content: '99 path=a\n' }, { path: 'a' }], 'malformed'],
    ['an extended header of length 0', [{ path: 'x', type: 'x', content: '0 path=a\n' }, { path: 'a' }], 'malformed'],
  ])('is refused with %s', (_, entries, why) => {
    expect(() => readTar(rawTar(entries), LIMITS)).toThrow(
      expect.objectContaining({ code: 'oci/package', message: expect.stringContaining(why) }),
    );
  });

  test('is refused without an end, with more after it, and with a wrong checksum', () => {
    const whole = rawTar([{ path: 'a', content: 'x' }]);
    expect(() => readTar(rawTar([{ path: 'a' }], 0), LIMITS)).toThrow('ends early');
    expect(() => readTar(Buffer.alloc(0), LIMITS)).toThrow('ends early');
    expect(() => readTar(Buffer.concat([whole, whole]), LIMITS)).toThrow('goes on after its end');
    whole.write('b', 0);
    expect(() => readTar(whole, LIMITS)).toThrow('wrong checksum');
    expect(() => readTar(Buffer.from(gzipSync('text')), LIMITS)).toThrow('ends early');
  });
});

describe('gzip', () => {
  test.each([0, 1, 0xffff, 0x10000, 200_000])('of %d bytes is stored and read', (length) => {
    const content = Buffer.alloc(length, 'abc');
    const stored = storeAsGzip(content);
    expect(stored.length).toBe(length + 18 + 5 * Math.max(1, Math.ceil(length / 0xffff)));
    expect(readGzip(stored, length + 1).equals(content)).toBe(true);
  });

  test('that unpacks to more than the limit, or is none, is refused', () => {
    expect(() => readGzip(gzipSync(Buffer.alloc(1_000_000)), 100_000)).toThrow('unpacks to more than 100000 bytes');
    expect(() => readGzip(Buffer.from('no'), 100)).toThrow('its layer is not gzip');
    expect(() => readGzip(storeAsGzip(Buffer.from('text')).subarray(0, -2), 100)).toThrow('its layer is not gzip');
  });
});
