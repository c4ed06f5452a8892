import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type JsonObject, stringifyJson } from '@typekro/kit/core';
import { commandRunner } from '../../../test-support/run-command.ts';
import { convert } from '../../commands/convert-command.ts';
import { objectCode, printCode, renamedTo, stringCode, textCode } from '@typekro/app/convert';

test.each([
  ['a variable', 'zone', textCode('zone'), '{ zone }'],
  ['a text', 'zone', stringCode('zone'), "{ zone: 'zone' }"],
  ['a string under a name that needs quotes', 'a-b', stringCode('a-b'), "{ 'a-b': 'a-b' }"],
  ['a literal', 'true', textCode('true'), '{ true: true }'],
  ['the value null', 'null', textCode('null'), '{ null: null }'],
  ['the name __proto__', '__proto__', textCode('__proto__'), "{ ['__proto__']: __proto__ }"],
])('prints a member with %s', (_what, name, value, expected) => {
  expect(printCode(objectCode([[name, value]]), 0)).toBe(expected);
});

test.each([
  ['region.ready()', 'each.ready()'],
  ['cel.bind(x, region, x.ready())', 'cel.bind(x, each, x.ready())'],
  ['region.ready() && [1].all(region, region > 0)', 'each.ready() && [1].all(region, region > 0)'],
  ['region.all(region, region.ready())', 'each.all(region, region.ready())'],
  ['db.ready()', 'db.ready()'],
])('the free uses of the iterator in %s are renamed', (cel, expected) => {
  expect(renamedTo('each', cel, new Set(['region']))).toBe(expected);
});

describe('propagate when', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-propagate-'));

  test('propagateWhen and a name with dots are kept, and the names of forEach iterators become each', async () => {
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: {} });
    const definition: JsonObject = {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'apps.example.org' },
      spec: {
        schema: { apiVersion: 'v1alpha1', kind: 'App', spec: { regions: '[]string', go: 'boolean' } },
        resources: [
          { id: 'db', template: map('db') },
          {
            id: 'maps',
            forEach: [{ region: '${schema.spec.regions}' }],
            template: map('${region}'),
            propagateWhen: ['${exponentiallyReady(region, maps)}', '${db.ready() && [1].all(region, region > 0)}'],
          },
          { id: 'own', template: { ...map('own'), data: { 'a.b': 'c' } }, externalFields: ['data'] },
          { id: 'end', template: map('end'), propagateWhen: ['${maps.ready() && schema.spec.go}'] },
        ],
      },
    };
    writeFileSync(join(cwd, 'apps.yaml'), stringifyJson(definition));
    const { out, err } = await commandRunner([convert], cwd)('convert apps.yaml --to typescript');
    expect(err).toBe('');
    expect(out).toContain("name: 'apps.example.org'");
    expect(out.match(/\.with(?:Propagate|External).*/g)).toMatchInlineSnapshot(`
      [
        ".withPropagateWhen('exponentiallyReady(each, maps)');",
        ".withPropagateWhen('db.ready() && [1].all(region, region > 0)');",
        ".withExternalFields(['data']);",
        ".withPropagateWhen('maps.ready() && schema.spec.go');",
      ]
    `);
  });
});

test.each([
  ['the default of a field', 'limit: integer | default=9007199254740993', 'limit', '9007199254740993'],
  ['the default of a list', 'list: "[]integer | default=[1, 9223372036854775807]"', 'list', '9223372036854775807'],
  ['a nested field', 'outer: { inner: integer | default=9007199254740993 }', 'outer.inner', '9007199254740993'],
  [
    'a field named as a keyword',
    'items: { default: integer | default=9007199254740993 }',
    'items.default',
    '9007199254740993',
  ],
  [
    'a default beside fields that arktype cannot express',
    'a: string | pattern="x" maxLength=9\n      limit: integer | default=9007199254740993',
    'limit',
    '9007199254740993',
  ],
])('%s that no JavaScript number represents is refused', async (_what, fields, field, value) => {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: big }
spec:
  schema:
    apiVersion: v1
    kind: Big
    spec:
      ${fields}
  resources:
    - id: map
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: x } }
`;
  const { code, out, err } = await commandRunner([convert], tmpdir())('convert - --to typescript', text);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(`spec.schema.spec.${field}: no number of JavaScript is exactly ${value}`);
});
