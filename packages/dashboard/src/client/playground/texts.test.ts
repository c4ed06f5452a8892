import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PlaygroundInput } from '../../playground/input.ts';
import { PLAYGROUND_EXAMPLES } from '../../playground/examples.ts';
import { excerptOf, offsetOf } from './offsets.ts';
import { decodeInput, encodeInput } from './encoded-input.ts';
import { areStart, keepTexts, keptTexts, withLanguage } from './texts.ts';

test.each([
  ['abc', 1, 1, 0],
  ['abc', 1, 3, 2],
  ['a\nbc\n', 2, 2, 3],
  ['👍b', 1, 2, 2],
  ['abc', 1, 99, 3],
  ['a\nb', 99, 1, 2],
  ['a', 0, 0, 0],
  ['', 1, 1, 0],
])('in %j line %i, column %i is the offset %i', (text, line, column, offset) => {
  expect(offsetOf(text, { line, column })).toBe(offset);
});

test('an excerpt has a caret below the column', () => {
  expect(excerptOf('a\n  bc', { line: 2, column: 3 })).toBe('  bc\n  ^');
  expect(excerptOf('a\u202e👍b', { line: 1, column: 4 })).toBe('a\\u202e👍b\n        ^');
});

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

const [WEB] = PLAYGROUND_EXAMPLES;
const COMPOSITION = PLAYGROUND_EXAMPLES.find(({ language }) => language === 'typescript');

test('the texts of an example become those of an example in the chosen language', () => {
  for (const example of PLAYGROUND_EXAMPLES) {
    expect(withLanguage(example, 'typescript')).toBe(COMPOSITION);
    expect(withLanguage({ ...example }, 'yaml').language).toBe('yaml');
  }
  expect(withLanguage(WEB, 'yaml')).toBe(WEB);
});

test('texts that are not those of an example stay, and only their language changes', () => {
  for (const name of ['source', 'spec', 'observed'] as const) {
    const own = { ...WEB, [name]: `${WEB[name]}\n# own` };
    expect(withLanguage(own, 'typescript')).toEqual({ ...own, language: 'typescript' });
  }
});

test('the page begins with an example, and later with the texts that it showed last', () => {
  expect(areStart(keptTexts())).toBe(true);
  const own = { ...WEB, source: 'own' };
  keepTexts(own);
  expect(keptTexts()).toBe(own);
  expect(areStart(own)).toBe(false);
  keepTexts(WEB);
});
