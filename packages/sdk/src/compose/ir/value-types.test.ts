import { describe, expect, test } from 'vitest';
import type { Field, ObjectStaticType, StaticType } from './value-types.ts';
import { DYN, INTEGER, joinTypes, optionalOf, STRING } from './value-types.ts';

const objectOf = (fields: Readonly<Record<string, Field>>): ObjectStaticType => ({
  kind: 'object',
  open: false,
  names: () => Object.keys(fields),
  field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
});

test.each<[string, StaticType, StaticType, StaticType]>([
  ['of one type', optionalOf(STRING), optionalOf(STRING), optionalOf(STRING)],
  ['of different types', optionalOf(STRING), optionalOf(INTEGER), optionalOf(DYN)],
  ['of nested types', optionalOf(optionalOf(STRING)), optionalOf(optionalOf(INTEGER)), optionalOf(optionalOf(DYN))],
])('two optional values %s are joined to an optional value of the joined type', (_, a, b, joined) => {
  expect(joinTypes(a, b)).toBe(joined);
});

const COUNTER: Field = { type: INTEGER, required: false, counter: true };

describe('a field of two joined object types', () => {
  const derived = { cel: 'self.a', instead: 'a', path: 'status.phase' };
  const text: Field = { type: STRING, required: true };
  test.each<[string, Field | undefined, Field | undefined, Field | undefined]>([
    ['stays a counter when it is a counter in both', COUNTER, COUNTER, COUNTER],
    ['does not exist when both types lack it', undefined, undefined, undefined],
    ['is optional when one type lacks it', text, undefined, { type: STRING, required: false }],
    [
      'is null or undefined when it may be null in one type, and the other type lacks it',
      { type: STRING, required: false, missing: 'null' },
      undefined,
      { type: STRING, required: false, missing: 'either' },
    ],
    [
      'is no counter when one type lacks it',
      undefined,
      { type: INTEGER, required: false, counter: true },
      { type: INTEGER, required: false },
    ],
    [
      'keeps the formula that both types have',
      { ...text, derived },
      { ...text, derived: { ...derived } },
      { ...text, derived },
    ],
    ['does not exist when only one type has it, with a formula', { ...text, derived }, undefined, undefined],
    ['does not exist when both types have it and only one has a formula for it', { ...text, derived }, text, undefined],
    [
      'does not exist when the formulas differ',
      { ...text, derived },
      { ...text, derived: { ...derived, cel: 'self.b' } },
      undefined,
    ],
  ])('%s', (_, a, b, expected) => {
    for (const [left, right] of [
      [a, b],
      [b, a],
    ] as const) {
      const joined = joinTypes(
        objectOf(left ? { f: left } : {}),
        objectOf(right ? { f: right } : {}),
      ) as ObjectStaticType;
      expect(joined.field('f')).toEqual(expected);
      expect(joined.names()).toEqual(expected === undefined ? [] : ['f']);
    }
  });
});
