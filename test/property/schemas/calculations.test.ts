import { expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonValue } from '@typekro/kit/core';
import { createCompositionApi } from '@typekro/sdk/compose';
import { CALCULATIONS, calculated, VALUES_OF } from './calculations.ts';
import { composed, difference, stored } from './compare.ts';
import { objectOf } from './methods.ts';
import type { Library } from './methods.ts';

const LIBRARIES: readonly Library[] = ['zod', 'arktype', 'valibot'];

test.each(LIBRARIES.flatMap((library) => CALCULATIONS.map(({ shape, text }) => [library, shape, text] as const)))(
  'a check of %s of the shape %s has one verdict for whole numbers and fractions everywhere: %s',
  (library, shape, text) => {
    const spec = objectOf(library, { field: calculated(library, shape, text) });
    const result = composed(spec);
    if (result.codes !== undefined) throw new Error(result.message);
    const differences = VALUES_OF[shape].map((value) => difference(spec, result, { field: value }));
    expect(differences.filter((each) => each !== undefined)).toEqual([]);
  },
);

const defaulted = z.object({ r: z.int().default(2) });

test.each<[string, z.ZodType, JsonValue, JsonValue | undefined]>([
  ['a value of a map, which gets its default', z.record(z.string(), defaulted), { a: null }, { a: { r: 2 } }],
  ['an element of a list, which gets its default', z.array(defaulted), [null], [{ r: 2 }]],
  ['a member, which gets its default', defaulted.prefault({}), { r: null }, { r: 2 }],
  ['a value of a map without a default, which is dropped', z.record(z.string(), z.int()), { a: null, b: 1 }, { b: 1 }],
  ['an element of a list without a default, which is refused', z.array(z.int()), [null], undefined],
])('null as %s by the API server, is refused by the library and by toInstance', (_place, field, value, kept) => {
  const spec = z.object({ field });
  const result = composed(spec);
  if (result.codes !== undefined) throw new Error(result.message);
  expect(stored(result.crd, { field: value })).toEqual(kept === undefined ? undefined : { field: kept });
  expect(spec.safeParse({ field: value }).success).toBe(false);
  expect(() => result.instance({ field: value })).toThrow(/received null|\(null\)/);
});

test('a precondition of a composition that calculates has one verdict for whole numbers and fractions', () => {
  const spec = z.object({ n: z.number() });
  const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster')) });
  const composition = kubernetesComposition({ name: 'app', spec }, ({ n }) => {
    if (n / 2 + 1 > 4) throw new Error('too large');
    return { ready: true };
  });
  const verdicts = [3, 3.5, 6, 6.5, 7].map((n) => composition.evaluate({ n }).violations);
  expect(verdicts).toEqual([[], [], [], ['too large'], ['too large']]);
  expect(composition.toInstance({ n: 6 }).spec).toEqual({ n: 6 });
  expect(() => composition.toInstance({ n: 7 })).toThrow('too large');
});
