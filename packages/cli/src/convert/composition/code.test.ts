import { expect, test } from 'vitest';
import { objectCode, printCode, stringCode, textCode } from './code.ts';

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
