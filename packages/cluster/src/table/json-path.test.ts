import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { columnsOf } from './columns.ts';
import { parseJsonPath, valuesAt } from './json-path.ts';

const OBJECT = {
  list: [
    { name: 'x', size: 1 },
    { name: 'y', size: 2 },
    { name: 'z', size: 3, more: [1] },
  ],
  texts: ['p', 'q'],
  map: { k: 'v', j: 'w' },
  none: [],
  flags: [
    { name: 'a', on: false, size: 1.5, all: [1, 2] },
    { name: 'b', on: true, size: 2, all: [1] },
  ],
  'a.b': true,
  proto: {},
};

// The expected values equal those of k8s.io/client-go/util/jsonpath. An error of that package counts as no values.
test.each<[string, JsonValue[]]>([
  ['.map.k', ['v']],
  ['.map.missing', []],
  ['.map.constructor', []],
  ['.a\\.b', [true]],
  ["['a\\.b']", [true]],
  ['.map.*', ['v', 'w']],
  ['.list[*].name', ['x', 'y', 'z']],
  ["['map']['k','j']", ['v', 'w']],
  ['.list[1].name', ['y']],
  ['.list[-1].name', ['z']],
  ['.list[7].name', []],
  ['.list[-4].name', []],
  ['.list[0,2].name', ['x', 'z']],
  ['.list[-1:].name', ['z']],
  ['.list[-2:-1].name', ['y']],
  ['.list[:2].name', ['x', 'y']],
  ['.list[::2].name', ['x', 'z']],
  ['.list[1:1].name', []],
  ['.list[2:0].name', []],
  ['.list[0:5].name', []],
  ['.none[-1:].name', []],
  ['.map[0]', []],
  ['..name', ['x', 'y', 'z', 'a', 'b']],
  ['.list[?(@.name=="y")].size', [2]],
  ["..list[?(@.name=='y')].size", [2]],
  ['.list[?(@.name!="y")].size', [1, 3]],
  ['.list[?(@.size>1)].name', ['y', 'z']],
  ['.list[?(@.size >= 3)].name', ['z']],
  ['.list[?(@.size<2)].name', ['x']],
  ['.list[?(@.size<=2)].name', ['x', 'y']],
  ['.list[?(@.more)].name', ['z']],
  ['.list[?(@.more[0]==1)].name', ['z']],
  ['.list[?(@.size=="1")].name', []],
  ['.texts[?(@=="p")]', ['p']],
  ['.texts[?(@==1)]', []],
  ['.flags[?(@.on==true)].name', ['b']],
  ['.flags[?(@.on!=true)].name', ['a']],
  ['.flags[?(@.on<true)].name', []],
  ['.flags[?(@.size!=2)].name', []],
  ['.flags[?(@.size==1.5)].name', []],
  ['.flags[?(@.all[*]==1)].name', []],
  ['.flags[?(@.all[*])].name', ['a', 'b']],
  ['.map[?(@=="v")]', []],
])('returns the same values as client-go at %s', (path, values) => {
  expect(valuesAt(OBJECT, parseJsonPath(path) ?? [])).toEqual(values);
});

test.each([
  '.',
  '.list[',
  '.list[a]',
  '.list[-]',
  '.list[]',
  '.list[?(name)]',
  'list',
  `.x[?(@${'.a'.repeat(50_000)}!`,
])('%#: a string that is not a path is refused', (path) => {
  expect(parseJsonPath(path)).toBeUndefined();
});

test('a path has at most 10,000 values', () => {
  let nested: JsonValue = 1;
  for (let depth = 0; depth < 40; depth++) nested = [nested];
  const values = (path: string) => valuesAt({ a: nested }, parseJsonPath(path) ?? []).length;
  expect(values(`.a${'[0,0]'.repeat(16)}`)).toBe(10_000);
  expect(values('..[*]'.repeat(4))).toBe(10_000);
});

/** A value inside `depth` objects with one member `d`. */
const nestedObject = (depth: number, inner: JsonValue): JsonValue =>
  Array.from({ length: depth }).reduce<JsonValue>((value) => ({ d: value }), inner);

const column = (jsonPath: string) => ({
  name: 'A',
  type: 'string',
  format: '',
  description: '',
  priority: 0,
  jsonPath,
});
const cellsOf = (object: JsonObject, ...paths: string[]) =>
  columnsOf({ apiVersion: 'example.com/v1', plural: 'gadgets', custom: { columns: paths.map(column) } }).cells(
    { apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name: 'g' }, ...object },
    0,
  );

test.each<[string, JsonObject, string]>([
  ['descents into a deep object', { spec: nestedObject(900, 1) }, `.spec${'..d'.repeat(4)}`],
  ['descents in a filter', { spec: [nestedObject(900, 1)] }, `.spec[?(@${'..d'.repeat(4)}==1)].d`],
  ['slices of a long list', { spec: Array.from({ length: 100_000 }, Number) }, `.spec[${'0:,'.repeat(1000)}0:]`],
  ['texts of values that contain each other', { spec: nestedObject(900, 'x'.repeat(100_000)) }, '.spec..d'],
])('%s need a limited number of visits, and the cell has no value then', (_, object, path) => {
  let visits = 0;
  const counted = (value: JsonValue): JsonValue =>
    typeof value !== 'object' || value === null
      ? value
      : new Proxy(value, {
          get: (target, key) => ((visits += 1), counted(Reflect.get(target, key) as JsonValue)),
          ownKeys: (target) => ((visits += 1), Reflect.ownKeys(target)),
        });
  expect(cellsOf({ ...object, spec: counted(object['spec'] ?? null) }, path, path, path)).toEqual([
    'g',
    null,
    null,
    null,
  ]);
  expect(visits).toBeLessThan(2_000_000);
});

test('one descent shows its values, and a column after a costly one has none', () => {
  const spec = nestedObject(900, 1);
  const [, first, costly, last] = cellsOf(
    { spec: { d: { d: 1 } }, deep: spec },
    '.spec..d',
    `.deep${'..d'.repeat(4)}`,
    '.spec.d',
  );
  expect([first, costly, last]).toEqual(['[{"d":1},1]', null, null]);
});

test('a column with a malformed path has no values', () => {
  expect(cellsOf({}, '.list[')).toEqual(['g', null]);
});
