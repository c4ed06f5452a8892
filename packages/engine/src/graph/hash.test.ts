import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { revisionHash } from './hash.ts';

const resource = (id: string, more: JsonObject = {}): JsonObject => ({ id, template: { kind: 'ConfigMap' }, ...more });
const spec = (resources: JsonValue[], schema: JsonObject = {}): JsonObject => ({
  schema: { kind: 'App', apiVersion: 'v1', ...schema },
  resources,
});

test('the hash is 16 hex digits', () => expect(revisionHash(spec([]))).toMatch(/^[0-9a-f]{16}$/));

test.each<[string, JsonValue, JsonValue]>([
  ['another order of resources', spec([resource('a'), resource('b')]), spec([resource('b'), resource('a')])],
  ['defaults written out', spec([]), spec([], { group: 'kro.run', scope: 'Namespaced' })],
  [
    'another order of conditions',
    spec([resource('a', { readyWhen: ['x', 'y'] })]),
    spec([resource('a', { readyWhen: ['y', 'x'] })]),
  ],
  ['an empty list', spec([resource('a')]), spec([resource('a', { includeWhen: [] })])],
])('the hash does not change with %s', (_what, a, b) => expect(revisionHash(a)).toBe(revisionHash(b)));

test.each<[string, JsonValue, JsonValue]>([
  [
    'another order of dimensions',
    spec([resource('a', { forEach: [{ x: '1' }, { y: '2' }] })]),
    spec([resource('a', { forEach: [{ y: '2' }, { x: '1' }] })]),
  ],
  ['another id', spec([resource('a')]), spec([resource('b')])],
  ['an empty status block', spec([]), spec([], { status: {} })],
  [
    'another order of a list in a template',
    spec([{ id: 'a', template: { l: [1, 2] } }]),
    spec([{ id: 'a', template: { l: [2, 1] } }]),
  ],
])('the hash changes with %s', (_what, a, b) => expect(revisionHash(a)).not.toBe(revisionHash(b)));

test('the hash accepts any JSON, and the order of keys never changes it', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, entry]) => [key, reversed(entry)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const given = spec([{ id: 'a', template: value as JsonValue }]);
      expect(revisionHash(reversed(given) as JsonValue)).toBe(revisionHash(given));
    }),
  );
});
