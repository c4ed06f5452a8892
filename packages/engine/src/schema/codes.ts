import type { CodeInfo } from '@typekro/kit/core';
import { simpleSchemaCodes } from './codes-simple.ts';

const info =
  (severity: CodeInfo['severity'], language: CodeInfo['language'] & string) =>
  (name: string, summary: string, example: string, remedy: string): CodeInfo => ({
    code: `schema/${name}`,
    severity,
    summary,
    language,
    example: `${example}\n`,
    remedy,
  });

const error = info('error', 'json');

const warning = info('warning', 'json');

const typeScript = info('error', 'typescript');

const field = (schema: string): string => `{"type": "object", "properties": {"value": ${schema}}}`;

/** The codes of problems in converting a schema library's type or a JSON Schema to the spec of an API. */
const conversionCodes: readonly CodeInfo[] = [
  typeScript(
    'not-a-schema',
    'The value is not a schema.',
    '"string"',
    'Pass an arktype, zod, valibot or TypeBox type, any type with Standard JSON Schema, or a JSON Schema.',
  ),
  typeScript(
    'no-json-schema',
    'The library of the type does not print its types as JSON Schema.',
    '({ "~standard": { version: 1, vendor: "homemade", validate: (value) => ({ value }) } })',
    'Use a library that prints JSON Schema, or pass a JSON Schema.',
  ),
  typeScript(
    'not-representable',
    'The library refuses to print a type as JSON Schema.',
    '({ "~standard": { version: 1, vendor: "homemade", jsonSchema: { input() { throw new Error("no form for Map"); } } } })',
    'In the part that the message names, use types that JSON can hold.',
  ),
  typeScript(
    'transform',
    'A type of a library changes values, or has a check that cannot become a rule of a definition.',
    '({ kind: "schema", type: "object", entries: { value: { kind: "schema", type: "string", pipe: [{ kind: "schema", type: "string" }, { kind: "transformation", type: "transform" }] } } })',
    'Leave the transform out, and compute the value in the function of the composition. Write a check as a plain function of the value.',
  ),
  typeScript(
    'null-element',
    'A type of a library allows null in a list or map. The API server refuses or drops it.',
    '({ kind: "schema", type: "object", entries: { value: { kind: "schema", type: "array", item: { kind: "schema", type: "nullable", wrapped: { kind: "schema", type: "string" } } } } })',
    'Leave null out.',
  ),
  error(
    'unsupported-type',
    'A type has no form in JSON.',
    field('{"type": "function"}'),
    'Use a type that JSON can hold: string, integer, number, boolean, array or object.',
  ),
  error(
    'keyword',
    'A keyword of a JSON Schema has a value that has no meaning.',
    field('{"type": "integer", "minimum": "5"}'),
    'Write a value of the type that the keyword takes.',
  ),
  error(
    'unknown-reference',
    'A $ref has no target.',
    field('{"$ref": "#/$defs/Port"}'),
    'Add the definition, or correct the reference. References into other documents are not followed.',
  ),
  error(
    'too-deep',
    'The schema is nested deeper than 100 levels, has no end, or has more than 100,000 parts.',
    field(`${'{"type": "array", "items": '.repeat(120)}{"type": "string"}${'}'.repeat(120)}`),
    'Make the structure flatter, or use object for an inner part.',
  ),
  error(
    'intersection',
    'The parts of an intersection (allOf) contradict each other.',
    field('{"allOf": [{"type": "string"}, {"type": "integer"}]}'),
    'Give the parts one type.',
  ),
  error('never', 'No value is allowed for a field.', field('{"enum": []}'), 'Remove the field.'),
  error('null-only', 'A field allows only null.', field('{"anyOf": [{"type": "null"}]}'), 'Remove the field.'),
  error(
    'pattern-properties',
    'An object has several patterns in patternProperties, each with its own type.',
    field('{"type": "object", "patternProperties": {"^a": {"type": "string"}, "^b": {"type": "integer"}}}'),
    'Use one type for all members, or declare each member.',
  ),
  warning(
    'not-enforced',
    'A restriction has no form in a structural schema, so the API server does not enforce it.',
    field('{"type": "object", "properties": {}, "dependentRequired": {"a": ["b"]}}'),
    'If the restriction is needed, write it as a rule of the composition.',
  ),
  error(
    'not-an-object',
    'The type is not an object, so it has no fields that a spec could have.',
    '{"type": "string"}',
    'Put the type into a field of an object.',
  ),
  error(
    'root-constraint',
    'The spec as a whole has a rule. SimpleSchema has rules for fields only.',
    '{"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-validations": [{"rule": "has(self.a)"}]}',
    'Put the fields that the rule reads into one object field.',
  ),
  error(
    'recursive',
    'A type contains itself, which SimpleSchema cannot express.',
    '{"type": "object", "properties": {"tree": {"$ref": "#"}}}',
    'Use an object without declared fields for the inner part.',
  ),
  error(
    'any',
    'A field may have any value. SimpleSchema has no type for any value.',
    field('{}'),
    'Use a free-form object, or a string.',
  ),
  error(
    'union',
    'Alternatives have no common type, or differ in a way that no rule can express.',
    field('{"anyOf": [{"type": "string"}, {"type": "integer"}]}'),
    'Choose one type, or use a field for each alternative.',
  ),
  error(
    'open-object',
    'An object has declared fields and also fields with any name.',
    field('{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}'),
    'Put the fields with any name into a map in a separate field.',
  ),
  error(
    'properties-count',
    'The number of members is limited for an object that is not a map.',
    field(
      '{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false, "minProperties": 1}',
    ),
    'Limit the number of members only for maps, whose members all have one type.',
  ),
  error(
    'default',
    'The default is not a value of the type, is not constant, or differs from the default of the API server.',
    field('{"type": "integer", "default": "three"}'),
    'Write a constant of the type. Give an object whose fields have defaults the default {}.',
  ),
  error(
    'pattern',
    'The pattern cannot run as RE2.',
    field(String.raw`{"type": "string", "pattern": "(a)\\1"}`),
    'Write the pattern without back-references, and with look-ahead at the start only.',
  ),
  error(
    'rule',
    'A rule uses optionalOldSelf, which SimpleSchema cannot express, or functions that the API server does not have, or the cost of the rule may exceed the limit of the API server.',
    field('{"type": "string", "x-kubernetes-validations": [{"rule": "self == \'a\'", "optionalOldSelf": true}]}'),
    'Write the rule without optionalOldSelf and these functions. Limit the length of strings, and the size of lists and maps, with max().',
  ),
  warning(
    'nullable',
    'The type allows null, but the API server does not keep a null.',
    '{"type": "object", "required": ["value"], "properties": {"value": {"type": ["string", "null"]}}}',
    'Make the field optional instead.',
  ),
];

/** The codes of diagnostics about reading and converting schemas. */
export const schemaCodes: readonly CodeInfo[] = [...simpleSchemaCodes, ...conversionCodes];
