import { structuralSchema } from './lazy.ts';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { parseAllDocuments } from 'yaml';
import { type Schema, builtinSource, combineSources, crdSource, openApiDocument } from './index.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const at = (schema: Schema | undefined, ...path: string[]): Schema | undefined =>
  path.reduce<Schema | undefined>((node, step) => {
    if (step === '[]') return node?.items;
    if (step === '{}') return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    return node?.properties?.[step];
  }, schema);

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };

describe('builtinSource', () => {
  const source = builtinSource();

  test.each<[string[], Schema]>([
    [['spec', 'replicas'], { type: 'integer', format: 'int32' }],
    [
      ['spec', 'strategy', 'rollingUpdate', 'maxSurge'],
      { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
    ],
    [['metadata', 'creationTimestamp'], { type: 'string', format: 'date-time' }],
    [
      ['spec', 'template', 'spec', 'containers', '[]', 'resources', 'limits', '{}'],
      { oneOf: [{ type: 'string' }, { type: 'number' }] },
    ],
  ])('publishes %j of a Deployment', (path, expected) => {
    expect(at(source.schemaOf(deployment), ...path)).toEqual(expected);
  });

  test('keeps the list map keys and the merge key in the schema of the list', () => {
    const ports = at(source.schemaOf(deployment), 'spec', 'template', 'spec', 'containers', '[]', 'ports');
    expect(ports?.type).toBe('array');
    expect(ports?.['x-kubernetes-list-map-keys']).toEqual(['containerPort', 'protocol']);
    expect(ports?.['x-kubernetes-patch-merge-key']).toBe('containerPort');
    expect(ports?.items?.required).toEqual(['containerPort']);
  });

  test('has a single schema object for each type, even for recursive types', () => {
    const pod = source.schemaOf({ group: '', version: 'v1', kind: 'Pod' });
    const template = at(source.schemaOf(deployment), 'spec', 'template', 'spec');
    expect(at(pod, 'spec')).toBe(template);
    const props = source.typeNamed('apiextensions.v1.JSONSchemaProps');
    expect(at(props, 'properties', '{}')).toBe(props);
  });

  test.each([
    [
      deployment,
      { plural: 'deployments', namespaced: true, shortNames: ['deploy'], subresources: ['scale', 'status'] },
    ],
    [
      { group: '', version: 'v1', kind: 'Namespace' },
      { plural: 'namespaces', namespaced: false },
    ],
    [
      { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenReview' },
      { plural: 'tokenreviews', verbs: ['create'] },
    ],
    [{ group: '', version: 'v1', kind: 'ConfigMapList' }, { plural: 'configmaplists' }],
  ])('knows the API resource of %j', (type, expected) => {
    expect(source.resourceOf(type)).toMatchObject(expected);
  });

  test.each([
    { group: 'policy', version: 'v1', kind: 'Eviction' },
    { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    { group: 'apps', version: 'v1beta1', kind: 'Deployment' },
    { group: '', version: 'v1', kind: 'constructor' },
  ])('has no resource for %j', (type) => {
    expect(source.resourceOf(type)).toBeUndefined();
  });

  test.each<[string, string, string[], Schema]>([
    [
      'flowcontrol.apiserver.k8s.io',
      'PriorityLevelConfiguration',
      ['spec', 'limited', 'limitResponse', 'type'],
      { type: 'string' },
    ],
    [
      'resource.k8s.io',
      'ResourceSlice',
      ['spec', 'devices', '[]', 'capacity', '{}', 'value'],
      { oneOf: [{ type: 'string' }, { type: 'number' }] },
    ],
    [
      'apiregistration.k8s.io',
      'APIServiceList',
      ['items', '[]', 'spec', 'versionPriority'],
      { type: 'integer', format: 'int32' },
    ],
  ])('has a schema in the group %s for the kind %s', (group, kind, path, expected) => {
    expect(at(source.schemaOf({ group, version: 'v1', kind }), ...path)).toEqual(expected);
  });

  test('finds the schema of Eviction only by the name of the type, because only the subresource pods/eviction has this kind', () => {
    expect(source.schemaOf({ group: 'policy', version: 'v1', kind: 'Eviction' })).toBeUndefined();
    expect(at(source.typeNamed('policy.v1.Eviction'), 'deleteOptions')?.type).toBe('object');
  });

  test('keeps the defaults of the key fields of a list with x-kubernetes-list-type: map', () => {
    const service = source.schemaOf({ group: '', version: 'v1', kind: 'Service' });
    expect(at(service, 'spec', 'ports', '[]', 'protocol')).toEqual({ type: 'string', default: 'TCP' });
  });

  test('has a schema with fields for every kind that it serves', () => {
    const kinds = [...source.kinds()];
    expect(kinds.length).toBeGreaterThan(60);
    for (const type of kinds)
      expect(at(source.schemaOf(type), 'apiVersion'), JSON.stringify(type)).toEqual({ type: 'string' });
  });

  test('refuses versions that are not bundled', () => {
    expect(() => builtinSource('1.99')).toThrow(/1\.99/);
    expect(() => builtinSource('../secrets')).toThrow(/no built-in kinds/);
  });
});

const crdFile = new URL('../../../../test/conformance/graph/crds.yaml', import.meta.url);
const crds = parseAllDocuments(readFileSync(crdFile, 'utf8')).map((document) => document.toJS() as KubeObject);

describe.each([false, true])('crdSource (pack: %s)', (pack) => {
  const source = crdSource(crds, { pack });

  test('adds the fields that every object has (apiVersion, kind, metadata) at the root', () => {
    const kinds = [...source.kinds()];
    expect(kinds.length).toBeGreaterThan(5);
    for (const type of kinds) {
      const schema = source.schemaOf(type);
      expect(at(schema, 'metadata', 'labels', '{}'), JSON.stringify(type)).toEqual({ type: 'string' });
      expect(schema?.type).toBe('object');
      expect(at(source.schemaOf({ ...type, kind: `${type.kind}List` }), 'items', '[]')).toBe(schema);
    }
  });
});

const crd = (fields: JsonObject): KubeObject =>
  crdOf('Thing', {}, { scope: 'Cluster', fields: { schema: null, ...fields } });
const thing = { group: 'example.com', version: 'v1', kind: 'Thing' };

describe('crdSource', () => {
  test('adds apiVersion, kind and metadata inside embedded resources, and requires apiVersion and kind', () => {
    const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { x: { type: 'string' } } };
    const source = crdSource([crd({ schema: { openAPIV3Schema: { type: 'object', properties: { e: embedded } } } })]);
    const node = at(source.schemaOf(thing), 'e');
    expect(node?.required).toEqual(['kind', 'apiVersion']);
    expect(Object.keys(node?.properties ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'x']);
  });

  test('leaves out unserved versions', () => {
    expect(crdSource([crd({ served: false })]).schemaOf(thing)).toBeUndefined();
  });

  test.each([
    {},
    { schema: 3 },
    { schema: { openAPIV3Schema: 'x' } },
    { schema: { openAPIV3Schema: { properties: [] } } },
  ])('publishes a version without a usable schema: %j', (version) => {
    expect(crdSource([crd(version)]).schemaOf(thing)?.properties?.['kind']).toEqual({ type: 'string' });
  });

  test('skips objects that are not CustomResourceDefinitions', () => {
    const broken = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, spec: { names: 3 } };
    expect([...crdSource([broken]).kinds()]).toEqual([]);
  });

  test('keeps __proto__ as an ordinary property', () => {
    const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"integer"}}}') as JsonObject;
    const properties = crdSource([crd({ schema: { openAPIV3Schema: schema } })]).schemaOf(thing)?.properties ?? {};
    expect(Object.getOwnPropertyDescriptor(properties, '__proto__')?.enumerable).toBe(true);
    expect(Object.getPrototypeOf(properties)).toBe(Object.prototype);
  });
});

