import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { formFields, simpleSchemaType } from './form-fields.ts';
import { toYaml } from '../text/to-yaml.ts';
import { fieldKey, formInstance, NAME_KEY, NAMESPACE_KEY, removeRow } from './form-instance.ts';
import { placeProblems } from './place-problems.ts';

const schema = {
  type: 'object',
  required: ['image', 'database'],
  properties: {
    replicas: { type: 'integer', default: 2, minimum: 1, description: 'Number of pods.' },
    image: { type: 'string' },
    tier: { type: 'string', enum: ['small', 'large'] },
    debug: { type: 'boolean' },
    hosts: { type: 'array', items: { type: 'string' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    database: {
      type: 'object',
      required: ['size'],
      properties: { size: { type: 'integer' }, name: { type: 'string' } },
    },
    cache: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } },
    ports: { type: 'array', items: { type: 'integer' } },
    users: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, admin: { type: 'boolean' } },
      },
    },
    quotas: { type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } },
    extra: { 'x-kubernetes-preserve-unknown-fields': true },
    target: { 'x-kubernetes-int-or-string': true },
  },
};
const kind = { apiVersion: 'acme.dev/v1', kind: 'WebApp', namespaced: true };
const make = (texts: Readonly<Record<string, string>>) =>
  formInstance(kind, formFields(schema), new Map(Object.entries(texts)));

test('required fields come first, and each type has its control', () => {
  expect(formFields(schema).map(({ name, control, type, required }) => [name, control, type, required])).toEqual([
    ['image', 'text', 'string', true],
    ['database', 'section', 'object', true],
    ['replicas', 'number', 'integer', false],
    ['tier', 'choice', 'string', false],
    ['debug', 'switch', 'boolean', false],
    ['hosts', 'list', '[]string', false],
    ['labels', 'map', 'map[string]string', false],
    ['cache', 'section', 'object', false],
    ['ports', 'list', '[]integer', false],
    ['users', 'list', '[]object', false],
    ['quotas', 'map', 'map[string][]number', false],
    ['extra', 'json', 'any', false],
    ['target', 'text', 'integer or string', false],
  ]);
  const replicas = formFields(schema).find(({ name }) => name === 'replicas');
  expect(replicas).toMatchObject({ defaultText: '2', rules: ['at least 1'], description: 'Number of pods.' });
});

test('the texts of the inputs become an instance', () => {
  const { object, problems } = make({
    [NAME_KEY]: 'web',
    [NAMESPACE_KEY]: 'shop',
    image: 'nginx:1.27',
    replicas: '3',
    debug: 'true',
    hosts: '2',
    'hosts\n0': 'a.example',
    'hosts\n1': 'b.example',
    labels: '1',
    'labels\n0\n\nkey': 'team',
    'labels\n0': 'yes',
    [fieldKey(['database', 'size'])]: '10',
  });
  expect(problems).toEqual([]);
  expect(toYaml(object)).toBe(`apiVersion: acme.dev/v1
kind: WebApp
metadata:
  name: web
  namespace: shop
spec:
  image: nginx:1.27
  database:
    size: 10
  replicas: 3
  debug: true
  hosts:
  - a.example
  - b.example
  labels:
    team: "yes"
`);
});

describe('a choice', () => {
  const choice = (property: JsonObject) => {
    const fields = formFields({ type: 'object', properties: { mode: property } });
    return (text: string) => {
      const { object, problems } = formInstance(kind, fields, new Map(Object.entries({ [NAME_KEY]: 'a', mode: text })));
      return [object['spec'], problems];
    };
  };
  test.each<[string, JsonObject, string, unknown]>([
    ['a text', { type: 'string', enum: ['', 'fast'] }, 'fast', { mode: 'fast' }],
    ['the empty text', { type: 'string', enum: ['', 'fast'] }, '""', { mode: '' }],
    ['nothing (the field is left out)', { type: 'string', enum: ['', 'fast'] }, '', {}],
    ['a text that consists of digits', { type: 'string', enum: ['1', '2'] }, '1', { mode: '1' }],
    ['a number', { type: 'integer', enum: [1, 2] }, '2', { mode: 2 }],
    ['a text, in a schema without a type', { enum: ['fast', 3] }, 'fast', { mode: 'fast' }],
    ['a number, in a schema without a type', { enum: ['fast', 3] }, '3', { mode: 3 }],
    ['null', { type: 'string', nullable: true, enum: ['a', null] }, 'null', { mode: null }],
  ])('of %s becomes the value that the enum has', (_title, property, text, spec) => {
    expect(choice(property)(text)).toEqual([spec, []]);
  });
});

describe('problems', () => {
  const valid = { [NAME_KEY]: 'web', image: 'a', [fieldKey(['database', 'size'])]: '1' };
  test.each([
    ['no name', { ...valid, [NAME_KEY]: '' }, [NAME_KEY]],
    ['a required field without a text', { ...valid, image: '' }, ['image']],
    ['a number with letters', { ...valid, replicas: 'two' }, ['replicas']],
    ['a fraction for an integer', { ...valid, replicas: '1.5' }, ['replicas']],
    ['broken JSON', { ...valid, extra: '{' }, ['extra']],
    ['an empty row in a list of numbers', { ...valid, ports: '2', 'ports\n0': '80' }, ['ports\n1']],
    ['a row without a key in a map', { ...valid, labels: '1' }, ['labels\n0\n\nkey']],
    [
      'two rows with the same key in a map',
      { ...valid, labels: '2', 'labels\n0\n\nkey': 'a', 'labels\n1\n\nkey': 'a' },
      ['labels\n1\n\nkey'],
    ],
    ['an item that lacks a required field, in a list', { ...valid, users: '1' }, ['users\n0\nname']],
    ['an optional section whose text was removed (no problem)', { ...valid, 'cache\nsize': '' }, []],
    ['a required section that is empty', { [NAME_KEY]: 'web', image: 'a' }, ['database\nsize']],
    ['an optional section that is wrong', { ...valid, 'cache\nsize': 'x' }, ['cache\nsize']],
    ['an empty optional section (no problem)', valid, []],
  ])('of a form with %s are reported at the input', (_title, texts, keys) => {
    expect(make(texts).problems.map(({ key }) => key)).toEqual(keys);
  });
});

