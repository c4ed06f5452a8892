import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { JsonValue } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { printYaml } from './print-yaml.ts';

test('a member without a value is left out', () => {
  expect(printYaml({ b: { d: undefined, c: 1 }, a: undefined })).toBe('b:\n  c: 1\n');
});

describe('printed YAML', () => {
  test('has sorted keys, an indentation of two spaces, lists below their keys, and quotes where needed', () => {
    const value = {
      spec: { list: [{ b: 1, a: 'x' }, [1, [2]], [], {}], on: true, none: null, big: 9007199254740993n },
      metadata: { name: '${schema.spec.name}', text: 'a\nb\n', 'a b: c': '-', yes: 'no', empty: '' },
    };
    expect(printYaml(value)).toMatchInlineSnapshot(`
      "metadata:
        'a b: c': '-'
        empty: ''
        name: \${schema.spec.name}
        text: |
          a
          b
        'yes': 'no'
      spec:
        big: 9007199254740993
        list:
          - a: x
            b: 1
          - - 1
            - - 2
          - []
          - {}
        none: null
        'on': true
      "
    `);
  });

  test.each([
    'yes',
    'No',
    'ON',
    'y',
    '010',
    '0o7',
    '1:30',
    '1e3',
    '.5',
    '.inf',
    '~',
    'null',
    '2001-01-01',
    '0x1F',
    '1_000',
    '<<',
    '- a',
    '-',
    '?',
    'a: b',
    'a:',
    'a #b',
    '#a',
    ' a',
    'a ',
    '{a}',
    '[a]',
    '*a',
    '&a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    "it's: so",
    '"a": b',
    '---',
    '... x',
    'a\tb:',
    '\ufeffa',
  ])('%j is quoted', (text) => {
    const printed = printYaml({ key: text });
    expect(printed).toMatch(/^key: ['"]/);
    expect(parse(printed)).toEqual({ key: text });
    expect(parse(printed, { version: '1.1' })).toEqual({ key: text });
  });

  test.each(['a', '-a', 'a:b', 'a#b', '${a["b"]}', "it's", '1.2.3', 'v1', '1Gi', '/a/b', 'http://x:80', 'a, b', '=='])(
    '%j is printed without quotes',
    (text) => {
      expect(printYaml({ key: text })).toBe(`key: ${text}\n`);
    },
  );

  test('equals the output of the YAML library where YAML allows several forms', () => {
    const value = {
      apiVersion: 'v1',
      data: { script: '#!/bin/sh\necho hi\n', quoted: 'it\'s: "so"', plain: 'a b' },
      list: [{ name: 'a', ports: [1, 2], nested: [[1], [{ x: 1 }]] }],
    };
    const options = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true } as const;
    expect(printYaml(value)).toBe(stringify(value, options));
  });
});

const spaces = fc.string({
  unit: fc.constantFrom(' ', '\n', '\t', 'a', ':', '#', '-', "'", '"', '\\', '\r', '|', '0'),
  maxLength: 12,
});
const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), spaces);
const json = fc.jsonValue({ stringUnit: 'binary' });
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    texts,
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 4 }),
  ),
}));

/** Converts integers beyond 2^53 to numbers, as the generator makes them. The reader returns them as exact BigInts. */
const small = (value: JsonValue): unknown =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? Number(each) : each)));

describe('printed YAML is read as the same value', () => {
  const same = (read: (text: string) => unknown) =>
    fc.property(fc.oneof(json, values), (value) => {
      const wanted = JSON.parse(JSON.stringify(value)) as unknown;
      expect(read(printYaml(value as JsonValue))).toEqual(wanted);
    });

  test('by YAML 1.2', () => {
    fc.assert(
      same((text) => parse(text, { uniqueKeys: true }) as unknown),
      { numRuns: 500 },
    );
  });

  test('by the reader of definitions, which reads as kubectl does', () => {
    fc.assert(
      same((text) => {
        const { documents, diagnostics } = parseDefinitions(text);
        expect(diagnostics).toEqual([]);
        return small(documents[0]?.value ?? null);
      }),
      { numRuns: 500 },
    );
  });
});
