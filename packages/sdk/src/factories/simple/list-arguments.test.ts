import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi } from '../../compose/index.ts';
import { ARGUMENT_SHAPES } from './argument-shapes.ts';
import * as simple from './index.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('these tests deploy nothing')),
});

const spec = type({
  on: 'boolean',
  list: 'string[]',
  counts: 'number.integer[]',
  map: 'Record<string, string>',
  items: type({ name: 'string' }).array(),
  'one?': 'string',
  'more?': 'string[]',
});
type Spec = typeof spec.infer;
type ListOf = (spec: Spec) => unknown;

/** A factory for each argument that takes a list of strings, and the path at which it writes the list. */
const ARGUMENTS: readonly (readonly [name: string, make: (list: string[]) => unknown, path: string])[] = [
  ['command', (command) => simple.Job({ name: 'x', image: 'a', command }), 'spec.template.spec.containers.0.command'],
  ['args', (args) => simple.Deployment({ name: 'x', image: 'a', args }), 'spec.template.spec.containers.0.args'],
  [
    'ipFamilies',
    (ipFamilies) => simple.Service({ name: 'x', selector: {}, ports: [80], ipFamilies }),
    'spec.ipFamilies',
  ],
  [
    'policyTypes',
    (types) => simple.NetworkPolicy({ name: 'x', podSelector: {}, policyTypes: types as 'Ingress'[] }),
    'spec.policyTypes',
  ],
  ['accessModes', (accessModes) => simple.Pvc({ name: 'x', size: '1Gi', accessModes }), 'spec.accessModes'],
  [
    'accessModes',
    (accessModes) => simple.PersistentVolume({ name: 'x', size: '1Gi', accessModes }),
    'spec.accessModes',
  ],
];

test('the table has every argument that takes a list of strings', () => {
  const names = Object.entries(ARGUMENT_SHAPES).flatMap(([name, { items }]) => (items?.includes('text') ? [name] : []));
  expect([...new Set(ARGUMENTS.map(([name]) => name))].sort()).toEqual(names.sort());
});

const LISTS: readonly (readonly [form: string, list: ListOf])[] = [
  ['a list of the spec', (s) => s.list],
  ['map of a template', (s) => s.list.map((x) => `--${x}`)],
  ['map of objects', (s) => s.items.map(({ name }) => name)],
  ['flatMap', (s) => s.list.flatMap((x) => ['-v', x])],
  ['a spread list', (s) => ['a', ...s.list]],
  ['a spread under a condition', (s) => ['a', ...(s.on ? ['b'] : [])]],
  ['a spread of a list that may be absent', (s) => ['a', ...(s.more ?? [])]],
  ['a choice of two lists', (s) => (s.on ? ['a', ...s.list] : ['b'])],
  ['concat of a list of the spec', (s) => ['a'].concat(s.list)],
  ['filter of parts that may be false', (s) => [s.on && 'a', s.one, ...s.list].filter(Boolean)],
  ['filter of parts that may be absent', (s) => ['a', s.one].filter((x) => x !== undefined)],
  ['the entries of a map', (s) => Object.entries(s.map).map(([k, v]) => `--${k}=${v}`)],
  ['the keys of a map', (s) => Object.keys(s.map)],
  ['the values of a map', (s) => Object.values(s.map)],
  ['a Set', (s) => [...new Set(['a', ...s.list])]],
  ['Array.from', (s) => Array.from(s.list, (x) => `-${x}`)],
  ['reduce', (s) => s.list.reduce<string[]>((all, x) => [...all, '-v', x], [])],
  ['slice and toReversed', (s) => s.list.slice(1).toReversed()],
  [
    'push under a condition',
    (s) => {
      const list = ['a'];
      if (s.on) list.push('b');
      return list;
    },
  ],
  [
    'push in a loop',
    (s) => {
      const list = ['a'];
      for (const x of s.list) list.push(x);
      return list;
    },
  ],
  [
    'unshift of a spread',
    (s) => {
      const list = ['a'];
      list.unshift(...s.list);
      return list;
    },
  ],
];

const full: Spec = { on: true, list: ['x', 'y'], counts: [1], map: { a: '2', b: '1' }, items: [{ name: 'n' }] };
const INPUTS: readonly Spec[] = [
  full,
  { ...full, one: 'o', more: ['m'] },
  { on: false, list: [], counts: [], map: {}, items: [] },
];

test.each(ARGUMENTS.flatMap((argument) => LISTS.map((list) => [argument[0], ...list, argument] as const)))(
  'the argument %s takes %s',
  (_name, _form, listOf, [, make, path]) => {
    const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
      make(listOf(input) as string[]);
      return {};
    });
    expect(composition.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    for (const input of INPUTS) {
      const [object] = composition.evaluate(input).resources[0]?.objects ?? [];
      const written = path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], object);
      expect(written).toEqual(listOf(input));
    }
  },
);

test.each<[form: string, list: ListOf, message: string]>([
  ['an object', () => ['a', {}], 'args[1] of Deployment takes a string, not an object'],
  ['a list', () => [['a']], 'args[0] of Deployment takes a string, not a list'],
  [
    'a number under a condition',
    (s) => [...(s.on ? [1] : []), 'a'],
    'args[0] of Deployment takes a string, not the number 1',
  ],
  ['an object in one choice', (s) => (s.on ? [{}] : ['a']), 'args[0] of Deployment takes a string, not an object'],
  ['pairs', (s) => Object.entries(s.map), 'args[0] takes a string, but this value[0] is a list of string'],
  ['spread numbers', (s) => ['a', ...s.counts], 'args[0] takes a string, but s.counts[0] is a number'],
  ['spread objects', (s) => ['a', ...s.items], 'args[0] takes a string, but s.items[0] is an object'],
  ['an object per item', (s) => s.items.map(({ name }) => ({ name })), 'args[0] takes a string, but '],
])('%s in a list of strings is refused', (_form, listOf, message) => {
  const compose = () =>
    kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
      simple.Deployment({ name: 'x', image: 'a', args: listOf(input) as string[] });
      return {};
    });
  expect(compose).toThrow(message);
  expect(compose).toThrow(/list-arguments\.test\.ts:\d+:\d+/);
});
