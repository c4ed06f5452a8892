import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { checkInstance } from './check-instance.ts';

const schema: JsonObject = {
  type: 'object',
  required: ['image'],
  properties: {
    image: { type: 'string', pattern: '^[a-z]+:[0-9]+$' },
    plan: { type: 'string', enum: ['small', 'large'] },
    replicas: { type: 'integer', minimum: 1, maximum: 5, default: 2 },
    name: { type: 'string', minLength: 2, maxLength: 4 },
    hosts: { type: 'array', maxItems: 2, items: { type: 'string', format: 'ipv4' } },
    labels: { type: 'object', maxProperties: 1, additionalProperties: { type: 'string', maxLength: 3 } },
    limits: {
      type: 'object',
      properties: { low: { type: 'integer' }, high: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.low <= self.high', message: 'low is greater than high' }],
    },
  },
  'x-kubernetes-validations': [
    { rule: "self.replicas < 4 || self.plan == 'large'", message: 'more than 3 replicas need the plan large' },
  ],
};

const problems = (spec: JsonObject, metadata: JsonObject = { name: 'web', namespace: 'shop' }) =>
  checkInstance({ schema, instance: { apiVersion: 'a/v1', kind: 'A', metadata, spec: { image: 'a:1', ...spec } } }).map(
    ({ steps, message }) => [steps.join('/'), message],
  );

test.each<[string, JsonObject, string, RegExp]>([
  ['a pattern', { image: 'A' }, 'spec/image', /should match '\^\[a-z\]/],
  ['an enum', { plan: 'huge' }, 'spec/plan', /Unsupported value: "huge": supported values: "small", "large"/],
  ['a minimum', { replicas: 0 }, 'spec/replicas', /should be greater than or equal to 1/],
  ['a maximum', { replicas: 9, plan: 'large' }, 'spec/replicas', /should be less than or equal to 5/],
  ['a type', { replicas: 'two' }, 'spec/replicas', /must be of type integer/],
  ['a minimum length', { name: 'a' }, 'spec/name', /at least 2 chars long/],
  ['a maximum length', { name: 'abcde' }, 'spec/name', /Too long: may not be more than 4/],
  [
    'a maximum of items',
    { hosts: ['1.1.1.1', '1.1.1.1', '1.1.1.1'] },
    'spec/hosts',
    /Too many: 3: must have at most 2 items/,
  ],
  ['a format of an item', { hosts: ['1.1.1.1', 'x'] }, 'spec/hosts/1', /must be of type ipv4/],
  ['a value of a map with dots in its key', { labels: { 'a.b/c': 'long' } }, 'spec/labels/a.b/c', /Too long/],
  ['a CEL rule of a section', { limits: { low: 2, high: 1 } }, 'spec/limits', /low is greater than high/],
  [
    'a CEL rule of the spec that reads two fields of the spec',
    { replicas: 4, plan: 'small' },
    'spec',
    /need the plan large/,
  ],
])('a mistake in an instance is one problem, at its field: %s', (_title, spec, place, message) => {
  expect(problems(spec)).toEqual([[place, expect.stringMatching(message)]]);
});

test.each<[string, JsonObject, string, RegExp]>([
  ['name', { name: 'Web_1', namespace: 'shop' }, 'metadata/name', /lowercase RFC 1123 subdomain/],
  ['namespace', { name: 'web', namespace: 'a.b' }, 'metadata/namespace', /must not contain dots/],
])('a %s that no API server accepts is a problem at its field', (_title, metadata, place, message) => {
  expect(problems({}, metadata)).toEqual([[place, expect.stringMatching(message)]]);
});

test('a missing field is found, and an instance without a mistake has no problem', () => {
  const missing = checkInstance({ schema, instance: { metadata: {}, spec: {} } });
  expect(missing.map(({ field, message }) => `${field} ${message}`)).toEqual(['spec.image Required value']);
  expect(problems({ replicas: 3, hosts: ['10.0.0.1'], labels: { a: 'b' }, limits: { low: 1, high: 2 } })).toEqual([]);
});
