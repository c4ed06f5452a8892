import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { type Schema, builtinSource, openApiDocument } from './index.ts';
import { bundledSource } from './builtin-source.ts';
import { bundleTypes } from './bundle.ts';
import type { FieldFacts, TypeFacts } from './builtin-types.ts';

const data = (name: string): JsonValue =>
  JSON.parse(readFileSync(new URL(`../../../../data/kubernetes-1.36/${name}`, import.meta.url), 'utf8')) as JsonValue;
const { types } = data('types.json') as unknown as { types: Record<string, TypeFacts> };

const MACHINERY: Record<string, string> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  Time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  MicroTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  FieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  JSON: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
};

function publishedName(name: string): string {
  if (name.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${name}`;
  if (name.startsWith('apiextensions.')) return `io.k8s.apiextensions-apiserver.pkg.apis.${name}`;
  return MACHINERY[name] ?? `io.k8s.api.${name}`;
}

const SCALARS: Record<string, JsonObject> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

function publish(type: string): JsonObject {
  if (type.endsWith('[]')) return { type: 'array', items: publish(type.slice(0, -2)) };
  if (type.endsWith('{}')) return { type: 'object', additionalProperties: publish(type.slice(0, -2)) };
  return SCALARS[type] ?? { allOf: [{ $ref: `#/components/schemas/${publishedName(type)}` }], default: {} };
}

/** The OpenAPI document that a server would publish, with all groups in one document. */
function document(): JsonValue {
  const schemas: JsonObject = Object.fromEntries(Object.values(MACHINERY).map((name) => [name, { type: 'string' }]));
  const fields = (facts: TypeFacts): [string, FieldFacts][] =>
    Object.entries(facts.fields).flatMap(([name, field]) => {
      const inlined = field.inline === 1 ? types[field.t] : undefined;
      return inlined === undefined ? [[name, field] as [string, FieldFacts]] : fields(inlined);
    });
  for (const [name, facts] of Object.entries(types)) {
    const properties = fields(facts).map(([field, { t, list, keys, map, patch, mergeKey }]) => {
      const extensions = {
        'x-kubernetes-list-type': list,
        'x-kubernetes-list-map-keys': keys,
        'x-kubernetes-map-type': map,
        'x-kubernetes-patch-strategy': patch,
        'x-kubernetes-patch-merge-key': mergeKey,
      };
      return [field, { ...publish(t), ...extensions }] as const;
    });
    const gvk = facts.gvk?.map(([group, version, kind]) => ({ group, version, kind }));
    schemas[publishedName(name)] = JSON.parse(
      JSON.stringify({
        type: 'object',
        properties: Object.fromEntries(properties),
        required: facts.required,
        'x-kubernetes-map-type': facts.map,
        'x-kubernetes-group-version-kind': gvk,
      }),
    );
  }
  return { components: { schemas } };
}

/** All members of a schema up to a depth, with resolved references, for comparison. */
function outline(schema: Schema, depth: number): unknown {
  const { properties, items, additionalProperties, ...rest } = schema;
  const children = {
    properties:
      properties &&
      Object.fromEntries(
        Object.entries(properties).map(([name, child]) => [name, depth > 0 ? outline(child, depth - 1) : '…']),
      ),
    items: items && (depth > 0 ? outline(items, depth - 1) : '…'),
    additionalProperties:
      typeof additionalProperties === 'object' && depth > 0
        ? outline(additionalProperties, depth - 1)
        : typeof additionalProperties,
  };
  return { ...rest, ...children };
}

test('a bundle of published documents describes the same types as the built-in data', () => {
  const bundled = bundledSource({ types: () => bundleTypes([document()]), discovery: () => [data('discovery.json')] });
  const source = builtinSource();
  const list = (name: string): boolean => ['core.v1.ContainerPort', 'core.v1.ServicePort'].includes(name);
  for (const name of Object.keys(types).filter((name) => !list(name))) {
    expect(outline(bundled.typeNamed(name), 1), name).toEqual(outline(source.typeNamed(name), 1));
  }
  expect(
    bundled.schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' })?.properties?.['spec']?.required,
  ).toEqual(['selector', 'template']);
});

test('the published documents are also readable as a source', () => {
  const source = openApiDocument(document());
  const pod = source.schemaOf({ group: '', version: 'v1', kind: 'Pod' });
  expect(pod?.properties?.['spec']?.properties?.['containers']?.items?.required).toEqual(['name']);
});

test.each<[JsonValue]>([
  [null],
  [{}],
  [{ components: { schemas: { 'io.k8s.api.x.v1.Y': { properties: { a: 5, b: { type: ['x'] } } } } } }],
])('malformed documents do not throw: %j', (odd) => {
  expect(Object.values(bundleTypes([odd])).length).toBeLessThan(2);
});
