import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compareInstanceCrds } from './compare-instance-crds.ts';

const crdWithStatus = (properties: JsonObject): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pots.acme.test' },
  spec: {
    group: 'acme.test',
    names: { kind: 'Pot', plural: 'pots' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { status: { type: 'object', properties } } } },
      },
    ],
  },
});

const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };
const TEXT: JsonObject = { type: 'string' };

const breaking = (live: JsonObject, wanted: JsonObject, mayLackKinds?: true): number | undefined => {
  const graph = mayLackKinds === undefined ? {} : { mayLackKinds };
  const compared = compareInstanceCrds(
    crdWithStatus({ field: live }),
    crdWithStatus({ field: wanted }),
    'engine',
    graph,
  );
  return 'error' in compared ? undefined : compared.breaking.length;
};

describe('a status field with a value from a kind that may be missing', () => {
  test.each<[string, JsonObject]>([
    ['a field', ANYTHING],
    ['a field of an object', { type: 'object', properties: { inner: ANYTHING } }],
    ['the elements of a list', { type: 'array', items: ANYTHING }],
    ['the values of a map', { type: 'object', additionalProperties: ANYTHING }],
    ['fields of the elements of a list', { type: 'array', items: { type: 'object', properties: { inner: ANYTHING } } }],
  ])('gets its type and loses it again without a breaking change: %s', (_, open) => {
    const typed = JSON.parse(
      JSON.stringify(open).replaceAll(JSON.stringify(ANYTHING), JSON.stringify(TEXT)),
    ) as JsonObject;
    expect(breaking(open, typed, true)).toBe(0);
    expect(breaking(typed, open, true)).toBe(0);
  });

  test('is an exception: in a graph without such a kind, a new type is a breaking change', () => {
    expect(breaking({ type: 'array', items: ANYTHING }, { type: 'array', items: TEXT })).toBeGreaterThan(0);
  });

  test('does not hide a change between two types', () => {
    expect(breaking({ type: 'array', items: TEXT }, { type: 'array', items: { type: 'integer' } }, true)).toBe(1);
  });
});