const document = {
  paths: {
    '/apis/example.com/v1/things': {
      get: { 'x-kubernetes-action': 'list', 'x-kubernetes-group-version-kind': thing },
      post: { 'x-kubernetes-action': 'post', 'x-kubernetes-group-version-kind': thing },
    },
    '/apis/example.com/v1/things/{name}': {
      delete: { 'x-kubernetes-action': 'constructor', 'x-kubernetes-group-version-kind': thing },
      put: { 'x-kubernetes-action': 'put', 'x-kubernetes-group-version-kind': thing },
    },
    '/apis/example.com/v1/things/{name}/status': {
      get: { 'x-kubernetes-action': 'get', 'x-kubernetes-group-version-kind': thing },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: {
          apiVersion: { type: 'string' },
          next: { allOf: [{ $ref: '#/components/schemas/Thing' }], default: {}, description: 'the next one' },
          many: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
          lost: { $ref: '#/components/schemas/Nowhere' },
          loop: { $ref: '#/components/schemas/Loop' },
        },
        'x-kubernetes-group-version-kind': [thing],
      },
      Loop: { $ref: '#/components/schemas/Pool' },
      Pool: { $ref: '#/components/schemas/Loop' },
    },
  },
};

describe('openApiDocument', () => {
  const source = openApiDocument(document);
  const schema = source.schemaOf(thing);

  test('resolves all references to a type to the same schema object', () => {
    expect(at(schema, 'next')).toBe(schema);
    expect(at(schema, 'many', '[]')).toBe(schema);
  });

  test('returns the empty schema for unresolvable references', () => {
    expect(at(schema, 'lost')).toEqual({});
    expect(at(schema, 'loop')).toEqual({});
  });

  test('reads resources from the paths', () => {
    expect(source.resourceOf(thing)).toMatchObject({
      plural: 'things',
      namespaced: false,
      verbs: ['list', 'create', 'update', 'constructor'],
      subresources: ['status'],
    });
  });
});

test('combineSources queries the sources in order, and lists each kind once', () => {
  const first = crdSource([crd({})]);
  const both = combineSources(first, crdSource([crd({})]), builtinSource());
  expect(both.schemaOf(thing)).toBe(first.schemaOf(thing));
  expect(both.resourceOf(deployment)?.plural).toBe('deployments');
  expect([...both.kinds()].filter((type) => type.kind === 'Thing')).toHaveLength(1);
});

test('reading a field does not copy the layout of its 900 neighbours', () => {
  for (let round = 0; round < 20; round += 1) {
    const fields = Array.from({ length: 900 }, (_, index) => [`f${index}`, { type: 'string' }] as const);
    const { properties = {} } = structuralSchema({ properties: Object.fromEntries(fields) });
    for (const [name] of fields) expect(properties[name]?.type).toBe('string');
  }
});
