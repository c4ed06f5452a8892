import { expect, test } from 'vitest';
import { createCompositionApi } from '@typekro/sdk/compose';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

interface Item {
  readonly name: string;
  readonly size: number;
}
interface Spec {
  readonly size: number;
  readonly items: readonly Item[];
  readonly more?: readonly Item[];
}

const items = {
  type: 'array',
  items: {
    type: 'object',
    properties: { name: { type: 'string' }, size: { type: 'integer' } },
    required: ['name', 'size'],
  },
} as const;
const spec = {
  type: 'object',
  properties: { size: { type: 'integer' }, items, more: items },
  required: ['size', 'items'],
} as const;

/** Expressions over two fields with equal schemas. Each field nevertheless has its own CEL type. */
const PROGRAMS: Readonly<Record<string, (s: Spec) => { readonly v: unknown }>> = {
  'a sum of lists': (s) => ({ v: [...s.items, ...(s.more ?? [])] }),
  'a sum by concat and flat': (s) => ({ v: [s.items.concat(s.more ?? []), [s.items, s.more ?? []].flat()] }),
  'one of two lists': (s) => ({ v: s.size > 1 ? s.items : (s.more ?? []) }),
  'one of two elements': (s) => ({ v: s.items[0] ?? s.more?.[0] ?? { name: 'none', size: 0 } }),
  'the first match of two lists': (s) => ({
    v: s.items.find((x) => x.size > 1) ?? s.more?.find((x) => x.size > 2) ?? { name: 'none', size: 0 },
  }),
  'elements of a slice of a list': (s) => ({ v: s.items.slice(1)[0] ?? s.more?.[0] ?? { name: 'none', size: 0 } }),
};

const ONE = { name: 'one', size: 1 };
const TWO = { name: 'two', size: 2 };
const SPECS: readonly Spec[] = [
  { size: 1, items: [] },
  { size: 2, items: [ONE], more: [] },
  { size: 1, items: [ONE, TWO], more: [TWO, { name: 'three', size: 3 }] },
  { size: 2, items: [], more: [{ name: 'three', size: 3 }] },
];

test.each(Object.entries(PROGRAMS))('the status is as in JavaScript: %s', (_, program) => {
  const composition = kubernetesComposition({ name: 'sample', spec }, program as never);
  composition.toYaml();
  for (const given of SPECS) expect(composition.evaluate(given as never).status).toEqual(program(given));
});
