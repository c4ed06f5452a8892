import { expect, test } from 'vitest';
import { parse, parseAllDocuments, parseDocument } from 'yaml';
import { padded, widthOf, wrapped, wrappedLines } from './text-layout.ts';
import { withShortValues } from './short-values.ts';
import { yamlOf, yamlText } from './yaml-text.ts';

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

const long = 'x'.repeat(90);
const begin = 'Job.batch "a" is invalid: spec.template: Invalid value: ';
const end = ': field is immutable';

test.each([
  ['JSON', `{"a":"${long}"}`, '{… 98 characters}'],
  ['a bracket and a quote in a string', `{"a":"}\\"]${long}"}`, '{… 102 characters}'],
  ['a Go struct', `core.PodTemplateSpec{A:"${long}", B:[]core.C(nil)}`, 'core.PodTemplateSpec{… 113 characters}'],
  [
    'a pointer to a Go struct',
    `&v1.LabelSelector{A:map[string]string{"b":"${long}"}}`,
    '&v1.LabelSelector{… 119 characters}',
  ],
  ['a map', `map[string]string{"b":"${long}"}`, 'map[string]string{… 98 characters}'],
  ['a list', `["${long}"]`, '[… 94 characters]'],
  ['a slice', `[]string{"${long}"}`, '[]string{… 94 characters}'],
  ['a short value', '{"a":2}', '{"a":2}'],
  ['a text', `"${long}"`, `"${long}"`],
])('of the refused values in a message, only long structures are shortened: %s', (_what, value, shown) => {
  expect(withShortValues(begin + value + end)).toBe(begin + shown + end);
});

test('each long value after "Invalid value:" is shortened, also in a truncated message', () => {
  const value = `Invalid value: {"a":"${long}"}`;
  expect(withShortValues(`b: ${value}: no, c: ${value}: no`)).toBe(
    'b: Invalid value: {… 98 characters}: no, c: Invalid value: {… 98 characters}: no',
  );
  expect(withShortValues(`b: Invalid value: {"a":"${long}`)).toBe('b: Invalid value: {… 96 characters}');
  expect(withShortValues(`{"a":"${long}"}`)).toBe(`{"a":"${long}"}`);
  const many = 'Invalid value: {'.repeat(5000);
  expect(withShortValues(many).length).toBeLessThan(100);
});

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
