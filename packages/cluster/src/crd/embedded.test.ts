import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { checkEmbedded } from './decode-custom.ts';

const RESOURCE: Schema = {
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  'x-kubernetes-preserve-unknown-fields': true,
};

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        one: RESOURCE,
        list: { type: 'array', items: RESOURCE },
        map: { type: 'object', additionalProperties: RESOURCE },
      },
    },
  },
};

const problem = (spec: JsonValue): string => {
  try {
    checkEmbedded(SCHEMA, { apiVersion: 'a/v1', kind: 'A', metadata: 'checked elsewhere', spec });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

const GO_VALUE = 'into Go value of type v1.ObjectMeta';
const NUMBER_AS_NAME = 'json: cannot unmarshal number into Go struct field ObjectMeta.name of type string';

test.each<[text: string, spec: JsonValue, expected: string]>([
  ['metadata is an object', { one: { metadata: { name: 'a' } } }, ''],
  ['metadata is null', { one: { metadata: null } }, ''],
  ['metadata is absent', { one: {} }, ''],
  [
    'metadata is a text',
    { one: { metadata: 'text' } },
    `spec.one.metadata: Invalid value: "text": json: cannot unmarshal string ${GO_VALUE}`,
  ],
  [
    'metadata is a list',
    { list: [{}, { metadata: [1] }] },
    `spec.list[1].metadata: Invalid value: [1]: json: cannot unmarshal array ${GO_VALUE}`,
  ],
  [
    'metadata is a number',
    { one: { metadata: 5 } },
    `spec.one.metadata: Invalid value: 5: json: cannot unmarshal number ${GO_VALUE}`,
  ],
  [
    'a name is a number',
    { one: { metadata: { name: 5, annotations: { z: '<', a: '' } } } },
    `spec.one.metadata: Invalid value: {"annotations":{"a":"","z":"\\u003c"},"name":5}: ${NUMBER_AS_NAME}`,
  ],
  [
    'the resource is under a key of a map',
    { map: { 'a.b': { metadata: { name: 5 } } } },
    `spec.map[a.b].metadata: Invalid value: {"name":5}: ${NUMBER_AS_NAME}`,
  ],
  ['apiVersion is a number', { one: { apiVersion: 1 } }, 'spec.one.apiVersion: Invalid value: 1: must be a string'],
  ['kind is null', { one: { kind: null } }, 'spec.one.kind: Invalid value: null: must be a string'],
])('an embedded resource is refused only for a member of the wrong type: %s', (_text, spec, expected) => {
  expect(problem(spec)).toBe(expected);
});
