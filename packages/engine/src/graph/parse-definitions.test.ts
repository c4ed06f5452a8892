import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '@typekro/kit/core';
import { parseDefinitions } from './parse-definitions.ts';

const valuesOf = (text: string): unknown[] => parseDefinitions(text).documents.map((document) => document.value);

describe('values', () => {
  test.each<[string, unknown, string]>([
    ['a: 0777', { a: 511 }, 'octal as kubectl reads it'],
    ['a: yes\nb: off', { a: true, b: false }, 'YAML 1.1 booleans'],
    ['a: "yes"', { a: 'yes' }, 'quoted words stay strings'],
    ['a: 1_000', { a: 1000 }, 'underscores in numbers'],
    ['a: 9007199254740993', { a: 9007199254740993n }, 'integers without loss'],
    ['a: 2020-01-01', { a: '2020-01-01' }, 'dates are strings'],
    ['a: 1e3\nb: .5', { a: 1000, b: 0.5 }, 'floats'],
    ['a: 12e4567\nb: -1e400', { a: '12e4567', b: '-1e400' }, 'numbers beyond a float are strings'],
    [`a: ${'9'.repeat(400)}`, { a: '9'.repeat(400) }, 'long integers beyond a float are strings'],
    ['a: -0x1FFFFFFFFFFFFFFFFF', { a: '-0x1FFFFFFFFFFFFFFFFF' }, 'hexadecimal integers beyond 64 bits are strings'],
    ['a: !!str 1', { a: '1' }, 'the string tag'],
    ['{"a":\t1}', { a: 1 }, 'JSON with tabs'],
    ['{"a": "// \\" /* x */" # YAML\n}', { a: '// " /* x */' }, 'JSON with slashes in a string'],
    ["{\"a\": 'see // there', \"b\": 'it''s /* x'}", { a: 'see // there', b: "it's /* x" }, 'slashes in single quotes'],
    ['{a: //x}', { a: '//x' }, 'slashes in a flow map'],
    ['{"a": 1}\n---\nb: |\n  // x\n', { a: 1 }, 'slashes in a later document'],
    ['\uFEFFa: 1\r\nb: 2\r\n', { a: 1, b: 2 }, 'a byte order mark and CRLF'],
    [
      'p: &x {a: 1}\nq: *x\nr: {<<: *x, b: 2}',
      { p: { a: 1 }, q: { a: 1 }, r: { a: 1, b: 2 } },
      'anchors and merge keys',
    ],
    ['1: a\ntrue: b', { 1: 'a', true: 'b' }, 'keys become strings'],
  ])('of the text %j are as expected', (text, value) => expect(valuesOf(text)[0]).toEqual(value));

  test('empty documents are left out', () => {
    expect(valuesOf('---\n---\na: 1\n---\n# nothing\n...\n')).toEqual([{ a: 1 }]);
  });

  test('__proto__ is a key like any other', () => {
    const [value] = valuesOf('__proto__: {polluted: 1}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('problems', () => {
  test('a key that occurs twice is a warning, and the last value is read, as by kubectl', () => {
    const { diagnostics, documents } = parseDefinitions('a: 1\nb: {c: 1, c: 2}\na: 3\n', 'f.yaml');
    expect(documents.map(({ value }) => value)).toEqual([{ a: 3, b: { c: 2 } }]);
    expect(diagnostics).toMatchObject([
      { code: 'yaml/duplicate-key', severity: 'warning', source: { line: 2 } },
      { code: 'yaml/duplicate-key', severity: 'warning', source: { line: 3 } },
    ]);
  });

  test.each([
    ['a second object without a line ---', 'kind: A\nname: a\nkind: B\nname: b\n', ['yaml/duplicate-key']],
    ['a Helm template of several documents', '{{- if a }}\na: 1\n---\n{{ b }}\n---\nc: {{ c }}\n', ['yaml/syntax']],
    ['several documents that are not YAML', 'a: [\n---\nb: [\n', ['yaml/syntax', 'yaml/syntax']],
    [
      'documents with several problems',
      'a: ]\nb: ]\n---\nc: 1\n---\n? [\n]\nd: "\\x"\n',
      ['yaml/syntax', 'yaml/syntax'],
    ],
    ['a mistake of each kind in one document', 'a: [x\nb: ]\n"c": &\n', ['yaml/syntax']],
  ])('%s has the errors %#', (_, text, codes) => {
    const { diagnostics } = parseDefinitions(text, 'f.yaml');
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual(codes.map((code) => [code, 'error']));
  });

  test.each(
    [
      ['a: 1\n b: 2\n', 'yaml/syntax', 2],
      ['a:\n\tb: 1\n', 'yaml/syntax', 2],
      ['a: *nowhere', 'yaml/unknown-alias', 1],
      ['a: &a [*a]', 'yaml/unknown-alias', 1],
      ['a: .inf', 'yaml/unsupported-value', 1],
      ['a: !binary x', 'yaml/unsupported-value', 1],
      ['? {a: 1}\n: b', 'yaml/unsupported-value', 1],
      ['a: b\nc: ["x\\ud800"]', 'yaml/unsupported-value', 2],
      ['{"a": 1,\n"\\udc00": 2}', 'yaml/unsupported-value', 2],
      ['a: {b: ${c}}', 'yaml/syntax', 1],
      ['{\n // x\n "a": 1}', 'yaml/syntax', 2],
      ['{ /* x\n */ "a": 1}', 'yaml/syntax', 1],
      ['{\n "a": "//",\n "b": [{} // x\n]}', 'yaml/syntax', 3],
      ['[ '.repeat(5000), 'yaml/too-deep', 1],
      ['- '.repeat(5000), 'yaml/too-deep', 1],
      ['a: 1\n'.repeat(800_000), 'yaml/too-large', 1],
    ].map((row) => ({ text: row[0] as string, code: row[1], line: row[2], shown: (row[0] as string).slice(0, 20) })),
  )('$shown is $code on line $line', ({ text, code, line }) => {
    const { diagnostics, documents } = parseDefinitions(text, 'f.yaml');
    expect(documents).toEqual([]);
    expect(diagnostics[0]).toMatchObject({ code, severity: 'error', source: { file: 'f.yaml', line } });
  });

  test('an alias bomb is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x]'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );
    // The other bombs, and errors that follow from the values that were refused, are not reported separately.
    const text = [...levels, 'other: [*l11, *l11, *l10]', '<<: *l11'].join('\n');
    expect(parseDefinitions(text).diagnostics.map(({ code }) => code)).toEqual(['yaml/alias-bomb']);
  });

  test.each(['[', '{a: ', '- ', '? '])('700,000 levels of %j are refused without reading to the end', (open) => {
    const before = process.cpuUsage();
    const { diagnostics } = parseDefinitions(open.repeat(700_000));
    const { user, system } = process.cpuUsage(before);
    expect(diagnostics.map(({ code }) => code)).toEqual(['yaml/too-deep']);
    // Reading to the end would take several seconds and hundreds of megabytes.
    expect((user + system) / 1000).toBeLessThan(1_000);
  });

  test.each(['[', '{a: ', '- '])('200 levels of %j are read', (open) => {
    const closing = { '[': ']', '{a: ': '}' }[open] ?? '';
    expect(parseDefinitions(`${open.repeat(199)}x${closing.repeat(199)}`).diagnostics).toEqual([]);
  });

  test('a file with a template action in quotes, as in an alert, is not taken for a Helm template', () => {
    const text = 'summary: "{{ $labels.instance }} is down"\nb:\n\tc: 1\n';
    expect(parseDefinitions(text).diagnostics).toMatchObject([{ message: 'a tab cannot indent', source: { line: 3 } }]);
  });

  test.each(['.Values.x', '(.Values.x)', 'eq .a "b"', '- if and .a .b', '/* note */'])(
    'a broken file with the action {{%s}} is taken for a Helm template',
    (action) => {
      const { diagnostics } = parseDefinitions(`a: {{${action} }}\nb:\n\tc: 1\n`);
      expect(diagnostics[0]?.message).toMatch(/Helm template/);
    },
  );

  test.each([
    ['\u00a0', 'the indentation has non-breaking spaces (U+00A0), which YAML takes for text'],
    ['\u3000', 'the indentation has wide spaces (U+3000), which YAML takes for text'],
  ])('the message about an indentation with the space %j names the character', (space, message) => {
    expect(parseDefinitions(`a:\n  b: 1\n${space.repeat(2)}c\n`).diagnostics).toMatchObject([{ message }]);
  });

  test('a broken document does not hide the next one', () => {
    const { diagnostics, documents } = parseDefinitions('a: [\n---\nb: 1\n');
    expect(diagnostics).toHaveLength(1);
    expect(documents.map((document) => document.value)).toEqual([{ b: 1 }]);
  });

  test.each([
    ['--- {{ a }}: [\n', 2000, '', 2000, 2000],
    ['---\na: "\n', 2000, '', 2000, 4000],
    ['a: [\n', 1, '  1,\n'.repeat(20_000), 1, 1],
  ])('mistakes of %j are searched for in their own document, each line once', (piece, count, more, found, last) => {
    const { diagnostics } = parseDefinitions(piece.repeat(count) + more);
    expect([diagnostics.length, diagnostics.at(-1)?.source?.line]).toEqual([found, last]);
  });

  test('a wrong indentation yields one diagnostic with a caret under the member', () => {
    const name = 'seed-18-my-application.broken.rgd.yaml';
    const text = readFileSync(new URL(`../../../../test/fixtures/seeds/${name}`, import.meta.url), 'utf8');
    const { diagnostics } = parseDefinitions(text, name);
    expect(diagnostics.map((each) => formatDiagnostic(each, text))).toMatchInlineSnapshot(`
      [
        "seed-18-my-application.broken.rgd.yaml:81:25: error: this line is not indented like the other members of its object [yaml/syntax]
        81 |                         port:
           |                         ^
        hint: begin it at the same column as the members before it",
      ]
    `);
  });
});

describe('positions', () => {
  const text = `a: &x
  b: |
    foo \${bar}
    baz \${qux}
  "c d": "x\\n\\u0041\${q}"
  e: 'it''s \${r}'
  f: >-
    folded
    \${s}
d: *x
m: {<<: *x, own: 1}
l:
  - 1
  - plain
    \${t}
`;
  const [document] = parseDefinitions(text, 'f.yaml').documents;

  test.each<[(string | number)[], string, number, number]>([
    [['a', 'b'], 'bar', 3, 11],
    [['a', 'b'], 'qux', 4, 11],
    [['a', 'c d'], 'q}', 5, 22],
    [['a', 'e'], 'r}', 6, 15],
    [['a', 'f'], 's}', 9, 7],
    [['d', 'b'], 'qux', 4, 11],
    [['m', 'b'], 'bar', 3, 11],
    [['l', 1], 't}', 15, 7],
  ])('of the value at %j: %j is at line %i, column %i', (path, needle, line, column) => {
    const value = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document?.value) as string;
    expect(document?.positionInside(path, value.indexOf(needle))).toEqual({ file: 'f.yaml', line, column });
  });

  test('are known for keys, values and missing members', () => {
    expect(document?.keyPosition(['a', 'b'])).toMatchObject({ line: 2, column: 3 });
    expect(document?.position(['m', 'own'])).toMatchObject({ line: 11, column: 18 });
    expect(document?.position(['l', 7])).toMatchObject({ line: 13, column: 3 });
  });

  test.each<[string, (string | number)[], string | undefined, string | undefined]>([
    ['a member', ['m', 'own'], '1', 'own'],
    ['an element', ['l', 0], '1', undefined],
    ['an object', ['a'], undefined, 'a'],
    ['the root', [], undefined, undefined],
    ['a missing member', ['m', 'nope'], undefined, undefined],
    ['a path below a scalar', ['m', 'own', 'nope'], undefined, undefined],
    ['a missing element', ['l', 7], undefined, undefined],
  ])('the document returns the value and the key of %s as the file writes them', (_what, path, value, key) => {
    expect(document?.written?.(path)?.text).toBe(value);
    expect(document?.writtenKey?.(path)).toBe(key);
  });

  test('columns count code points', () => {
    const [wide] = parseDefinitions('a: "😀 ${x}"').documents;
    expect(wide?.positionInside(['a'], 5)).toEqual({ line: 1, column: 9 });
  });
});

test('parseDefinitions never throws, whatever the text', () => {
  const snippet = fc.constantFrom(
    'a: ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&x ',
    '*x',
    '<<: ',
    '|\n',
    '>\n',
    '"',
    "'",
    '\n',
    '  ',
    '\t',
    '---\n',
    '#',
    '!!str ',
    '? ',
    ': ',
    '${x}',
    '\u0000',
    '\r',
    '%YAML 1.1\n',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(snippet, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
      const { documents, diagnostics } = parseDefinitions(parts.join(''), 'f');
      for (const each of diagnostics) expect(each.source?.line).toBeGreaterThan(0);
      for (const each of documents) expect(each.positionInside([], 1).line).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
