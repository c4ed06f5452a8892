import { describe, expect, test } from 'vitest';
import { dns1035Label, dnsLabel, dnsSubdomain, labelValue, portName } from '@typekro/kit/kubernetes';
import { refusalText } from './refusal-text.ts';
import type { Schema } from './model.ts';
import { schemaNodeAt, updateSchema } from './validation/update-schema.ts';
import { stepsIn } from './refused-place.ts';

test.each<[string, string, (string | number)[]]>([
  ['spec.ports[0].name', 'a path of names and indexes', ['spec', 'ports', 0, 'name']],
  ['spec.labels.a.b', 'a key with a dot', ['spec', 'labels', 'a.b']],
  ['spec.labels[a.b]', 'a key with a dot, in brackets', ['spec', 'labels', 'a.b']],
  ['spec.labels.a.b.c', 'the longest of two keys', ['spec', 'labels', 'a.b.c']],
  ['spec.labels.a[0]', 'a key with brackets', ['spec', 'labels', 'a[0]']],
  ['spec.labels[a[0]]', 'a key with brackets, in brackets', ['spec', 'labels', 'a[0]']],
  ['spec.labels.x y.z', 'a key with a space and a member below it', ['spec', 'labels', 'x y', 'z']],
  ['spec.labels.ab', 'a key that begins like another key', ['spec', 'labels', 'ab']],
  ['spec.missing.a[1]', 'names that the object lacks', ['spec', 'missing', 'a', 1]],
  ['<nil>', 'no field', []],
])('the steps of %s: %s', (field, _, steps) => {
  const labels = { a: '', 'a.b': '', 'a.b.c': '', 'a[0]': '', 'x y': { z: 1 } };
  expect(stepsIn({ spec: { ports: [{ name: 'x' }], labels } }, field)).toEqual(steps);
});

test('the steps of each of 20,000 keys are found without reading the others', () => {
  const spec = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k.${index}`, '']));
  for (const key of Object.keys(spec)) expect(stepsIn({ spec }, `spec.${key}`)).toEqual(['spec', key]);
  expect(stepsIn({ spec: { '': 1 } }, 'spec[]')).toEqual(['spec', '']);
});

test.each([
  ['array', '80', 'begin each entry with "- ", also when there is only one'],
  ['boolean', '1', 'write true or false, without quotes'],
  ['object', '80', 'write members, as in "name: value", below the field'],
  ['integer', '80', 'write it without quotes: 80'],
  ['integer,string', '80', 'write it without quotes: 80'],
  ['integer,string', 'a', 'write a whole number or a string'],
])('the hint for a string shows how to write a value of the expected type %s', (types, value, hint) => {
  expect(refusalText(`a in body must be of type ${types}: "string"`, value, 'a').hint).toBe(hint);
});

test.each([
  ['Too long: may not be more than 5 bytes', 'it’s too long', 'shorten it to 5 bytes'],
  ['Too long: may not be more than 5 bytes', '{{ $labels.pod }}', 'shorten it to 5 bytes'],
  ['Invalid value: "US$A": spec.a in body should be at least 5 chars long', 'US$A', 'give at least 5'],
  ['Invalid value: "x": name part must be no more than 63 bytes', 'x', 'shorten it to 63 bytes'],
  ['Invalid value: "x": must be no more than 63 characters', 'x', 'shorten it to 63 characters'],
  [
    'Invalid value: 0.1: a in body should be greater than or equal to 0.5',
    0.1,
    'write a value that is greater than or equal to 0.5',
  ],
  ['Invalid value: -1: a in body should be greater than or equal to 0', -1, 'write 0 or a larger number'],
  ['Invalid value: "x": the rule of a policy', 'x', 'write an allowed image'],
])('the message %j about %j is kept', (message, value, hint) => {
  const text = refusalText(message, value, 'spec.image');
  expect(text.hint).toBe(hint);
  expect(text.message).toBe(message);
});

test.each([
  ['{{ .Values.name }}', labelValue, /is a template of Helm$/, /helm template CHART/],
  ['${NAME}-a', labelValue, /contains a variable that a shell must replace$/, /replace NAME first/],
  ['$NAME', labelValue, /contains a variable that a shell must replace$/, /replace NAME first/],
  ['US$A', labelValue, /valid label/, /use letters, digits/],
  ['“app”', labelValue, /quotes that YAML does not know/, /write straight ones/],
  ['Bob’s app', labelValue, /valid label/, /use letters, digits/],
  ['https://Example.com/a', dnsSubdomain, /an address with a scheme/, /^write example\.com$/],
  ['https://my_host/a', dnsSubdomain, /RFC 1123 subdomain/, /for example "https-my-host-a"/],
] as const)('the refusal of %j has its reason and its remedy', (value, check, message, hint) => {
  const [problem = ''] = check(value);
  const text = refusalText(`Invalid value: ${JSON.stringify(value)}: ${problem}`, value, 'spec.a');
  expect(text.message).toMatch(message);
  expect(text.hint).toMatch(hint);
});

describe('a suggested name is valid', () => {
  const NAMES = ['a..b', 'my.-app', 'my-.app', '.a_.-.b.', 'MyApp', '8080-', '-1a', 'a--b', 'ä.ö', 'x'.repeat(300)];
  test.each([
    ['a subdomain', dnsSubdomain],
    ['a label', dnsLabel],
    ['a label of RFC 1035', dns1035Label],
    ['the name of a port', portName],
  ] as const)('for %s', (_name, check) => {
    for (const value of NAMES) {
      const [problem] = check(value).filter((text) => !/no more than|not begin/.test(text));
      if (problem === undefined) continue;
      const { hint = '' } = refusalText(`Invalid value: ${JSON.stringify(value)}: ${problem}`, value, 'spec.a');
      const suggested = /for example "(.*)"$/.exec(hint)?.[1];
      expect(suggested === undefined ? [] : check(suggested), `${value}: ${hint}`).toEqual([]);
    }
  });
});

describe('updateSchema', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'array', items: { type: 'object', properties: { n: { type: 'number' } } } },
      m: { type: 'object', additionalProperties: { type: 'number' } },
    },
  };
  const integer = (node: Schema): Schema => ({ ...node, type: 'integer' });

  test.each([[['a', 0, 'n']], [['m', 'any']]])('changes only the node at %j', (path) => {
    const updated = updateSchema(schema, path, integer);
    expect(updated === undefined ? undefined : schemaNodeAt(updated, path)).toEqual({ type: 'integer' });
    expect(schemaNodeAt(schema, path)).toEqual({ type: 'number' });
  });

  test.each([[['x']], [['a', 'n']], [['a', 0, 'toString']]])('returns undefined for %j', (path) => {
    expect(updateSchema(schema, path, integer)).toBeUndefined();
    expect(schemaNodeAt(schema, path)).toBeUndefined();
  });
});
