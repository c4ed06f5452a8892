import { expect, test } from 'vitest';
import type { PlaygroundInput } from '../../playground/model.ts';
import { decodeInput, encodeInput } from './share.ts';

const INPUT: PlaygroundInput = { language: 'yaml', source: 'a: ü "👍"\n'.repeat(50), spec: 'b: 1', observed: '' };

test('texts come back from an address, which has only letters that need no escape', async () => {
  const state = await encodeInput(INPUT);
  expect(state).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(state.length).toBeLessThan(120);
  expect(await decodeInput(state)).toEqual(INPUT);
});

test.each(['', '!', 'abc', 'AAAA', btoa('[]')])('%j is no state', async (state) => {
  expect(await decodeInput(state)).toBeUndefined();
});

test('a state with other members is refused', async () => {
  const state = await encodeInput({ ...INPUT, language: 'python' as 'yaml' });
  expect(await decodeInput(state)).toBeUndefined();
});

test('a state that becomes very long is refused', async () => {
  const state = await encodeInput({ ...INPUT, source: 'a'.repeat(190_000) });
  expect(await decodeInput(state)).toBeDefined();
  const bomb = await encodeInput({ ...INPUT, source: 'a'.repeat(199_000), spec: '' });
  expect(bomb.length).toBeLessThan(1000);
  const tooLong = encodeInput({ ...INPUT, source: 'ä'.repeat(300_000) });
  expect(await decodeInput(await tooLong)).toBeUndefined();
});
