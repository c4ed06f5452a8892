import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { CrdRules } from '../index.ts';
import { type RuleChecker, structuralErrors } from './structural.ts';
import type { FieldError } from '@typekro/kit/kubernetes';

const spec = (a: JsonObject): JsonObject => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { a } } },
});
const messages = (schema: JsonObject): string[] =>
  structuralErrors(schema, 's').map((error) => `${error.field}: ${error.message}`);
const A = 's.properties[spec].properties[a]';
const mapList = (items: JsonObject, keys: string[] = ['k'], more: JsonObject = {}): JsonObject =>
  spec({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items, ...more });
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

describe('errors of the schema of a CRD', () => {
  test.each<[string, JsonObject, string[]]>([
    ['nothing wrong', spec({ type: 'string', default: 'x', pattern: '^x' }), []],
    [
      'a root that is a map',
      { type: 'object', additionalProperties: { type: 'string' } },
      ['s.additionalProperties: Forbidden: must not be used at the root'],
    ],
    [
      'a nullable root',
      { type: 'object', nullable: true },
      ['s.nullable: Forbidden: nullable cannot be true at the root'],
    ],
    [
      'an unknown type',
      spec({ type: 'int' }),
      [
        `${A}.type: Unsupported value: "int": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [
      'type null',
      spec({ type: 'null' }),
      [
        `${A}.type: Unsupported value: "null": supported values: "array", "boolean", "integer", "number", "object", "string"`,
        `${A}.type: Forbidden: type cannot be set to null, use nullable as an alternative`,
      ],
    ],
    [
      'uniqueItems',
      spec({ type: 'array', items: { type: 'string' }, uniqueItems: true }),
      [`${A}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`],
    ],
    ['a reference', spec({ type: 'object', $ref: '#/x' }), [`${A}.$ref: Forbidden: $ref is not supported`]],
    [
      'items without type',
      spec({ type: 'array', items: {} }),
      [`${A}.items.type: Required value: must not be empty for specified array items`],
    ],
    [
      'preserve-unknown-fields: false',
      spec({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
      [`${A}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`],
    ],
    [
      'an unknown map type',
      spec({ type: 'object', 'x-kubernetes-map-type': 'bag' }),
      [`${A}.x-kubernetes-map-type: Unsupported value: "bag": supported values: "atomic", "granular"`],
    ],
    [
      'a map type on a string',
      spec({ type: 'string', 'x-kubernetes-map-type': 'atomic' }),
      [`${A}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`],
    ],
    [
      'a list type on a string',
      spec({ type: 'string', 'x-kubernetes-list-type': 'set' }),
      [`${A}.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified`],
    ],
    [
      'an embedded resource without fields',
      spec({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      [
        `${A}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      ],
    ],
    [
      'keys without list type',
      spec({ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-map-keys': ['k'] }),
      [`${A}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`],
    ],
    [
      'a map list of strings',
      mapList({ type: 'string' }),
      [`${A}.items.type: Invalid value: "string": must be object if parent array's x-kubernetes-list-type is map`],
    ],
    [
      'a repeated key',
      mapList({ type: 'object', required: ['k'], properties: { k: { type: 'string' } } }, ['k', 'k']),
      [`${A}.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: must not contain duplicate entries`],
    ],
    [
      'an optional key without default',
      mapList({ type: 'object', properties: { k: { type: 'string' } } }),
      [
        `${A}.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      ],
    ],
    [
      'a set of objects',
      spec({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } }),
      [
        `${A}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
      ],
    ],
    [
      'an alternative of the root that introduces a field',
      { type: 'object', anyOf: [{ properties: { b: { minLength: 1 } } }] },
      ['s.properties[b]: Required value: because it is defined in s.anyOf[0].properties[b]'],
    ],
    [
      'an alternative below the root that introduces a field',
      spec({ type: 'object', anyOf: [{ properties: { b: { minLength: 1 } } }] }),
      [],
    ],
    [
      'an alternative with rules and with the field metadata',
      spec({
        type: 'object',
        allOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }], properties: { metadata: {} } }],
      }),
      [
        `${A}.allOf[0].properties[metadata]: Forbidden: must not be specified in a nested context`,
        `${A}.allOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural`,
      ],
    ],
    [
      'a pattern in an alternative',
      spec({ type: 'string', anyOf: [{ pattern: '(' }] }),
      [
        `${A}.anyOf[0].pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
      ],
    ],
    [
      'a default in an alternative, even if it is false or empty',
      spec({ type: 'object', allOf: [{ default: false }], not: { default: {} } }),
      [
        `${A}.allOf[0].default: Forbidden: must be undefined to be structural`,
        `${A}.not.default: Forbidden: must be undefined to be structural`,
      ],
    ],
    [
      'alternatives with additionalProperties, of which only true is refused',
      spec({ type: 'object', anyOf: [{ additionalProperties: true }, { additionalProperties: false }] }),
      [`${A}.anyOf[0].additionalProperties: Forbidden: must be undefined to be structural`],
    ],
    [
      'maxProperties: 0 for metadata',
      { type: 'object', properties: { metadata: { type: 'object', maxProperties: 0 } } },
      [
        's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
    [
      'conditions in addition to the alternatives of an int-or-string',
      spec({ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: INT_OR_STRING, maxLength: 5 }, { pattern: 'x' }] }),
      [],
    ],
    [
      'a title next to the alternatives of an int-or-string',
      spec({ 'x-kubernetes-int-or-string': true, anyOf: INT_OR_STRING, allOf: [{ anyOf: INT_OR_STRING, title: 't' }] }),
      [`${A}.allOf[0].title: Forbidden: must be empty to be structural`],
    ],
    ['an empty reference', spec({ type: 'object', $ref: '' }), [`${A}.$ref: Forbidden: $ref is not supported`]],
    [
      'an unsupported keyword in a schema without a type',
      spec({ patternProperties: { a: {} } }),
      [`${A}.patternProperties: Forbidden: patternProperties is not supported`],
    ],
    [
      'a default of another number type',
      spec({ type: 'integer', default: 1.5 }),
      [
        `${A}.default: Invalid value: "number":  in body must be of type integer: "number"`,
        `${A}.default: Invalid value: "": Checked value must be of type integer (default format) in `,
      ],
    ],
    [
      'a default with an element that a map list cannot contain',
      mapList({ type: 'object', required: ['k'], properties: { k: { type: 'string' } } }, ['k'], { default: [5] }),
      [`${A}.default.[0]: Invalid value: "integer": [0] in body must be of type object: "integer"`],
    ],
    [
      'the fieldPath of a rule for a field whose name has a dash',
      spec({
        type: 'object',
        properties: { 'a-b': { type: 'string' } },
        'x-kubernetes-validations': ['.a-b', "['a-b']", 'a-b', "['a-b'].x"].map((fieldPath) => ({
          rule: 'true',
          fieldPath,
        })),
      }),
      [
        `${A}.x-kubernetes-validations[2].fieldPath: Invalid value: "a-b": must be a valid path`,
        `${A}.x-kubernetes-validations[3].fieldPath: Invalid value: "['a-b'].x": must be a valid path`,
      ],
    ],
    [
      'defaults of metadata',
      {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { name: { type: 'string', default: 'x' } } } },
      },
      ['s.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata'],
    ],
    [
      'a description of metadata',
      { type: 'object', properties: { metadata: { type: 'object', description: 'x' } } },
      [
        's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
    [
      'nullable elements of a set',
      spec({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', nullable: true } }),
      [`${A}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set`],
    ],
    [
      'a default without a required field and with an unknown field',
      spec({ type: 'object', default: { c: 1 }, required: ['b'], properties: { b: { type: 'integer', default: 1 } } }),
      [`${A}.default: Invalid value: {"c":1}: must not have unknown fields`, `${A}.default.b: Required value`],
    ],
    [
      'the alternatives of an int-or-string',
      spec({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      [],
    ],
    [
      'a default of the root without apiVersion and kind',
      { type: 'object', default: {} },
      ['s.default.apiVersion: Required value', 's.default.kind: Required value'],
    ],
    [
      'a default of a nested field',
      spec({ type: 'object', default: { b: 'x' }, properties: { b: { type: 'integer' } } }),
      [`${A}.default.b: Invalid value: "string": b in body must be of type integer: "string"`],
    ],
    [
      'a rule with a blank message',
      spec({ type: 'string', 'x-kubernetes-validations': [{ rule: 'true', message: ' ' }] }),
      [`${A}.x-kubernetes-validations[0].message: Invalid value: " ": must be non-empty if specified`],
    ],
    [
      'a rule with an unknown reason',
      spec({ type: 'string', 'x-kubernetes-validations': [{ rule: 'true', reason: 'X' }] }),
      [
        `${A}.x-kubernetes-validations[0].reason: Unsupported value: "X": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
      ],
    ],
  ])('%s', (_name, schema, expected) => {
    expect(messages(schema)).toEqual(expected);
  });

  test('a schema that is nested 10,000 levels deep is refused', () => {
    let schema: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 10_000; depth += 1) schema = { type: 'object', properties: { p: schema } };
    expect(structuralErrors(schema, 's').map((error) => error.reason)).toEqual(['FieldValueForbidden']);
  });
});

