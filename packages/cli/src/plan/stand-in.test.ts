import { expect, test } from 'vitest';
import { replaceName, withoutNames } from './stand-in.ts';

test.each([
  ['team/shop', 'shop', 'team/*'],
  ['shop-db waits for shop', 'shop', '*-db waits for *'],
  ['workshop and shops', 'shop', 'workshop and shops'],
  ['data waits', 'a', 'data waits'],
  ['a waits for a', 'a', '* waits for *'],
  ['aa a', 'a', 'aa *'],
  ['a.b.example.com', 'a.b', '*.example.com'],
  ['ashop shop', 'shop', 'ashop *'],
  ['anything', '', 'anything'],
  ['', 'shop', ''],
])('replaceName converts %j with the name %j to %j', (text, name, expected) => {
  expect(replaceName(text, name, '*')).toBe(expected);
});

test('the name and the namespace get different placeholders, even if the namespace is called name', () => {
  const object = { apiVersion: 'v1', kind: 'Pot', namespace: 'name', name: 'shop' };
  expect(withoutNames('name/shop', object, { name: 'NAME', namespace: 'NAMESPACE' })).toBe('NAMESPACE/NAME');
});
