import { expect, test } from 'vitest';
import { type SimpleValue, TypeNames } from './simple-emit-names.ts';

test.each<[string, SimpleValue, SimpleValue, string]>([
  ['equal fields', { a: 'string', b: 'integer' }, { a: 'string', b: 'integer' }, 'Port'],
  ['equal fields in another order', { a: 'string', b: 'integer' }, { b: 'integer', a: 'string' }, 'Port'],
  ['equal nested fields in another order', { n: { a: 'x', b: 'y' } }, { n: { b: 'y', a: 'x' } }, 'Port'],
  ['another field', { a: 'string' }, { b: 'string' }, 'Port2'],
  ['another type of a field', { a: 'string' }, { a: 'integer' }, 'Port2'],
  ['equal scalar types', 'integer | maximum=9', 'integer | maximum=9', 'Port'],
])('the name of a type after a type with %s', (_title, first, second, name) => {
  const names = new TypeNames();
  expect(names.define(first, 'Port')).toBe('Port');
  expect(names.define(second, 'Port')).toBe(name);
});
