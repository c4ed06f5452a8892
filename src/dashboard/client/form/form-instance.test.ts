import { describe, expect, test } from 'vitest';
import { formFields, typeText } from './form-fields.ts';
import { fieldKey, formInstance, NAME_KEY, NAMESPACE_KEY } from './form-instance.ts';

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
    ['labels', 'json', 'map[string]string', false],
    ['cache', 'section', 'object', false],
  ]);
  const replicas = formFields(schema).find(({ name }) => name === 'replicas');
  expect(replicas).toMatchObject({ defaultText: '2', rules: ['at least 1'], description: 'Number of pods.' });
});

test('the texts become an instance', () => {
  const { yaml, problems } = make({
    [NAME_KEY]: 'web',
    [NAMESPACE_KEY]: 'shop',
    image: 'nginx:1.27',
    replicas: '3',
    debug: 'true',
    hosts: 'a.example\nb.example\n',
    labels: '{"team":"yes"}',
    [fieldKey(['database', 'size'])]: '10',
  });
  expect(problems).toEqual([]);
  expect(yaml).toBe(`apiVersion: acme.dev/v1
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

describe('problems', () => {
  const valid = { [NAME_KEY]: 'web', image: 'a', [fieldKey(['database', 'size'])]: '1' };
  test.each([
    ['no name', { ...valid, [NAME_KEY]: '' }, [NAME_KEY]],
    ['a required field without a text', { ...valid, image: '' }, ['image']],
    ['a number with letters', { ...valid, replicas: 'two' }, ['replicas']],
    ['a fraction for an integer', { ...valid, replicas: '1.5' }, ['replicas']],
    ['broken JSON', { ...valid, labels: '{' }, ['labels']],
    ['a required section that is empty', { [NAME_KEY]: 'web', image: 'a' }, ['database\nsize']],
    ['an optional section that is wrong', { ...valid, 'cache\nsize': 'x' }, ['cache\nsize']],
    ['an empty optional section: none', valid, []],
  ])('of a form with %s', (_title, texts, keys) => {
    expect(make(texts).problems.map(({ key }) => key)).toEqual(keys);
  });
});

test.each([
  [{ type: 'array', items: { type: 'array', items: { type: 'integer' } } }, '[][]integer'],
  [{ 'x-kubernetes-preserve-unknown-fields': true }, 'any'],
])('%j has the type %s', (part, type) => {
  expect(typeText(part)).toBe(type);
});
