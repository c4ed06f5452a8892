import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PlaygroundInput } from '../../playground/model.ts';
import { decodeInput, encodeInput } from './share.ts';

const INPUT: PlaygroundInput = { language: 'yaml', source: 'a: ü "👍"\n'.repeat(50), spec: 'b: 1', observed: '' };

test('the texts in an address are decoded again, and the address has only characters that need no escape', async () => {
  const state = (await encodeInput(INPUT)) ?? '';
  expect(state).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(state.length).toBeLessThan(120);
  expect(await decodeInput(state)).toEqual(INPUT);
});

test.each(['', '!', 'abc', 'AAAA', btoa('[]')])('%j is not a state', async (state) => {
  expect(await decodeInput(state)).toBeUndefined();
});

test('a state with an unknown language is refused', async () => {
  const state = (await encodeInput({ ...INPUT, language: 'python' as 'yaml' })) ?? '';
  expect(await decodeInput(state)).toBeUndefined();
});

test('the longest text that can be encoded is decoded again, and a longer text is not encoded', async () => {
  const most = { ...INPUT, source: 'a'.repeat(200_000 - JSON.stringify(['yaml', '', INPUT.spec, '']).length) };
  expect(await decodeInput((await encodeInput(most)) ?? '')).toEqual(most);
  expect(await encodeInput({ ...most, source: `${most.source}a` })).toBeUndefined();
  expect(await encodeInput({ ...INPUT, source: 'ä'.repeat(100_000) })).toBeUndefined();
});

test('a short state whose decompressed texts are too long is refused', async () => {
  const bomb = deflateRawSync(JSON.stringify(['yaml', 'a'.repeat(300_000), '', ''])).toString('base64url');
  expect(bomb.length).toBeLessThan(1000);
  expect(await decodeInput(bomb)).toBeUndefined();
});
