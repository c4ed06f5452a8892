import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi } from '@typekro/sdk/compose';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const PORTS = [443, 80, 8080];
const programs: readonly (readonly [title: string, program: () => unknown])[] = [
  ['numbers, downwards', () => [3, 1, 2].sort((a, b) => b - a)],
  ['a copy of a list that the module declares', () => [...PORTS].sort((a, b) => a - b)],
  ['a list that the module declares, with toSorted', () => PORTS.toSorted((a, b) => a - b)],
  ['strings by <', () => ['b', 'a', 'c'].sort((a, b) => (a < b ? -1 : 1))],
  ['strings by length; strings of equal length keep their order', () => ['ccc', 'bb', 'aa', 'd'].sort((a, b) => a.length - b.length)],
  ['objects by a field', () => [{ n: 2, t: 'x' }, { n: 1, t: 'y' }].sort((a, b) => a.n - b.n)],
  ['entries by key', () => Object.entries({ b: 2, a: 1 }).sort(([x], [y]) => (x < y ? -1 : 1)).map(([key]) => key)],
  ['a comparator that the module declares', () => [2, 10, 1].sort(upwards)],
  ['a block with conditions', () => [5, 4, 7].sort((a, b) => { if (a === 4) return -1; return b === 4 ? 1 : a - b; })],
];

function upwards(a: number, b: number): number {
  return a - b;
}

test.each(programs)('a known list is sorted while the composition is traced: %s', (_title, program) => {
  const composition = kubernetesComposition({ name: 'ordered', spec: type({ name: 'string' }) }, (() => ({
    r: program(),
  })) as never);
  expect(composition.evaluate({ name: 'x' }).status).toMatchObject({ r: program() });
});
