import { expect, test } from 'vitest';
import { fieldErrors } from './field-errors.ts';

const {
  required,
  invalid,
  invalidWithoutValue,
  typeInvalid,
  notSupported,
  duplicate,
  forbidden,
  notFound,
  tooLong,
  tooMany,
  print,
} = fieldErrors((value) => JSON.stringify(value));

test.each([
  [required('spec.a'), 'FieldValueRequired', 'Required value'],
  [required('spec.a', 'name it'), 'FieldValueRequired', 'Required value: name it'],
  [invalid('spec.a', 'x', 'too odd'), 'FieldValueInvalid', 'Invalid value: "x": too odd'],
  [invalidWithoutValue('spec.a', 'too odd'), 'FieldValueInvalid', 'Invalid value: too odd'],
  [invalid('spec.a', '\u0001', ''), 'FieldValueInvalid', String.raw`Invalid value: "\x01"`],
  [typeInvalid('spec.a', [1], 'no list'), 'FieldValueTypeInvalid', 'Invalid value: [1]: no list'],
  [
    notSupported('spec.a', 'x', ['a', 'b']),
    'FieldValueNotSupported',
    'Unsupported value: "x": supported values: "a", "b"',
  ],
  [notSupported('spec.a', 'x', []), 'FieldValueNotSupported', 'Unsupported value: "x"'],
  [duplicate('spec.a', { b: 1 }), 'FieldValueDuplicate', 'Duplicate value: {"b":1}'],
  [forbidden('spec.a', 'not here'), 'FieldValueForbidden', 'Forbidden: not here'],
  [notFound('spec.a', 'x'), 'FieldValueNotFound', 'Not found: "x"'],
  [tooMany('spec.a', 2, 1), 'FieldValueTooMany', 'Too many: 2: must have at most 1 item'],
  [tooMany('spec.a', 3, 2n), 'FieldValueTooMany', 'Too many: 3: must have at most 2 items'],
  [tooMany('spec.a', 1, 0), 'FieldValueTooMany', 'Too many: 1: must have at most 0 items'],
  [tooLong('spec.a', 1n), 'FieldValueTooLong', 'Too long: may not be more than 1 byte'],
  [tooLong('spec.a', 63), 'FieldValueTooLong', 'Too long: may not be more than 63 bytes'],
])('a field error has the same message as in Go: %o', (error, reason, message) => {
  expect(error).toEqual({ reason, field: 'spec.a', message });
});

test.each([
  ['a"b', String.raw`"a\"b"`],
  [5, '5'],
  [0.5, '0.5'],
  [1e21, '1e+21'],
  [1e18, '1e+18'],
  [-9_007_199_254_740_991, '-9007199254740991'],
  [9_007_199_254_740_993n, '9007199254740993'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'null'],
])('the value %s is printed as %s', (value, text) => {
  expect(print(value)).toBe(text);
});
