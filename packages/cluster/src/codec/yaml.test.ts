import { expect, test, vi } from 'vitest';
import { type JsonValue, yamlLibrary } from '@typekro/kit/core';
import { parseYaml, toYamlLine, toYamlText, YamlSyntaxError, YamlValueError } from './yaml.ts';

test('every repeated key is reported with its line', () => {
  const { value, duplicates } = parseYaml(`{"a":1${',\n"a":1'.repeat(40_000)}}`);
  expect(value).toEqual({ a: 1 });
  expect(duplicates).toHaveLength(40_000);
  expect(duplicates.at(-1)).toBe('line 40001: key "a" already set in map');
});

test.each([
  ['a: 1\r\nb: |\r\n  text\r\n\r\n# comment\r\na: 2\r\n', 6],
  ['b: "one\n\n  two"\nc: plain\n  text\na:\n  1\na:\n  2\n', 9],
  ['\n\n---\na: 1\na: 2\n', 5],
  ['a: 1\na: {\n b: 2 }', 2],
])('the repeated key of %j is on line %i', (text, line) => {
  expect(parseYaml(text).duplicates).toEqual([`line ${line}: key "a" already set in map`]);
});

test('documents after the second document are not parsed', () => {
  const next = vi.spyOn(yamlLibrary().Composer.prototype, 'next');
  expect(parseYaml(`a: b${'\n---'.repeat(1000)}`)).toEqual({ value: { a: 'b' }, duplicates: [] });
  expect(next.mock.calls.length).toBeGreaterThan(0);
  expect(next.mock.calls.length).toBeLessThan(10);
  next.mockRestore();
});

test('values can be nested at most 1000 levels deep, counted through aliases', () => {
  const lists = (count: number, content = '') => `${'['.repeat(count)}${content}${']'.repeat(count)}`;
  const text = (depth: number) => `a: &a ${lists(700)}\nb: ${lists(depth - 701, '*a')}`;
  expect(parseYaml(text(1000)).duplicates).toEqual([]);
  expect(() => parseYaml(text(1001))).toThrow(new YamlSyntaxError('exceeded max depth of 1000'));
});

test('nesting that overflows the stack is a syntax error', () => {
  expect(() => parseYaml(`a:\n${' -'.repeat(100_000)} b`)).toThrow(YamlSyntaxError);
  const mappings = Array.from({ length: 1100 }, (_, index) => `${' '.repeat(index)}a:`).join('\n');
  expect(() => parseYaml(mappings)).toThrow(/(?:nested too deeply; send it as JSON|exceeded max depth of 1000)$/);
});

test.each([
  ['.', '.'],
  ['+.', '+.'],
  ['1e400', '1e400'],
  ['-1.5e999', '-1.5e999'],
])('%s is a string, because no float has this value', (text, value) => {
  expect(parseYaml(`a: ${text}\nb: [${text}]\n`).value).toEqual({ a: value, b: [value] });
  expect(parseYaml(`${text}: 1`).value).toEqual({ [value]: 1 });
});

// The values are those of sigs.k8s.io/yaml.
test.each<[string, JsonValue]>([
  ['2001-12-14', '2001-12-14'],
  ['2026-01-01T00:00:00+02:00', '2026-01-01T00:00:00+02:00'],
  ['2001-12-14 21:59:43.10 -5', '2001-12-14 21:59:43.10 -5'],
  ['!!timestamp 2001-12-14', '2001-12-14'],
  ['12:30', '12:30'],
  ['-1:30', '-1:30'],
  ['190:20:30.15', '190:20:30.15'],
  ['0o17', 15],
  ['-0o1_7', -15],
  ['0O17', 15],
  ['0X1f', 31],
  ['0B11', 3],
  ['017', 15],
  ['08', 8],
  ['0o18', '0o18'],
  ['0o', '0o'],
  ['"0o17"', '0o17'],
  ['!!str 0o17', '0o17'],
  ['0o7777777777777777777777777', '0o7777777777777777777777777'],
])('%s has the same value as in Go', (text, value) => {
  expect(parseYaml(`a: ${text}\nb:\n- ${text}\n`).value).toEqual({ a: value, b: [value] });
  expect(parseYaml(`${text}: 1`).value).toEqual({ [String(value)]: 1 });
});

test.each([
  ['.inf', '+Inf'],
  ['-.Inf', '-Inf'],
  ['.NaN', 'NaN'],
])('%s is refused, because JSON has no such value', (text, named) => {
  expect(() => parseYaml(`a: [${text}]`)).toThrow(new YamlValueError(`json: unsupported value: ${named}`));
});

test('only errors of the parser begin with the name of the parser', () => {
  expect(new YamlSyntaxError('line 1: x').goText).toBe('yaml: line 1: x');
  expect(new YamlValueError('json: unsupported value: NaN').goText).toBe('json: unsupported value: NaN');
});

