import type { JsonObject, JsonValue } from '@typekro/kit/core';

const TEXTS = `
a b ab abc aXb abcd abcdefghij ABC Abc É é Σ ı aax ax a.b a.c .a kube-a a-b a_b v1 v1.5 vx 42 -0 0 3.14
1.2.3 free n1 a@b.co a@b a..b@c.de 10.0.0.1 10.0.0.256 ::1 10.0.0.0/8 aa:bb:cc:dd:ee:ff +4915112345678
https://a.b/c a.example.com YWJj YWI= YWI deadbeef 2024-02-29 2023-02-29 10:20:30 25:00:00
2024-02-29T10:20:30Z 2024-02-29T10:20:30.5+02:00 2024-02-29T10:20:30 P1DT2H
123e4567-e89b-42d3-a456-426614174000 123e4567-e89b-42d3-a456-42661417400g
00000000-0000-0000-0000-000000000000 V1StGXR8_Z5jdHi6B-myT 01ARZ3NDEKTSV4RRFFQ69G5FAV
`
  .trim()
  .split(/\s+/)
  .concat('', 'a\nb', 'a\u2028b', '\u0001x', ' a ', '\u00a0a', 'a\t', '\ufeffab');

const NUMBERS = [
  0, 1, 2, 3, 4, -1, 1.5, 2.5, -0.5, 0.1, 100, 2147483647, 2147483648, 4294967295, 4294967296, 9007199254740990, 9e15,
  1e20, 1e30,
];

/** Values that the schemas of the tests accept or refuse. `undefined` leaves the field out. */
export const VALUES: readonly (JsonValue | undefined)[] = [
  undefined,
  null,
  ...TEXTS,
  ...NUMBERS,
  true,
  false,
  [],
  ['a'],
  ['a', 'b'],
  ['a', 'b', 'c'],
  [1],
  ['b', 1],
  [[]],
  [{ a: 'abc' }],
  {},
  { a: 'a' },
  { a: 1 },
  { a: 1, b: 2 },
  { a: 2, b: 1 },
  { a: 'abc', b: 1 },
  { a: 'abc', b: 1.5 },
  { a: 'a', extra: 1 },
  { kind: 'a', a: 'a' },
  { kind: 'a' },
  { kind: 'b' },
  { kind: 'b', b: 1 },
  { kind: 'a', a: 'a', b: 1 },
  { kind: 'c' },
  { x: 1.5, y: 2 },
  { b: 1 },
  { a: null },
  { a: { b: 'a' } },
];

/** A spec with one field. */
export const specWith = (name: string, value: JsonValue | undefined): JsonObject =>
  value === undefined ? {} : { [name]: value };
