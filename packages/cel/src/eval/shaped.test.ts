import { describe, expect, test } from 'vitest';
import type { DataShape, Environment } from '../index.ts';
import { DYN, INT, kroEnvironment, listType, mapType, STRING, toJson } from '../index.ts';

const ANY: DataShape = { kind: 'any', nullable: true };
const PORT: DataShape = { kind: 'int-or-string', nullable: false };
const ENTRY: DataShape = {
  kind: 'object',
  nullable: false,
  property: (name) => (name === 'port' ? PORT : name === 'name' ? ANY : undefined),
};
const anyList = (nullable: boolean): DataShape => ({ kind: 'list', nullable, element: () => ANY });
const ports: DataShape = { kind: 'list', nullable: false, listType: 'map', mapKeys: ['port'], element: () => ENTRY };

const environment = kroEnvironment({
  variables: {
    l: { type: listType(DYN), shape: anyList(false) },
    n: { type: listType(DYN), shape: anyList(true) },
    p: { type: listType(DYN), shape: ports },
    q: { type: listType(DYN), shape: ports },
    m: { type: mapType(STRING, DYN), shape: { kind: 'map', nullable: true, element: () => ANY } },
    i: { type: INT, shape: { kind: 'int', nullable: false } },
  },
});

function compile(within: Environment, text: string) {
  const compiled = within.compile(text);
  if (!compiled.ok) throw new Error(compiled.text);
  return compiled;
}

function run(text: string, variables: Readonly<Record<string, unknown>>, budget = 2_000_000): unknown {
  const result = compile(environment, text).program.evaluate(variables, { budget });
  if (!result.ok) return result.error.message;
  const json = toJson(result.value);
  return json.ok ? json.value : json.error;
}

describe('a list with keys', () => {
  const mixed = [
    { port: 80, name: 'a' },
    { port: '80', name: 'b' },
  ];
  test.each<[string, Record<string, unknown>, unknown]>([
    ['p == q', { p: mixed, q: mixed.toReversed() }, true],
    ['p == q', { p: mixed, q: [mixed[0], mixed[0]] }, true],
    ['p == q', { p: mixed, q: [mixed[0], { port: '80', name: 'a' }] }, false],
    ['p + q', { p: mixed.slice(0, 1), q: mixed.slice(1) }, mixed],
    ['p + q', { p: mixed, q: [{ port: '80', name: 'c' }] }, [mixed[0], { port: '80', name: 'c' }]],
    [
      '(p + q).size()',
      { p: [{ port: 9007199254740993n }], q: [{ port: '9007199254740993' }, { port: 9007199254740993n }] },
      2,
    ],
    ['(p + q).size()', { p: [{ name: 'a' }], q: [{ port: 'undefined' }, { port: null }] }, 2],
  ])('%s of %o: keys of different types are different', (text, variables, expected) => {
    expect(run(text, variables)).toEqual(expected);
  });
});

describe('the budget', () => {
  const doubled = (name: string, times: number, inner: string): string =>
    `cel.bind(${name}, dyn([1]), ${`cel.bind(${name}, dyn([${name}, ${name}]), `.repeat(times)}${inner}${')'.repeat(times + 1)}`;

  test.each([
    doubled('a', 18, doubled('b', 18, '(l + [a]) == (l + [b])')),
    doubled('a', 18, doubled('b', 18, '(l + [a]) != (l + [b])')),
    doubled('a', 18, doubled('b', 18, 'a in (l + [b])')),
    `cel.bind(a, n, ${'cel.bind(a, a + a, '.repeat(18)}a.size()${')'.repeat(19)}`,
  ])('is exceeded by %s', (text) => {
    expect(run(text, { l: [], n: [1] }, 20_000)).toBe('evaluation budget exceeded');
  });

  test('is exceeded by the size of a large map in a loop', () => {
    const map = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${index}`, index]));
    expect(run('m.size() + size(m)', { m: map })).toBe(2_000);
    expect(run('lists.range(1000).all(i, m.size() > 0)', { m: map }, 20_000)).toBe('evaluation budget exceeded');
  });

  test('allows comparisons of large lists', () => {
    const list = Array.from({ length: 300 }, (_, index) => ({ index, labels: { a: 'b', c: ['d'] } }));
    expect(run('l.all(x, x in l) && l == n', { l: list, n: structuredClone(list) })).toBe(true);
  });
});

describe('the elements of a list are read', () => {
  const reading = (nullable: boolean) => {
    const counter = { reads: 0 };
    const element: DataShape = {
      get kind() {
        counter.reads++;
        return 'int' as const;
      },
      nullable: false,
    };
    const shape: DataShape = { kind: 'list', nullable, element: () => element };
    return { counter, within: kroEnvironment({ variables: { l: { type: listType(INT), shape } } }) };
  };
  const data = Array.from({ length: 1_000 }, (_, index) => (index === 999 ? 'bad' : index));

  test.each<[string, boolean, unknown]>([
    ['l.size() + size(l)', false, 2_000],
    ['l[7] + 1', true, 8],
    ['l[?7].orValue(0)', true, 7],
    ['l[?7].orValue(0)', false, 7],
    ['l[1000]', true, 'index out of bounds: 1000'],
    ['l[-1]', true, 'index out of bounds: -1'],
    ['l[999]', true, 'invalid data, expected int, got string'],
  ])('only where %s needs them (nullable: %s)', (text, nullable, expected) => {
    const { counter, within } = reading(nullable);
    const { program } = compile(within, text);
    counter.reads = 0;
    const result = program.evaluate({ l: data });
    expect(result.ok ? result.value : result.error.message).toBe(expected);
    expect(counter.reads).toBeLessThan(10);
  });

  test('and are charged to the budget when a function receives the whole list', () => {
    const { within } = reading(true);
    const evaluate = (text: string) =>
      compile(within, text).program.evaluate({ l: data.slice(0, 900) }, { budget: 20_000 });
    expect(evaluate('lists.range(100).all(i, l.first().hasValue())').ok).toBe(true);
    expect(evaluate('lists.range(1000).all(i, l.first().hasValue())')).toMatchObject({
      error: { message: 'evaluation budget exceeded' },
    });
  });
});

describe('ints', () => {
  test.each<[string, unknown, unknown]>([
    ['i == 5', 5n, true],
    ['i', 5n, 5],
    ['i + 1', 9007199254740993n, 9007199254740994n],
    ['i > 0', 2n ** 63n, 'invalid data, expected int, got non-integer float 9.223372036854776e+18'],
    ['i < 0', -(2n ** 63n), true],
  ])('%s with the value %s for i yields %s', (text, value, expected) => {
    expect(run(text, { i: value })).toEqual(expected);
  });
});

test('a list + a value that is not a list is an error', () => {
  expect(run('n + dyn(1)', { n: [1] })).toBe('no such overload');
});
