import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { CrdRules } from '../index.ts';

const OBJECT: JsonObject = { type: 'object' };
const FIELDS: JsonObject = Object.fromEntries('abcdefghij'.split('').map((name) => [name, { type: 'string' }]));
const WITH_FIELDS: JsonObject = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: FIELDS },
    metadata: { type: 'object', properties: { name: { type: 'string' } } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

function crd(schema: JsonObject, version: JsonObject = {}, annotations?: Record<string, string>): KubeObject {
  const group = annotations === undefined ? 'example.com' : 'x.k8s.io';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}`, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    },
  };
}

const causes = (object: KubeObject, old?: KubeObject): string[] =>
  (old === undefined ? CrdRules.errors(object) : CrdRules.updateErrors(object, old)).map(
    ({ field, message }) => `${field}: ${message}`,
  );

describe('the root of a schema with a status subresource', () => {
  const subresources = { status: {} };
  test.each<[string, JsonObject]>([
    ['a type and properties', { ...OBJECT, properties: {} }],
    ['rules', { ...OBJECT, 'x-kubernetes-validations': [{ rule: 'true' }], required: ['spec'], description: 'x' }],
  ])('may have %s', (_name, schema) => {
    expect(causes(crd(schema, { subresources }))).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ['alternatives', { ...OBJECT, oneOf: [{ required: ['spec'] }] }],
    ['a minimum number of members', { ...OBJECT, minProperties: 1 }],
    ['a map type', { ...OBJECT, 'x-kubernetes-map-type': 'atomic' }],
    ['an empty enum', { ...OBJECT, enum: [] }],
  ])('may not have %s', (_name, schema) => {
    expect(causes(crd(schema))).toEqual([]);
    expect(causes(crd(schema, { subresources }))).toEqual([
      expect.stringMatching(
        /^spec\.validation\.openAPIV3Schema: Invalid value: \{"ID":"",.*"XValidations":null\}: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
      ),
    ]);
  });

  test('is printed with the members of its Go type', () => {
    const [, printed = ''] =
      /Invalid value: (.*): only/.exec(
        causes(crd({ ...OBJECT, anyOf: [{ enum: ['<'], not: { maximum: 1e7 } }] }, { subresources }))[0] ?? '',
      ) ?? [];
    const [alternative] = (JSON.parse(printed) as { AnyOf: JsonObject[] }).AnyOf;
    expect(alternative).toMatchObject({
      Type: '',
      Enum: ['<'],
      Not: { Maximum: 10_000_000, Nullable: false, Ref: null },
    });
  });
});

describe('selectable fields', () => {
  const selectableFields = (...paths: string[]) => ({ selectableFields: paths.map((jsonPath) => ({ jsonPath })) });
  const at = (index: number) => `spec.selectableFields[${index}].jsonPath: Invalid value:`;
  const TYPES =
    'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
  const nine = selectableFields(...'abcdefghi'.split('').map((name) => `.spec.${name}`));

  test.each<[string, JsonObject, string[]]>([
    ['eight fields', selectableFields(...'abcdefgh'.split('').map((name) => `.spec.${name}`)), []],
    ['nine fields', nine, ['spec.selectableFields: Too many: 9: must have at most 8 items']],
    ['a value of a map', selectableFields('.map.x'), []],
    [
      'a field of metadata',
      selectableFields('.metadata.name'),
      [`${at(0)} ".metadata.name": must not point to fields in metadata`],
    ],
    [
      'an object, twice',
      selectableFields('.spec', '.spec'),
      [
        `${at(0)} ".spec": ${TYPES}`,
        `${at(1)} ".spec": ${TYPES}`,
        'spec.selectableFields[1].jsonPath: Duplicate value: ".spec"',
      ],
    ],
    [
      'malformed paths',
      selectableFields('.spec.', '.spec[a]', 'spec.a', '.spec.z', '.spec.a.b'),
      [
        `${at(0)} ".spec.": is an invalid path: unexpected end of JSON path`,
        `${at(1)} ".spec[a]": is an invalid path: array notation is not allowed`,
        `${at(2)} "spec.a": is an invalid path: expected [ or . but got: spec`,
        `${at(3)} ".spec.z": is an invalid path: does not refer to a valid field`,
        `${at(4)} ".spec.a.b": is an invalid path: does not refer to a valid field`,
      ],
    ],
  ])('the errors for %s are those of the API server', (_name, version, expected) => {
    expect(causes(crd(WITH_FIELDS, version))).toEqual(expected);
  });

  test('may stay more than eight in an update, but not become more than eight', () => {
    expect(causes(crd(WITH_FIELDS, nine), crd(WITH_FIELDS, nine))).toEqual([]);
    expect(causes(crd(WITH_FIELDS, nine), crd(WITH_FIELDS))).toHaveLength(1);
  });
});

describe('the approval of a group of the Kubernetes project', () => {
  const APPROVAL = 'api-approved.kubernetes.io';
  const approved = (text?: string) => crd(OBJECT, {}, text === undefined ? {} : { [APPROVAL]: text });
  const FIELD = `metadata.annotations[${APPROVAL}]`;

  test.each<[string, string | undefined, string | undefined, RegExp | undefined]>([
    ['stays absent', undefined, undefined, undefined],
    ['stays invalid', 'x', 'y', undefined],
    ['stays an address', 'https://x.y/1', 'https://x.y/2', undefined],
    ['becomes a reason', 'https://x.y/1', 'unapproved, a test', undefined],
    ['is removed', 'https://x.y/1', undefined, /: Required value: protected groups must have approval annotation/],
    ['becomes invalid', 'unapproved', 'x', /: Invalid value: "x": protected groups/],
    ['becomes an address with a space in its host', 'unapproved', 'https://x y', /: Invalid value: "https:\/\/x y": /],
  ])('%s, with the expected problem or none', (_name, before, after, problem) => {
    const found = causes(approved(after), approved(before));
    expect(found).toEqual(problem === undefined ? [] : [expect.stringMatching(problem)]);
    for (const cause of found) expect(cause.startsWith(FIELD)).toBe(true);
  });
});
