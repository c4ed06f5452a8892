import { describe, afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { sendJson } from '../../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import { startClusterStory } from '../../test-support/cluster-story.ts';

describe('custom status', () => {
  const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const MERGE = 'application/merge-patch+json';
  const JSON_PATCH = 'application/json-patch+json';

  const status: JsonObject = {
    type: 'object',
    required: ['b'],
    properties: {
      a: { type: 'integer' },
      b: { type: 'string', maxLength: 3, minLength: 1 },
      replicas: { type: 'integer' },
      list: {
        type: 'array',
        maxItems: 2,
        items: { type: 'object', properties: { c: { enum: ['x'], type: 'string' } } },
      },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
      },
      embedded: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    'x-kubernetes-validations': [{ rule: "self.b != 'x'", message: 'not x' }],
  };
  const definition = (maximum: number, statusSchema: JsonObject = status): JsonObject =>
    crdOf(
      'Box',
      {
        properties: { spec: { type: 'object', properties: { n: { type: 'integer', maximum } } }, status: statusSchema },
        'x-kubernetes-validations': [{ rule: "!has(self.status) || self.status.b != 'y'", message: 'not y' }],
      },
      {
        names: { plural: 'boxes' },
        fields: {
          subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.replicas' } },
        },
      },
    );

  let cluster: Cluster;

  async function call(method: string, path: string, body?: JsonObject | JsonValue[], type?: string) {
    const { status: code, body: answer } = await sendJson<JsonObject>(cluster, method, path, { body, type });
    return { code, body: answer };
  }

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    expect((await call('POST', CRDS, definition(5))).code).toBe(201);
    const box = { apiVersion: 'example.com/v1', kind: 'Box', metadata: { name: 'a' }, spec: { n: 4 } };
    expect((await call('POST', BOXES, box)).code).toBe(201);
  });
  afterAll(() => cluster.close());

  const SKIPPED =
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

  // An API server validates the value of `status` with the schema of `status`. The path of a cause therefore begins with
  // `status`, whereas the name in its text is relative to `status`.
  test.each<[string, JsonValue, readonly string[]]>([
    [
      'a wrong type',
      { b: 'b', a: 'x' },
      ['status.a: Invalid value: "string": a in body must be of type integer: "string"', SKIPPED],
    ],
    ['a missing field', {}, ['status.b: Required value', SKIPPED]],
    ['a text that is too short', { b: '' }, ['status.b: Invalid value: "": b in body should be at least 1 chars long']],
    ['a text that is too long', { b: 'bbbb' }, ['status.b: Too long: may not be more than 3 bytes', SKIPPED]],
    [
      'a value in a list',
      { b: 'b', list: [{ c: 'z' }] },
      ['status.list[0].c: Unsupported value: "z": supported values: "x"', SKIPPED],
    ],
    [
      'too many elements',
      { b: 'b', list: [{}, {}, {}] },
      ['status.list: Too many: 3: must have at most 2 items', SKIPPED],
    ],
    ['a repeated element', { b: 'b', map: [{ k: 'a' }, { k: 'a' }] }, ['status.map[1]: Duplicate value: {"k":"a"}']],
    [
      'a status that is not an object',
      'text',
      ['status: Invalid value: "string":  in body must be of type object: "string"', SKIPPED],
    ],
    ['a rule of the status', { b: 'x' }, ['status: Invalid value: not x']],
    ['a rule of the object', { b: 'y' }, ['<nil>: Invalid value: not y']],
    [
      'a negative number of replicas',
      { b: 'b', replicas: -1 },
      ['.status.replicas: Invalid value: -1: should be a non-negative integer'],
    ],
  ])('the errors of %s in a write to status', async (_, sent, expected) => {
    const { body } = await call('PATCH', `${BOXES}/a/status`, { status: sent }, MERGE);
    const { causes } = body['details'] as { causes: { field: string; message: string }[] };
    expect(causes.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected);
  });

  test('a write to status is not refused for the specification, or for an embedded resource', async () => {
    const crd = (await call('GET', `${CRDS}/boxes.example.com`)).body;
    const stricter = { ...definition(3), metadata: crd['metadata'] ?? {} };
    expect((await call('PUT', `${CRDS}/boxes.example.com`, stricter)).code).toBe(200);
    expect((await call('PATCH', `${BOXES}/a/status`, { status: { b: 'b', embedded: {} } }, MERGE)).code).toBe(200);
    expect((await call('PATCH', `${BOXES}/a`, { spec: { n: 6 } }, MERGE)).code).toBe(422);
  });

  test('a definition may lose and get back its status subresource, and each write follows the present one', async () => {
    const cup = (hasStatus: boolean): JsonObject =>
      crdOf(
        'Cup',
        { properties: { status: { type: 'object', properties: { a: { type: 'integer' } } } } },
        { fields: { subresources: hasStatus ? { status: {} } : {} } },
      );
    const definition = cup(true);
    const { name } = definition['metadata'] as { readonly name: string };
    expect((await call('POST', CRDS, definition)).code).toBe(201);
    const path = `/apis/example.com/v1/namespaces/default/cups`;
    expect(
      (await call('POST', path, { apiVersion: 'example.com/v1', kind: 'Cup', metadata: { name: 'a' } })).code,
    ).toBe(201);
    let stored: number | undefined;
    let sent = 0;
    const change = async (hasStatus: boolean) => {
      const { spec } = cup(hasStatus);
      expect(
        (await call('PATCH', `${CRDS}/${name}`, [{ op: 'replace', path: '/spec', value: spec }], JSON_PATCH)).code,
      ).toBe(200);
      const discovered = (await call('GET', '/apis/example.com/v1')).body['resources'] as { readonly name: string }[];
      expect(discovered.some((resource) => resource.name === 'cups/status')).toBe(hasStatus);
      for (const place of ['', '/status']) {
        sent += 1;
        const { code } = await call('PATCH', `${path}/a${place}`, { status: { a: sent } }, MERGE);
        expect(code).toBe(place === '' || hasStatus ? 200 : 404);
        if (hasStatus === (place === '/status')) stored = sent;
        const { body } = await call('GET', `${path}/a`);
        expect(body['status']).toEqual(stored === undefined ? undefined : { a: stored });
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 4 }), async (steps) => {
        for (const step of steps) await change(step);
      }),
      { numRuns: 8, examples: [[[true, false, true]]] },
    );
  });
});

test.each<[string, JsonValue, string]>([
  ['null', null, '<nil> is of the type <nil>, expected int64'],
  ['a text', 'many', 'many is of the type string, expected int64'],
  ['a list', [1], '[1] is of the type []interface {}, expected int64'],
  ['a negative number', -1, 'should be a non-negative integer'],
  ['a large number', 2 ** 31, 'should be less than or equal to 2147483647'],
])('a custom resource whose replicas field is %s is refused', async (_, size, message) => {
  await using story = await startClusterStory({ controllers: false });
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { properties: { spec: anything, status: anything } };
  await story.client.create(crdOf('Herd', schema, { fields: { subresources: { status: {}, scale } } }));
  await story.cluster.idle();
  const herd = (spec: { size?: JsonValue }) =>
    story.create({ apiVersion: 'example.com/v1', kind: 'Herd', metadata: { name: 'a' }, spec });
  await expect(herd({ size })).rejects.toThrow(message);
  await herd({});
});
