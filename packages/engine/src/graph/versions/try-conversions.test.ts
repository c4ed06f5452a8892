import { expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { TYPEKRO_FEATURES } from '../options.ts';
import { tryConversions } from './try-conversions.ts';

/** A definition whose version v1alpha1 has one more field, which its conversion back sets to a constant. */
const compiled = (value: string) => {
  const versions = [
    { name: 'v1alpha1', spec: { size: 'string' }, convertTo: { 'spec.size': value }, convertFrom: {}, lossy: [] },
  ];
  const schema = { apiVersion: 'v1', kind: 'Tried', group: 'example.com', spec: { size: 'string' }, versions };
  const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'tried' },
    spec: { schema, resources: [{ id: 'a', template }] },
  };
  return compile(definition, { sources: builtinSource(), features: TYPEKRO_FEATURES });
};

test('equal conversions are tried once, and other ones again', async () => {
  let pauses = 0;
  const pause = (): Promise<void> => {
    pauses += 1;
    return Promise.resolve();
  };
  const first = await tryConversions(compiled('${self.spec.size + "a"}'), { pause });
  const tried = pauses;
  expect(tried).toBeGreaterThan(0);
  expect(first.graph).toBeUndefined();
  expect(await tryConversions(compiled('${self.spec.size + "a"}'), { pause })).toEqual(first);
  expect(pauses).toBe(tried);
  expect((await tryConversions(compiled('${self.spec.size}'), { pause })).graph).toBeDefined();
  expect(pauses).toBeGreaterThan(tried);
});