test('each rule is compiled with its own path, and with the path of an enclosing list whose items cannot be matched with old items', () => {
  const rules = [{ rule: 'true' }];
  const leaf: JsonObject = { type: 'string', 'x-kubernetes-validations': rules };
  const keyed: JsonObject = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: leaf } },
  };
  const schema: JsonObject = {
    type: 'object',
    properties: { keyed, plain: { type: 'array', items: leaf }, top: leaf },
  };
  const seen: [string, string | undefined][] = [];
  const failure: FieldError = { reason: 'FieldValueInvalid', field: 'x', message: 'y' };
  const checkRules: RuleChecker = (_schema, given, path, uncorrelatable) => {
    expect(given).toEqual(rules);
    seen.push([path, uncorrelatable]);
    return [failure];
  };
  const errors = structuralErrors(schema, 's', { checkRules });
  expect(errors).toEqual([failure, failure, failure]);
  expect(seen).toEqual([
    ['s.properties[keyed].items.properties[v].x-kubernetes-validations', undefined],
    ['s.properties[plain].items.x-kubernetes-validations', 's.properties[plain]'],
    ['s.properties[top].x-kubernetes-validations', undefined],
  ]);
});

describe('updates of a CRD', () => {
  const crd = (change: JsonObject, names: JsonObject = {}, status?: JsonObject): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing', ...names },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      ...change,
    },
    ...(status === undefined ? {} : { status }),
  });
  const stored = crd({}, {}, { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] });
  const v2 = [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];

  test.each<[string, KubeObject, string[]]>([
    ['nothing', crd({}), []],
    ['short names', crd({}, { shortNames: ['th'] }), []],
    ['scope', crd({ scope: 'Cluster' }), ['spec.scope: Invalid value: "Cluster": field is immutable']],
    [
      'group',
      crd({ group: 'other.example.com' }),
      ['spec.group: Invalid value: "other.example.com": field is immutable'],
    ],
    ['kind', crd({}, { kind: 'Thingy' }), ['spec.names.kind: Invalid value: "Thingy": field is immutable']],
    [
      'the version in which objects are stored',
      crd({ versions: v2 }),
      [
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
      ],
    ],
  ])('a change of %s has the expected problems', (_name, next, expected) => {
    expect(CrdRules.updateErrors(next, stored).map((error) => `${error.field}: ${error.message}`)).toEqual(expected);
  });

  test('kind and scope may change until the CRD is established', () => {
    expect(CrdRules.updateErrors(crd({ scope: 'Cluster' }, { kind: 'Thingy' }), crd({}))).toEqual([]);
  });
});
