import { parse, parseAllDocuments, parseDocument } from 'yaml';
import { expect, test } from 'vitest';
import { yamlOf, yamlText } from './yaml-text.ts';

/** Strings that, without quotes, are not strings in YAML 1.1 (which kubectl reads) or in YAML 1.2. */
const AWKWARD =
  'y Y yes Yes YES on On n N no No off OFF true null ~ 1_000 0b11 0x_1 1_ 0b1_0 685.230_15e+03 012 0o7 1:20 1e3 .inf 2001-01-01'.split(
    ' ',
  );

test.each([...AWKWARD, ''])('%j stays a string, as a value and as a key', (text) => {
  for (const flow of [false, true]) {
    const read: unknown = parse(yamlOf({ [text]: text, list: [text] }, { flow }), { version: '1.1' });
    expect(read).toEqual({ [text]: text, list: [text] });
  }
});

// Line breaks of YAML 1.1, characters that kubectl refuses unless they are escaped, and characters that change the text
// direction.
const BREAKS = [
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\u007f',
  '\u009f',
  '\u0001',
  '\ufffe',
  '\u200e',
  '\u202e',
  '\u2066',
];

test.each(BREAKS.flatMap((each) => [`${each}a`, `a${each}b`, `a${each}`, each, `a\n${each}b\n`, `'"${each}`]))(
  '%j is escaped in double quotes, as a value and as a key',
  (text) => {
    for (const flow of [false, true]) {
      const printed = yamlOf({ [text]: text, list: [text, 'plain'], deep: { [text]: { a: text } } }, { flow });
      expect(BREAKS.filter((each) => printed.includes(each))).toEqual([]);
      expect(parseDocument(printed).toJS()).toEqual({
        [text]: text,
        list: [text, 'plain'],
        deep: { [text]: { a: text } },
      });
      expect(printed).toContain('plain');
    }
  },
);

test.each(['a', 'a\n', 'a\n\n', 'a \n', 'a\nb \n\n\n', '\n', ' ', ''])(
  '%j stays a string at the end of a stream, and between two objects',
  async (text) => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: text } };
    const printed = `${await yamlText([object, object])}\n`;
    expect(parseAllDocuments(printed).map((each) => each.toJS() as unknown)).toEqual([object, object]);
    expect(await yamlText([])).toBe('');
  },
);

test('numbers, booleans and null keep their types', () => {
  expect(yamlOf({ a: 1, b: true, c: null, d: 'plain' })).toBe('a: 1\nb: true\nc: null\nd: plain\n');
});