test.each([
  [{ type: 'array', items: { type: 'array', items: { type: 'integer' } } }, '[][]integer'],
  [{ 'x-kubernetes-preserve-unknown-fields': true }, 'any'],
])('%j has the type %s', (part, type) => {
  expect(simpleSchemaType(part)).toBe(type);
});

const specOf = (texts: Readonly<Record<string, string>>) => make(texts).object['spec'];

test.each<[string, Readonly<Record<string, string>>, object]>([
  [
    'objects in a list',
    { users: '2', 'users\n0\nname': 'a', 'users\n1\nadmin': 'true' },
    { users: [{ name: 'a' }, { admin: true }] },
  ],
  [
    'lists in a map',
    { quotas: '1', 'quotas\n0\n\nkey': 'a.b', 'quotas\n0': '1', 'quotas\n0\n0': '2.5' },
    { quotas: { 'a.b': [2.5] } },
  ],
  ['an empty text for a row with an empty input', { hosts: '1' }, { hosts: [''] }],
  ['null for a row without a number', { ports: '2', 'ports\n1': '80' }, { ports: [null, 80] }],
  ['no list when all rows of the list were removed', { hosts: '0' }, {}],
  ['a number of the type "integer or string"', { target: '80' }, { target: 80 }],
  ['a text of the type "integer or string"', { target: '50%' }, { target: '50%' }],
  [
    'a wrong value of an optional field',
    { replicas: 'two', 'cache\nsize': '1.5' },
    { replicas: 'two', cache: { size: '1.5' } },
  ],
  ['broken JSON as a text', { extra: '{a' }, { extra: '{a' }],
])('the instance has %s', (_title, texts, spec) => {
  expect(specOf(texts)).toEqual({ database: {}, ...spec });
});

test('the removal of a row removes its inputs, and later rows move up', () => {
  const users = formFields(schema).find(({ name }) => name === 'users');
  const texts = new Map(
    Object.entries({ users: '3', 'users\n0\nname': 'a', 'users\n1\nname': 'b', 'users\n2\nname': 'c', userss: 'x' }),
  );
  expect(users === undefined ? {} : Object.fromEntries(removeRow(texts, users, 1))).toEqual({
    users: '2',
    'users\n0\nname': 'a',
    'users\n1\nname': 'c',
    userss: 'x',
  });
});

describe('a problem that the check against the schema finds', () => {
  const texts = {
    [NAME_KEY]: 'web',
    image: 'a',
    [fieldKey(['database', 'size'])]: '1',
    hosts: '1',
    labels: '1',
    'labels\n0\n\nkey': 'team/x',
    'labels\n0': 'red',
    extra: '{"a":[1]}',
  };
  test.each([
    ['a field', ['spec', 'image'], 'image', 'wrong'],
    ['a field of a section', ['spec', 'database', 'size'], 'database\nsize', 'wrong'],
    ['a section', ['spec', 'database'], 'database', 'wrong'],
    ['an item', ['spec', 'hosts', '0'], 'hosts\n0', 'wrong'],
    ['a value of a map', ['spec', 'labels', 'team/x'], 'labels\n0', 'wrong'],
    ['a part of a JSON text', ['spec', 'extra', 'a', '0'], 'extra', 'spec.extra.a.0: wrong'],
    ['the name', ['metadata', 'name'], NAME_KEY, 'wrong'],
    ['the namespace', ['metadata', 'namespace'], NAMESPACE_KEY, 'wrong'],
  ])('in %s is shown at the input', (_title, steps, key, text) => {
    const placed = placeProblems(make(texts), [{ field: steps.join('.'), steps, message: 'wrong' }]);
    expect([...placed.byKey]).toEqual([[key, text]]);
    expect(placed).toMatchObject({ others: [], missing: 0, refused: 1 });
  });

  test.each([
    ['the whole spec', ['spec']],
    ['a field that the form does not have', ['spec', 'nothing']],
  ])('in %s is shown next to the instance', (_title, steps) => {
    const placed = placeProblems(make(texts), [{ field: steps.join('.'), steps, message: 'wrong' }]);
    expect(placed.others).toEqual([`${steps.join('.')}: wrong`]);
  });

  test('replaces the problem of the input, but not the notice that a value is missing', () => {
    const found = [
      { field: 'spec.replicas', steps: ['spec', 'replicas'], message: 'must be of type integer' },
      { field: 'spec.image', steps: ['spec', 'image'], message: 'Required value' },
    ];
    const placed = placeProblems(make({ ...texts, image: '', replicas: 'two' }), found);
    expect([...placed.byKey]).toEqual([['replicas', 'must be of type integer']]);
    expect(placed).toMatchObject({ missing: 1, refused: 1 });
  });
});

test('a rule for one character or one item has the singular', () => {
  const rules = (schema: JsonObject) => formFields({ properties: { a: schema } })[0]?.rules;
  expect(rules({ type: 'string', minLength: 1, maxLength: 20 })).toEqual([
    'at least 1 character',
    'at most 20 characters',
  ]);
  expect(rules({ type: 'array', items: {}, minItems: 1, maxItems: 0 })).toEqual(['at least 1 item', 'at most 0 items']);
});
