import { describe, expect, test } from 'vitest';
import type { CelType, TypeProvider } from '@typekro/cel';
import { BOOL, BYTES, DOUBLE, DYN, INT, NULL, STRING, listType, mapType, optionalType, structType } from '@typekro/cel';
import { explainMismatch, acceptedByKroLoophole } from './assignability.ts';

const STRUCTS: Record<string, Record<string, CelType>> = {
  named: { name: STRING },
  wide: { name: STRING, count: INT },
  numbers: { name: INT },
  empty: {},
  open: { name: INT },
  nested: { inner: structType('numbers') },
  wanted: { inner: structType('named') },
};

const types: TypeProvider = {
  findType: (name) => (Object.hasOwn(STRUCTS, name) ? structType(name) : undefined),
  findField: (name, field) => {
    if (name === 'open') return { type: STRUCTS['open']?.[field] ?? DYN };
    const type = STRUCTS[name]?.[field];
    return type === undefined ? undefined : { type };
  },
  fieldNames: (name) => Object.keys(STRUCTS[name] ?? {}),
};

const STRINGS = mapType(STRING, STRING);

describe('a type that is not assignable', () => {
  test.each<[CelType, CelType, string]>([
    [INT, STRING, 'type kind mismatch: got "int", expected "string"'],
    [INT, DOUBLE, 'type kind mismatch: got "int", expected "double"'],
    [STRING, BYTES, 'type kind mismatch: got "string", expected "bytes"'],
    [optionalType(INT), STRING, 'type kind mismatch: got "int", expected "string"'],
    [STRING, listType(STRING), 'list parameter count mismatch: got 0, expected 1'],
    [
      listType(INT),
      listType(STRING),
      'list element type incompatible: type kind mismatch: got "int", expected "string"',
    ],
    [STRING, STRINGS, 'map parameter count mismatch: got 0, expected 2'],
    [listType(INT), STRINGS, 'map parameter count mismatch: got 1, expected 2'],
    [mapType(INT, STRING), STRINGS, 'map key type incompatible: type kind mismatch: got "int", expected "string"'],
    [mapType(STRING, INT), STRINGS, 'map value type incompatible: type kind mismatch: got "int", expected "string"'],
    [mapType(DYN, DYN), structType('named'), 'map keys must be strings to assign to struct'],
    [
      STRINGS,
      structType('wide'),
      'map value incompatible with struct field "count": type kind mismatch: got "string", expected "int"',
    ],
    [
      structType('wide'),
      STRINGS,
      'struct field "count" incompatible with map value type: type kind mismatch: got "int", expected "string"',
    ],
    [structType('wide'), structType('named'), 'field "count" exists in output but not in expected type'],
    [structType('wide'), structType('empty'), 'field "name" exists in output but not in expected type'],
    [
      structType('nested'),
      structType('wanted'),
      'field "inner" has incompatible type: field "name" has incompatible type: type kind mismatch: got "int", expected "string"',
    ],
  ])('%j into %j: %s', (output, expected, text) => expect(explainMismatch(output, expected, types)).toBe(text));
});

describe('an assignable type, including kro’s loopholes', () => {
  test.each<[CelType, CelType]>([
    [STRING, STRING],
    [DYN, structType('named')],
    [INT, DYN],
    [optionalType(STRING), STRING],
    [listType(DYN), listType(STRING)],
    [mapType(STRING, STRING), structType('named')],
    [structType('named'), STRINGS],
    [structType('named'), structType('wide')],
    [structType('unheard of'), structType('named')],
    [structType('wide'), structType('open')],
    [STRING, structType('named')],
    [NULL, structType('named')],
    [mapType(STRING, INT), listType(STRING)],
    [STRINGS, structType('empty')],
  ])('%j into %j is accepted', (output, expected) => expect(explainMismatch(output, expected, types)).toBeUndefined());
});

test('the comparison of a recursive type terminates', () => {
  const endless: TypeProvider = {
    findType: (name) => structType(name),
    findField: (name) => ({ type: structType(name) }),
    fieldNames: () => ['self'],
  };
  expect(explainMismatch(structType('a'), structType('b'), endless)).toBeUndefined();
});

test.each<[CelType, CelType, boolean]>([
  [STRING, structType('named'), true],
  [listType(STRING), structType('named'), true],
  [BOOL, listType(STRING), true],
  [STRINGS, structType('named'), false],
  [NULL, structType('named'), false],
  [DYN, structType('named'), false],
])('%j into %j is accepted by a loophole: %s', (output, expected, hole) =>
  expect(acceptedByKroLoophole(output, expected)).toBe(hole),
);
