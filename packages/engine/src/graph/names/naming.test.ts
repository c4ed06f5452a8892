import { expect, test } from 'vitest';
import { isLowerCamelCase, isReservedWord, isUpperCamelCase, suggestId } from './naming.ts';

test.each([
  ['a', true],
  ['webApp2', true],
  ['WebApp', false],
  ['web-app', false],
  ['1a', false],
  ['é', false],
  ['', false],
])('whether %j is a valid id: %s', (id, ok) => expect(isLowerCamelCase(id)).toBe(ok));

test.each([
  ['App', true],
  ['A1', true],
  ['app', false],
  ['App ', false],
  ['Web_App', false],
])('whether %j is a valid kind: %s', (kind, ok) => expect(isUpperCamelCase(kind)).toBe(ok));

test.each(['schema', 'each', 'in', 'while', 'resourcegraphdefinition'])('%s is reserved', (word) =>
  expect(isReservedWord(word)).toBe(true),
);

test.each(['size', 'string', 'json', 'toString', '__proto__'])('%s is not reserved', (word) =>
  expect(isReservedWord(word)).toBe(false),
);

test.each([
  ['my-cm', 'myCm'],
  ['CM', 'cm'],
  ['WebApp', 'webApp'],
  ['DNSName', 'dnsName'],
  ['1cm', 'cm'],
  ['-', undefined],
  ['Schema', undefined],
])('the suggestion for %s is %s', (text, id) => expect(suggestId(text)).toBe(id));

test('graphengine is reserved since kro 0.10', () => {
  expect(isReservedWord('graphengine', '0.9')).toBe(false);
  expect(isReservedWord('graphengine', '0.10')).toBe(true);
  expect(isReservedWord('schema', '0.10')).toBe(true);
});
