import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonValue } from '@typekro/kit/core';
import { toYaml } from './to-yaml.ts';

const values: readonly JsonValue[] = [
  { a: 1, b: [1, 2, { c: 'x', d: [] }], e: {}, f: null, g: true, h: 1.5 },
  { text: 'plain words', port: 'http:80', path: '/a/b', ratio: '50%', image: 'nginx:1.27' },
  [
    'y',
    'no',
    'Off',
    'null',
    '~',
    '1_000',
    '1e3',
    '0x10',
    '.5',
    '-',
    '',
    ' a',
    'a ',
    'a: b',
    'a #b',
    '2026-11-24',
    '1:20',
  ],
  [
    '&a',
    '*a',
    '!a',
    '%a',
    '@a',
    '`a',
    '{a',
    '[a',
    '"a',
    "'a",
    '#a',
    '|',
    '>',
    '? a',
    '- a',
    'a:',
    '...',
    '---',
    '=',
    '<<',
  ],
  {
    script: 'set -e\necho hi\n',
    open: 'a\nb',
    odd: ' a\nb',
    tail: 'a\nb\n\n',
    tab: 'a\t\nb',
    wide: 'ä\u2028b\u{1f600}',
    hidden: 'a\u202eb\u200b\n\u{e0041}c',
  },
  [[1, [2, 3]], [], [{}]],
  { '': 1, 'a b': 2, 'x: y': 3, '1': 4, yes: 5, '/healthz': 6, 'a\nb': 7 },
  'text',
  [],
];

test.each(values.map((value) => [JSON.stringify(value), value] as const))(
  'parsers of YAML 1.1 and YAML 1.2 read %s back unchanged',
  (_text, value) => {
    expect(parse(toYaml(value), { version: '1.2' })).toEqual(value);
    expect(parse(toYaml(value), { version: '1.1' })).toEqual(value);
  },
);

test('a manifest has list items in the column of their key, and no quotes around plain words', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: { containers: [{ name: 'app', image: 'nginx:1.27', args: ['--port', '80'] }] },
  };
  expect(toYaml(object)).toBe(`apiVersion: v1
kind: Pod
spec:
  containers:
  - name: app
    image: nginx:1.27
    args:
    - "--port"
    - "80"
`);
});

test('characters that a reader cannot see are escaped', () => {
  expect(toYaml({ a: 'x\u202e', b: 'x\u200b\ny' })).toBe('a: "x\\u202e"\nb: "x\\u200b\\ny"\n');
});
