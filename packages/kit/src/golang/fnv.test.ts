import { expect, test } from 'vitest';
import { fnv32a, fnv64a } from './fnv.ts';

test.each([
  ['', 0x811c9dc5, 'cbf29ce484222325'],
  ['a', 0xe40c292c, 'af63dc4c8601ec8c'],
  ['foobar', 0xbf9cf968, '85944171f73967e8'],
])('the 32-bit and 64-bit FNV-1a digests of %j are correct', (text, short, long) => {
  expect(fnv32a(text)).toBe(short);
  expect(Buffer.from(fnv64a(text)).toString('hex')).toBe(long);
});
