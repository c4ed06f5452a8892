import { expect, test } from 'vitest';
import { padded, widthOf, wrapped, wrappedLines } from './text-layout.ts';

test.each([
  ['', 0],
  ['shop', 4],
  ['\u001b[31mshop\u001b[0m', 4],
  ['日本', 4],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('padding counts columns, not characters', () => {
  expect(padded('日本', 6)).toBe('日本  ');
  expect(padded('\u001b[31mab\u001b[0m', 4)).toBe('\u001b[31mab\u001b[0m  ');
  expect(padded('longer', 3)).toBe('longer');
});

test.each<[string, string, number, string[]]>([
  ['it fits exactly', 'one two', 7, ['one two']],
  ['one column short', 'one two', 6, ['one', '    two']],
  ['the indentation stays', '  one two three', 9, ['  one two', '      three']],
  ['a long word gets its own line', 'a verylongword b', 6, ['a', '    verylongword', '    b']],
  ['gaps within a line are kept', 'a   b c d e', 9, ['a   b c d', '    e']],
  ['wide characters', '日本 日本', 8, ['日本', '    日本']],
  [
    'continuation lines begin below the last cell',
    '   do  one two three four',
    16,
    ['   do  one two', '       three', '       four'],
  ],
  [
    'a last cell that begins in the right half, after a narrow gap',
    'status  Deployment  one two',
    22,
    ['status  Deployment', '    one two'],
  ],
  [
    'a last cell that begins in the right half, after a wide gap',
    'status  Deployment     one two three',
    26,
    ['status  Deployment', '    one two three'],
  ],
  [
    'cells that do not fit, before the last cell',
    'one two three  four     five',
    10,
    ['one two', '    three', '    four', '    five'],
  ],
  [
    'the gap at which a line breaks is dropped',
    'one  two     three         four',
    14,
    ['one  two', '    three', '    four'],
  ],
  ['a branch continues', '├─ ✓ web  ready: one two', 20, ['├─ ✓ web  ready: one', '│         two']],
  ['the last branch ends', '└─ ✓ web  ready: one two', 20, ['└─ ✓ web  ready: one', '          two']],
  ['colours have no width', '\u001b[31m!\u001b[0m  one two', 8, ['\u001b[31m!\u001b[0m  one', '   two']],
  ['a command', '   look       kubectl describe pod x -n y', 20, ['   look       kubectl describe pod x -n y']],
  ['an excerpt', '  12 | a: {b: c} d e', 10, ['  12 | a: {b: c} d e']],
  ['a mark below an excerpt', '     |          ^', 10, ['     |          ^']],
])('wrapped keeps the layout: %s', (_what, line, columns, expected) => {
  expect(wrapped(line, columns)).toEqual(expected);
});

test('an entry of several lines stays as it is without a terminal, and each of its lines is wrapped on a terminal', () => {
  expect(wrappedLines(['one two\nthree four'], undefined)).toEqual(['one two\nthree four']);
  expect(wrappedLines(['one two\nthree four'], 6)).toEqual(['one', '    two', 'three', '    four']);
});
