import { describe, expect, test } from 'vitest';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

describe('an invalid label selector is refused with the reason', () => {
  test.each([
    ['=1', "found '=', expected: !, identifier, or 'end of string'"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a,=1', "found '=', expected: identifier after ','"],
    ['a=1 b', "found 'b', expected: ',' or 'end of string'"],
    ['!=1', "found '!=', expected: !, identifier, or 'end of string'"],
    ['! =', "unable to parse requirement: found '=', expected: identifier"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });
});

describe('does a label selector select a Pod with the labels size=7 and tier=web?', () => {
  const labels = { size: '7', tier: 'web' };
  test.each([
    ['tier=web', true],
    ['tier in (db, web),!gone', true],
    ['tier notin (web)', false],
    ['size>6,size<8', true],
    ['size>7', false],
    ['gone!=x', true],
    ['tier=', false],
  ])('%s: %s', (text, selected) => {
    expect(parseLabelSelector(text)?.({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels } })).toBe(
      selected,
    );
  });
});

test.each<[string, readonly [string, string, boolean][]]>([
  [
    'metadata.name=a,spec.x!=b',
    [
      ['metadata.name', 'a', true],
      ['spec.x', 'b', false],
    ],
  ],
  ['a==b', [['a', 'b', true]]],
  [
    'a=b\\,c,d=e',
    [
      ['a', 'b,c', true],
      ['d', 'e', true],
    ],
  ],
  ['a=b\\=c', [['a', 'b=c', true]]],
  ['a=b\\\\c', [['a', 'b\\c', true]]],
  ['a!b=c', [['a!b', 'c', true]]],
  ['!=x', [['', 'x', false]]],
  [
    'd=e,a=b',
    [
      ['a', 'b', true],
      ['d', 'e', true],
    ],
  ],
  ['', []],
])('the field selector %j is parsed', (text, expected) => {
  expect(parseFieldSelector(text).map(({ field, value, equal }) => [field, value, equal])).toEqual(expected);
});

// The errors are those of k8s.io/apimachinery/pkg/fields.
test.each([
  ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['a==b==c', 'invalid field selector: unescaped character in value: 61'],
  ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
])('the field selector %j is refused', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});
