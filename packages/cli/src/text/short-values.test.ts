import { expect, test } from 'vitest';
import { shownName } from '../file-paths.ts';
import { withShortValues } from './short-values.ts';

const long = 'x'.repeat(90);
const begin = 'Job.batch "a" is invalid: spec.template: Invalid value: ';
const end = ': field is immutable';

test.each([
  ['JSON', `{"a":"${long}"}`, '{… 98 characters}'],
  ['a bracket and a quote in a string', `{"a":"}\\"]${long}"}`, '{… 102 characters}'],
  ['a Go struct', `core.PodTemplateSpec{A:"${long}", B:[]core.C(nil)}`, 'core.PodTemplateSpec{… 113 characters}'],
  [
    'a pointer to a Go struct',
    `&v1.LabelSelector{A:map[string]string{"b":"${long}"}}`,
    '&v1.LabelSelector{… 119 characters}',
  ],
  ['a map', `map[string]string{"b":"${long}"}`, 'map[string]string{… 98 characters}'],
  ['a list', `["${long}"]`, '[… 94 characters]'],
  ['a slice', `[]string{"${long}"}`, '[]string{… 94 characters}'],
  ['a short value', '{"a":2}', '{"a":2}'],
  ['a text', `"${long}"`, `"${long}"`],
])('of the refused values in a message, only long structures are shortened: %s', (_what, value, shown) => {
  expect(withShortValues(begin + value + end)).toBe(begin + shown + end);
});

test('each long value after "Invalid value:" is shortened, also in a truncated message', () => {
  const value = `Invalid value: {"a":"${long}"}`;
  expect(withShortValues(`b: ${value}: no, c: ${value}: no`)).toBe(
    'b: Invalid value: {… 98 characters}: no, c: Invalid value: {… 98 characters}: no',
  );
  expect(withShortValues(`b: Invalid value: {"a":"${long}`)).toBe('b: Invalid value: {… 96 characters}');
  expect(withShortValues(`{"a":"${long}"}`)).toBe(`{"a":"${long}"}`);
  const many = 'Invalid value: {'.repeat(5000);
  expect(withShortValues(many).length).toBeLessThan(100);
});

test.each([
  ['a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['./a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['/home/me/app/a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['./../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['/home/me/b.yaml', '/home/me/b.yaml', '/home/me/b.yaml'],
  ['/home/me/app/..b.yaml', '/home/me/app/..b.yaml', '..b.yaml'],
  ['../other', '/home/me/other/c.yaml', '../other/c.yaml'],
  ['/home/me/other', '/home/me/other/c.yaml', '/home/me/other/c.yaml'],
  ['.', '/home/me/app', '.'],
])('for the argument %s, messages show the file %s as %s', (given, path, shown) => {
  expect(shownName(path, '/home/me/app', given)).toBe(shown);
});