test.each(['<<: 1', '<<:', 'a: {<<: [{}, 2]}'])('%j is refused: it merges a value that is not a map', (text) => {
  const message = 'map merge requires map or sequence of maps as the value';
  expect(() => parseYaml(text)).toThrow(new YamlSyntaxError(message));
});

test.each([
  ['? [1, "a"]\n: b', '[]interface {}{1, "a"}'],
  ['{}: b', 'map[interface {}]interface {}{}'],
  ['? {a: [~]}\n: b', 'map[interface {}]interface {}{"a":[]interface {}{interface {}(nil)}}'],
  ['a: &a [1]\nb: {? *a : c}', '[]interface {}{1}'],
  ['a: &a {x: z}\n? *a\n: c', 'map[interface {}]interface {}{"x":"z"}'],
  ['a: &a [1]\n? [*a, &b 2, *b]\n: c', '[]interface {}{[]interface {}{1}, 2, 2}'],
  ['&a [1]: c', '[]interface {}{1}'],
])('%j is refused, because it has a key that is not a scalar', (text, key) => {
  expect(() => parseYaml(text)).toThrow(new YamlSyntaxError(`invalid map key: ${key}`));
});

test.each<[string, JsonValue, string[]]>([
  ['a: &a x\n*a : 1\nx: 2', { a: 'x', x: 2 }, ['line 3: key "x" already set in map']],
  ['a: &a 1\n? *a\n: b\n1: c', { a: 1, 1: 'c' }, ['line 4: key 1 already set in map']],
  ['a: &a x\n? *a\n: 1', { a: 'x', x: 1 }, []],
  ['a: &a\n? *a\n: 1', { a: null, '': 1 }, []],
  // An alias refers to the latest anchor with its name.
  ['a: &a [1]\nb: &a x\n*a : 2', { a: [1], b: 'x', x: 2 }, []],
])('aliases used as keys in %j are resolved', (text, value, duplicates) => {
  expect(parseYaml(text)).toEqual({ value, duplicates });
});

test.each(['a: &a [*a]', 'a: &a {b: [*a]}', 'a: &a {*a : b}'])('%j is refused: an anchor contains itself', (text) => {
  expect(() => parseYaml(text)).toThrow(new YamlSyntaxError("anchor 'a' value contains itself"));
});

test.each(['a: *none', '*none : a', '? [*none]\n: a', 'a: *later\nb: &later c'])(
  '%j is refused: unknown anchor',
  (text) => {
    const [, name = ''] = /\*(\w+)/.exec(text) ?? [];
    expect(() => parseYaml(text)).toThrow(new YamlSyntaxError(`unknown anchor '${name}' referenced`));
  },
);

test('a key that becomes very long by its aliases is refused', () => {
  const levels = [
    'a: &a0 [x]',
    ...Array.from({ length: 20 }, (_, at) => `a${at}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`),
  ];
  expect(() => parseYaml(`${levels.join('\n')}\n? *a20\n: b`)).toThrow(
    new YamlSyntaxError('document contains excessive aliasing'),
  );
});

test('parsing causes no warning of the process', () => {
  const warnings = vi.spyOn(process, 'emitWarning');
  expect(parseYaml('a: !own 1').value).toEqual({ a: '1' });
  expect(warnings).not.toHaveBeenCalled();
  warnings.mockRestore();
});

test.each<[string, JsonValue]>([
  ['words, numbers and constants', { b: 'yes', a: [1, -0.5, 1e-7, 1e21, 9007199254740993n, true, null], c: '12:30' }],
  ['empty parts', { a: {}, b: [], c: '' }],
  ['characters that YAML lacks', { 'a\u0085\u2028\u007f': '\ufeff"\\\n\t\u0000' }],
  ['a long key', { ['k'.repeat(2000)]: { a: 1 } }],
  ['nested lists', [[[{ a: [[]] }]]]],
])('%s are printed on one line like on many', (_, value) => {
  const line = toYamlLine(value);
  expect(line).not.toContain('\n');
  expect(parseYaml(line)).toEqual(parseYaml(toYamlText(value)));
});

test('a long value is printed on one line with sorted members, without the library', () => {
  const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${5000 - index}`, 'v']));
  const create = vi.spyOn(yamlLibrary(), 'Document');
  const text = toYamlText({ metadata: { labels, name: 'a' }, kind: 'A' });
  expect(create).not.toHaveBeenCalled();
  expect(text).toMatch(/^\{"kind": "A", "metadata": \{"labels": \{"k1": "v", "k10": "v", .*"name": "a"\}\}\n$/);
  create.mockRestore();
});
