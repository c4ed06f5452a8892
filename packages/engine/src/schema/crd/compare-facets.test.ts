import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ComparedFacets, Schema } from '../index.ts';
import { compareCrds } from './compare-crds.ts';
import { compareSchemas } from './compare-schemas.ts';

const changes = (old: Schema, next: Schema, facets: ComparedFacets): string[] =>
  compareSchemas(old, next, facets).map(({ breaking, path, type }) => `${breaking ? '!' : ' '}${path} ${type}`);

const text: Schema = { type: 'string' };
const list = (keyword: Schema): Schema => ({ type: 'array', items: { type: 'object' }, ...keyword });
const map = (values: boolean | Schema | undefined): Schema => ({ type: 'object', additionalProperties: values });
const rule = (...rules: string[]): Schema => ({
  ...text,
  'x-kubernetes-validations': rules.map((each) => ({ rule: each })),
});
const KEEP = 'x-kubernetes-preserve-unknown-fields';

describe('keywords that the facets `engine` and `conservative` compare', () => {
  test.each<[string, Schema, Schema, readonly string[], readonly string[]]>([
    ['an enum that is added', text, { ...text, enum: ['a'] }, ['!.enum ENUM_ADDED'], ['!.enum ENUM_ADDED']],
    ['an enum that is removed', { ...text, enum: ['a'] }, text, [' .enum ENUM_REMOVED'], [' .enum ENUM_REMOVED']],
    [
      'nullable that is removed',
      { ...text, nullable: true },
      text,
      ['!.nullable NULLABLE_REMOVED'],
      ['!.nullable NULLABLE_REMOVED'],
    ],
    [
      'nullable that is added',
      text,
      { ...text, nullable: true },
      [' .nullable NULLABLE_ADDED'],
      [' .nullable NULLABLE_ADDED'],
    ],
    ['an absent nullable that becomes false', text, { ...text, nullable: false }, [], []],
    [
      'unknown fields that are no longer preserved',
      { type: 'object', [KEEP]: true },
      { type: 'object' },
      [`!.${KEEP} PRESERVE_UNKNOWN_FIELDS_REMOVED`],
      [`!.${KEEP} PRESERVE_UNKNOWN_FIELDS_REMOVED`],
    ],
    [
      'unknown fields that are preserved from now on',
      { type: 'object' },
      { type: 'object', [KEEP]: true },
      [` .${KEEP} PRESERVE_UNKNOWN_FIELDS_ADDED`],
      [` .${KEEP} PRESERVE_UNKNOWN_FIELDS_ADDED`],
    ],
    ['a format that is added', text, { ...text, format: 'date' }, [], ['!.format FORMAT_CHANGED']],
    ['a format that is removed', { ...text, format: 'date' }, text, [], [' .format FORMAT_REMOVED']],
    [
      'a property that is removed inside the values of a map',
      map({ type: 'object', properties: { x: text } }),
      map({ type: 'object' }),
      [],
      ['!.additionalProperties.properties.x PROPERTY_REMOVED'],
    ],
    ['a map that becomes closed', map(true), map(false), [], ['!.additionalProperties ADDITIONAL_PROPERTIES_CHANGED']],
    [
      'a map whose values get a schema',
      map(true),
      map(text),
      [],
      ['!.additionalProperties ADDITIONAL_PROPERTIES_CHANGED'],
    ],
    [
      'a first schema for the values of a map',
      map(undefined),
      map(text),
      [],
      [' .additionalProperties ADDITIONAL_PROPERTIES_CHANGED'],
    ],
    ['an absent list type that becomes the default', list({}), list({ 'x-kubernetes-list-type': 'atomic' }), [], []],
    [
      'a list type (the topology) that changes',
      list({}),
      list({ 'x-kubernetes-list-type': 'set' }),
      [],
      ['!.x-kubernetes-list-type TOPOLOGY_CHANGED'],
    ],
    [
      'keys of a list in another order',
      list({ 'x-kubernetes-list-map-keys': ['a', 'b'] }),
      list({ 'x-kubernetes-list-map-keys': ['b', 'a'] }),
      [],
      [],
    ],
    ['a rule that is added', rule('a'), rule('a', 'b'), [], ['!.x-kubernetes-validations VALIDATION_RULES_CHANGED']],
    ['a rule that is removed', rule('a', 'b'), rule('a'), [], [' .x-kubernetes-validations VALIDATION_RULES_REMOVED']],
    [
      'a keyword for which the comparison has no rule',
      list({}),
      list({ uniqueItems: true }),
      [],
      ['!.uniqueItems UNCLASSIFIED_SCHEMA_CHANGE'],
    ],
    ['an absent keyword that becomes false', list({}), list({ uniqueItems: false }), [], []],
  ])('%s has the expected differences', (_title, old, next, engine, conservative) => {
    expect(changes(old, next, 'none')).toEqual([]);
    expect(changes(old, next, 'engine')).toEqual(engine);
    expect(changes(old, next, 'conservative')).toEqual(conservative);
  });

  test('a change of printer columns is not breaking, and a priority of zero equals an absent priority', () => {
    const crd = (...columns: JsonObject[]): KubeObject => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'a' },
      spec: {
        versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object' } }, additionalPrinterColumns: columns }],
      },
    });
    const column = { name: 'A', type: 'string', jsonPath: '.a' };
    const types = (next: KubeObject) => {
      const compared = compareCrds(crd(column), next, 'engine');
      return 'error' in compared ? compared.error : compared.nonBreaking.map(({ type }) => type);
    };
    expect(types(crd({ ...column, priority: 0 }))).toEqual([]);
    expect(types(crd({ ...column, jsonPath: '.b' }))).toEqual(['ADDITIONAL_PRINTER_COLUMNS_CHANGED']);
  });
});
