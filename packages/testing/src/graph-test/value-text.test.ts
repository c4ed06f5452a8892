import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { shownValue } from './value-text.ts';

const VALUES: [value: JsonValue | undefined, text: string][] = [
  [undefined, 'nothing'],
  ['nothing', '"nothing"'],
  ['', '""'],
  [' ', '" "'],
  ['x', 'x'],
  ['x ', '"x "'],
  ['x\n', '"x\\n"'],
  ['two words', 'two words'],
  ['waits for a, b', 'waits for a, b'],
  ['a, b', 'a, b'],
  [['a', 'b'], '[a, b]'],
  [['a, b'], '["a, b"]'],
  ['[a, b]', '"[a, b]"'],
  [['a]', '2'], '["a]", "2"]'],
  [[], '[]'],
  [[''], '[""]'],
  ['[]', '"[]"'],
  [[1, 'a'], '[1,"a"]'],
  [2, '2'],
  ['2', '"2"'],
  ['2.50', '"2.50"'],
  ['-1e3', '"-1e3"'],
  ['10.0.0.1', '10.0.0.1'],
  ['2026-01-01', '2026-01-01'],
  [true, 'true'],
  ['true', '"true"'],
  [null, 'null'],
  ['null', '"null"'],
  [{ a: 'b' }, '{"a":"b"}'],
  ['{"a":"b"}', '"{\\"a\\":\\"b\\"}"'],
  ['"x"', '"\\"x\\""'],
];

test.each(VALUES)('%j is shown as %s', (value, text) => {
  expect(shownValue(value)).toBe(text);
});

test('different values are shown differently', () => {
  const texts = VALUES.map(([value]) => shownValue(value));
  expect(new Set(texts).size).toBe(texts.length);
});
