import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { TYPEKRO_FEATURES } from '../options.ts';
import { tryConversions } from './try-conversions.ts';

/** A definition with the hub v1 and the version v1alpha1. */
const definitionOf = (spec: JsonObject, version: JsonObject) => {
  const versions = [{ name: 'v1alpha1', ...version }];
  const schema = { apiVersion: 'v1', kind: 'Tried', group: 'example.com', spec, versions };
  const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'tried' },
    spec: { schema, resources: [{ id: 'a', template }] },
  };
  return compile(definition, { sources: builtinSource(), features: TYPEKRO_FEATURES });
};

const compiled = (value: string) =>
  definitionOf({ size: 'string' }, { spec: { size: 'string' }, convertTo: { 'spec.size': value } });

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

test.each<[what: string, spec: JsonObject, version: JsonObject, problem: RegExp]>([
  [
    'a text that is a number in another notation',
    { n: 'float', s: 'string' },
    {
      spec: { s: 'string' },
      convertTo: { 'spec.n': '${self.spec.?s.orValue("").matches("^0x") ? double(self.spec.s) : 0.0}' },
      lossy: ['spec.n'],
    },
    /^an object of v1alpha1 with the spec \{"s":"0x10"\} is not converted exactly: .*to 'double'/,
  ],
  [
    'the largest integer',
    { n: 'integer | required=true' },
    {
      spec: { m: 'integer | required=true' },
      convertTo: { 'spec.n': '${self.spec.m - 1}' },
      convertFrom: { 'spec.m': '${self.spec.n + 1}' },
    },
    /^an object of v1 with the spec \{"n":9223372036854775807\} is not converted exactly: .*integer overflow/,
  ],
  [
    'an integer beyond 2⁵³',
    { n: 'integer | required=true', sq: 'integer' },
    {
      spec: { n: 'integer | required=true' },
      convertTo: { 'spec.sq': '${self.spec.n * self.spec.n}' },
      lossy: ['spec.sq'],
    },
    /integer overflow/,
  ],
  [
    'a number that JSON cannot represent',
    { samples: '[]float | required=true', mean: 'float | required=true' },
    {
      spec: { samples: '[]float | required=true' },
      convertTo: { 'spec.mean': '${double(self.spec.samples.size()) / double(self.spec.samples.size())}' },
      lossy: ['spec.mean'],
    },
    /^an object of v1alpha1 with the spec \{"samples":\[\]\} is not converted exactly: .*json: unsupported value: NaN/,
  ],
])('finds %s', async (_what, spec, version, problem) => {
  const { diagnostics } = await tryConversions(definitionOf(spec, version));
  expect(diagnostics.map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
});

test.each<[what: string, spec: JsonObject, version: JsonObject]>([
  [
    'an object in place of a text',
    { image: { repository: 'string', tag: 'string | default="latest"' } },
    {
      spec: { image: 'string' },
      convertTo: { 'spec.image.repository': '${self.spec.?image}' },
      convertFrom: { 'spec.image': '${self.spec.?image.?repository}' },
      lossy: ['spec.image.tag'],
    },
  ],
  [
    'an object in place of a map',
    { image: { repository: 'string' } },
    {
      spec: { image: 'map[string]string' },
      convertTo: { 'spec.image.repository': '${self.spec.?image[?"repository"]}' },
      convertFrom: {
        'spec.image': '${has(self.spec.image.repository) ? {"repository": self.spec.image.repository} : {}}',
      },
      lossy: ['spec.image'],
    },
  ],
])('rules for the members make %s of the same name', async (_what, spec, version) => {
  const { diagnostics } = await tryConversions(definitionOf(spec, version));
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('an object without fields has a hint of its own', async () => {
  const version = {
    spec: { size: 'string' },
    convertTo: { 'spec.storage.size': '${self.spec.?size}' },
    convertFrom: { 'spec.size': '${self.spec.?storage.?size}' },
  };
  const { diagnostics } = await tryConversions(definitionOf({ storage: { size: 'string' } }, version));
  expect(diagnostics.map(({ hint }) => hint)).toContainEqual(expect.stringContaining('lossy: [spec.storage]'));
  const named = await tryConversions(
    definitionOf({ storage: { size: 'string' } }, { ...version, lossy: ['spec.storage'] }),
  );
  expect(named.diagnostics).toEqual([]);
});

/** Texts of which few are valid by chance. */
const PATTERNED: JsonObject = {
  name: 'string | required=true pattern="^[a-z]([-a-z0-9]*[a-z0-9])?$" minLength=40 maxLength=63',
  window: 'string | pattern="^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"',
  image: 'string | pattern="^[a-z0-9./-]+(:[A-Za-z0-9._-]+)?$" minLength=3',
  cron: 'string | pattern="^[0-9*]+ [0-9*]+ [0-9*]+ [0-9*]+ [0-9*]+$"',
  even: 'integer | required=true minimum=2 validation="self % 2 == 0"',
  email: 'string | pattern="^[^@ ]+@[^@ ]+[.][a-z]{2,}$" maxLength=60',
};

test('objects with many patterns, lengths and rules are generated', async () => {
  const result = await tryConversions(
    definitionOf(PATTERNED, { spec: PATTERNED, convertTo: { 'spec.cron': '${self.spec.?cron}' } }),
  );
  expect(result.diagnostics).toEqual([]);
  expect(result.graph).toBeDefined();
});

test('a field for which no valid value is found is named', async () => {
  const spec = { ...PATTERNED, key: 'string | required=true validation="self == \\"k\\" + string(6 * 7 * 31)"' };
  const { diagnostics } = await tryConversions(definitionOf(spec, { spec }));
  expect(diagnostics.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^too few valid objects of Tried v1 could be generated .*: spec\.key: Invalid value: /),
    expect.stringMatching(/^too few valid objects of Tried v1alpha1 .*: spec\.key: Invalid value: /),
  ]);
});
