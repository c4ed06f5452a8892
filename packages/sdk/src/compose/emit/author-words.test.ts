import { expect, test } from 'vitest';
import type { Diagnostic } from '@typekro/kit/core';
import { inAuthorsWords } from './author-words.ts';

const textFor = (code: string, message: string, path: string): string => {
  const diagnostic: Diagnostic = { code, severity: 'error', message, path };
  const { message: text, hint } = inAuthorsWords(diagnostic);
  return `${text}; ${hint}`;
};

const NAME = 'spec.resources[0].template.metadata.name';

const CASES: readonly (readonly [string, string, string, string])[] = [
  [
    'cel/no-overload',
    "found no matching overload for '_+_' applied to '(int, string)'",
    'spec.schema.status.url',
    'the status field url: + with a number and a string has no form in the graph; convert one side: String(x) or Number(x)',
  ],
  [
    'cel/no-overload',
    "found no matching overload for '_?_:_' applied to '(bool, list(string), __type_schema.spec.cache)'",
    NAME,
    'metadata.name: a choice between two values (?:, &&, || or ??) with a list of string and an object has no form in the graph; give both values one type: String(x), Number(x), or x ? [x] : []',
  ],
  [
    'cel/no-overload',
    "found no matching overload for 'indexOf' applied to 'list(string).(int)'",
    NAME,
    'metadata.name: indexOf() with a list of string and a number has no form in the graph; use an element of the list, or .map() over it',
  ],
  [
    'graph/type-mismatch',
    'the expression returns map(int, string), but the field takes map(string, string): map key type incompatible: type kind mismatch: got "int", expected "string"',
    'spec.resources[0].template.data',
    'data: the value is an object whose parts have types that the field does not accept; write the keys and values as the field takes them: Object.fromEntries(list.map((x) => [String(x.key), String(x.value)]))',
  ],
  [
    'graph/type-mismatch',
    'the expression returns optional_type(int), but the field takes string',
    NAME,
    'metadata.name takes a string, but the value is a number or undefined; write String(x)',
  ],
  [
    'graph/condition-type',
    'includeWhen needs a boolean; this is list(string)',
    'spec.resources[0].includeWhen[0]',
    'the condition of the resource needs a boolean, but the value is a list of string; compare it: x === true',
  ],
  [
    'cel/no-overload',
    "found no matching overload for '_+_' applied to '(int, string)'",
    'spec.schema.versions[0].convertTo["spec.size"]',
    'spec.size of toHub: + with a number and a string has no form in the graph; convert one side: String(x) or Number(x)',
  ],
  [
    'graph/conversion',
    'spec.on of v1 is bool, and the expression gives string',
    'spec.schema.versions[0].convertTo["spec.on"]',
    "spec.on of v1 takes a boolean, but the value is a string; compare it: x === 'true'",
  ],
];

test.each(CASES)('the text for %s describes the TypeScript source, not CEL: %s', (code, message, path, expected) => {
  expect(textFor(code, message, path)).toBe(expected);
});

test('a diagnostic that is not about expressions keeps its message', () => {
  const diagnostic: Diagnostic = {
    code: 'graph/duplicate-id',
    severity: 'error',
    message: 'two resources',
    path: NAME,
  };
  expect(inAuthorsWords(diagnostic)).toBe(diagnostic);
});
