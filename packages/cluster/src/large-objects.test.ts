import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject } from '@typekro/kit/core';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';

describe('large objects', () => {
  /** Writes of objects that are too large to be stored: refused in memory and with a state directory alike. */
  const LIMIT = 1.5 * 1024 * 1024;
  const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
  const POISONS = '/apis/example.com/v1/namespaces/default/poisons';
  const TREES = '/apis/example.com/v1/namespaces/default/trees';
  const MAPS = '/api/v1/namespaces/default/configmaps';
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const TOO_LARGE = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'etcdserver: request is too large',
    code: 500,
  };

  const names = (plural: string): JsonObject => ({ plural });
  const withDefault = (value: JsonObject | string): JsonObject => ({
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { d: { ...typeOf(value), default: value } } } },
    },
  });
  const typeOf = (value: JsonObject | string): JsonObject =>
    typeof value === 'string' ? { type: 'string' } : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const box = (name: string, members: JsonObject): JsonObject => ({
    apiVersion: 'example.com/v1',
    kind: 'Box',
    metadata: { name },
    ...members,
  });
  const poison = (name: string, items: number, kind = 'Poison'): JsonObject => ({
    apiVersion: 'example.com/v1',
    kind,
    metadata: { name },
    list: Array.from({ length: items }, () => ({})),
  });
  const half = 'x'.repeat(LIMIT / 2);
  const many = (character: string, count: number) => character.repeat(count);

  let cluster: Cluster;

  async function call(method: string, path: string, body?: object | string, type = 'application/json') {
    const reply = await cluster
      .transport()
      .request({
        method,
        path,
        headers: { 'content-type': type },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
    return { code: reply.status, body: JSON.parse(text) as JsonObject };
  }

  async function start(stateDirectory?: string): Promise<void> {
    cluster = await createEmbeddedCluster({
      controllers: false,
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
    });
    const defaults = { ...withDefault(many('d', 10_000)) };
    const large = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`m${index}`, index]));
    for (const crd of [
      crdOf('Box', ANYTHING, { names: names('boxes'), fields: { subresources: { status: {} } } }),
      crdOf('Poison', defaults),
      crdOf('Tree', withDefault(large)),
    ]) {
      expect((await call('POST', CRDS, crd)).code).toBe(201);
    }
  }

  const directory = mkdtempSync(join(tmpdir(), 'typekro-large-'));

  describe.each([
    ['in memory', undefined],
    ['with a state directory', directory],
  ])('%s', (_, stateDirectory) => {
    beforeAll(() => start(stateDirectory));
    afterAll(() => cluster.close());

    test.each<[string, string, string, JsonObject | string, string?]>([
      ['a create', 'POST', BOXES, box('large', { a: half, b: half })],
      ['a dry run', 'POST', `${BOXES}?dryRun=All`, box('large', { a: half, b: half })],
      ['a create with many escapes', 'POST', BOXES, box('large', { a: many('\n', LIMIT / 2) })],
      ['a create with escapes of HTML', 'POST', BOXES, box('large', { a: many('<', LIMIT / 5) })],
      ['a create with long defaults', 'POST', POISONS, poison('large', 200_000)],
      ['a dry run with long defaults', 'POST', `${POISONS}?dryRun=All`, poison('large', 200_000)],
      ['a create with large default objects', 'POST', TREES, poison('large', 200_000, 'Tree')],
      [
        'an apply with long defaults',
        'PATCH',
        `${POISONS}/large?fieldManager=m`,
        poison('large', 200_000),
        'application/apply-patch+yaml',
      ],
      [
        'an apply',
        'PATCH',
        `${BOXES}/large?fieldManager=m`,
        box('large', { a: half, b: half }),
        'application/apply-patch+yaml',
      ],
      ['an update', 'PUT', `${BOXES}/half`, box('half', { a: half, b: half })],
      ['a status', 'PUT', `${BOXES}/half/status`, box('half', { status: { b: half } })],
      ['a merge patch', 'PATCH', `${BOXES}/half`, { b: half }, 'application/merge-patch+json'],
      ['a dry run of a patch', 'PATCH', `${BOXES}/half?dryRun=All`, { b: half }, 'application/merge-patch+json'],
      [
        'a merge patch of the status',
        'PATCH',
        `${BOXES}/half/status`,
        { status: { b: half } },
        'application/merge-patch+json',
      ],
      [
        'a JSON patch',
        'PATCH',
        `${BOXES}/half`,
        [{ op: 'copy', from: '/a', path: '/b' }] as never,
        'application/json-patch+json',
      ],
      [
        'an apply of another manager',
        'PATCH',
        `${BOXES}/half?fieldManager=m`,
        box('half', { b: half }),
        'application/apply-patch+yaml',
      ],
      [
        'fields of many managers',
        'PATCH',
        `${BOXES}/half?fieldManager=m`,
        box('half', {
          metadata: { name: 'half' },
          ...Object.fromEntries(Array.from({ length: 30_000 }, (__, index) => [`member-number-${index}`, 1])),
        }),
        'application/apply-patch+yaml',
      ],
    ])('%s is refused with the error of etcd', async (__, method, path, body, type) => {
      await call('DELETE', `${BOXES}/half`);
      expect((await call('POST', BOXES, box('half', { a: half }))).code).toBe(201);
      const before = (await call('GET', `${BOXES}/half`)).body;
      const sent = method === 'PUT' ? { ...(body as JsonObject), metadata: before['metadata'] ?? {} } : body;
      expect(await call(method, path, sent, type)).toEqual({ code: 500, body: TOO_LARGE });
      expect((await call('GET', `${BOXES}/half`)).body).toEqual(before);
      for (const list of [BOXES, POISONS, TREES]) expect((await call('GET', list)).code).toBe(200);
      expect((await call('GET', `${BOXES}/large`)).code).toBe(404);
    });

    test('a strategic merge patch is refused with the error of etcd', async () => {
      const map = (key: string): JsonObject => ({ data: { [key]: many('x', 1_000_000) } });
      const sent = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, ...map('a') };
      expect((await call('POST', MAPS, sent)).code).toBe(201);
      // The data of a ConfigMap has a limit of its own, so the metadata gets the large part.
      const finalizers = Array.from({ length: 60_000 }, (__, index) => `example.com/f${index}`);
      const patch = { metadata: { finalizers } };
      const type = 'application/strategic-merge-patch+json';
      expect(await call('PATCH', `${MAPS}/c`, patch, type)).toEqual({ code: 500, body: TOO_LARGE });
    });

    test.each<[string, string, JsonObject]>([
      ['just below the limit', BOXES, box('fits', { a: many('x', LIMIT - 1000) })],
      [
        'with characters that JSON escapes, in a kind that is stored as protobuf',
        MAPS,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fits' }, data: { a: many('\n', 1_000_000) } },
      ],
      ['with defaults that fit', POISONS, poison('fits', 150)],
    ])('an object %s is stored', async (__, path, body) => {
      expect((await call('POST', path, body)).code).toBe(201);
      expect((await call('GET', `${path}/fits`)).code).toBe(200);
      expect((await call('DELETE', `${path}/fits`)).code).toBe(200);
    });
  });

  test('defaults that become too long by a change of the definition give an error with a remedy, until it is changed', async () => {
    await start();
    await call('PUT', `${CRDS}/poisons.example.com`, await changed());
    expect((await call('POST', POISONS, poison('p', 100_000))).code).toBe(201);
    expect((await call('PUT', `${CRDS}/poisons.example.com`, await changed(many('d', 10_000)))).code).toBe(200);
    for (const path of [POISONS, `${POISONS}/p`]) {
      const { code, body } = await call('GET', path);
      expect([code, body['message']]).toEqual([500, expect.stringContaining('change the CustomResourceDefinition')]);
    }
    expect((await call('PUT', `${CRDS}/poisons.example.com`, await changed('short'))).code).toBe(200);
    expect((await call('GET', POISONS)).code).toBe(200);
    await cluster.close();
  });

  /** The definition of `Poison` with another default, or without one. */
  async function changed(value?: string): Promise<JsonObject> {
    const { metadata } = (await call('GET', `${CRDS}/poisons.example.com`)).body;
    const schema = value === undefined ? ANYTHING : withDefault(value);
    const crd = crdOf('Poison', schema);
    return { ...crd, metadata: metadata ?? {} };
  }
});

describe('large numbers', () => {
  /** Numbers that no 64-bit float has: a JSON writer prints them as `null`, so they must not enter the store. */
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
  const [JSON_TYPE, YAML, APPLY] = ['application/json', 'application/yaml', 'application/apply-patch+yaml'];
  const [JSON_PATCH, MERGE] = ['application/json-patch+json', 'application/merge-patch+json'];
  const STRATEGIC = 'application/strategic-merge-patch+json';

  let cluster: Cluster;

  async function send(method: string, path: string, type: string, body?: string) {
    const reply = await cluster
      .transport()
      .request({ method, path, headers: { 'content-type': type }, ...(body === undefined ? {} : { body }) });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
    return { status: reply.status, text };
  }

  const box = (name: string, value: string) =>
    `{"apiVersion":"example.com/v1","kind":"Box","metadata":{"name":"${name}"},"value":${value},"any":{"list":[${value}]}}`;

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    const box = crdOf(
      'Box',
      { properties: { value: { type: 'number' }, any: ANYTHING } },
      { names: { plural: 'boxes' } },
    );
    expect((await send('POST', CRDS, JSON_TYPE, JSON.stringify(box))).status).toBe(201);
  });
  afterAll(() => cluster.close());

  const DEPLOYMENT =
    '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1e999,"selector":{}}}';
  const CRD = JSON.stringify(crdOf('Cup', { properties: { value: { type: 'number', default: 'X' } } }));

  describe.each([
    ['1e999', '1e999'],
    ['-1E+400', '-1E+400'],
    ['of 401 digits', `1${'0'.repeat(400)}`],
    ['of 401 digits with a fraction', `1${'0'.repeat(400)}.5`],
  ])('a number %s', (_name, number) => {
    const literal = number.length > 64 ? `${number.slice(0, 64)}…` : number;

    test.each([
      ['create', 'POST', BOXES, JSON_TYPE, box('new', number)],
      ['update', 'PUT', `${BOXES}/old`, JSON_TYPE, box('old', number)],
      ['dry run', 'POST', `${BOXES}?dryRun=All`, JSON_TYPE, box('new', number)],
      ['merge patch', 'PATCH', `${BOXES}/old`, MERGE, `{"any":{"a":${number}}}`],
      ['JSON patch', 'PATCH', `${BOXES}/old`, JSON_PATCH, `[{"op":"add","path":"/any","value":[${number}]}]`],
      ['strategic patch', 'PATCH', '/api/v1/namespaces/default', STRATEGIC, `{"metadata":{"generation":${number}}}`],
      ['built-in type', 'POST', '/apis/apps/v1/namespaces/default/deployments', JSON_TYPE, DEPLOYMENT],
      ['default of a definition', 'POST', CRDS, JSON_TYPE, CRD.replace('"X"', number)],
      ['delete options', 'DELETE', `${BOXES}/old`, JSON_TYPE, `{"gracePeriodSeconds":${number}}`],
    ])('is refused in a %s', async (_, method, path, type, body) => {
      await send('POST', BOXES, JSON_TYPE, box('old', '1'));
      const { status, text } = await send(method, path, type, body.replaceAll('1e999', number));
      expect(status).toBe(400);
      expect(text).toContain(`json: cannot unmarshal number ${literal} into Go value of type float64`);
      expect((await send('GET', `${BOXES}/old`, JSON_TYPE)).text).toContain('"value":1,"any":{"list":[1]}');
      expect((await send('GET', `${BOXES}/new`, JSON_TYPE)).status).toBe(404);
    });
  });

  const POST = ['POST', BOXES, YAML] as const;
  const PATCH = ['PATCH', `${BOXES}/new?fieldManager=m`, APPLY] as const;

  test.each([
    [POST, '.inf', 400, 'json: unsupported value: +Inf'],
    [PATCH, '-.INF', 400, 'json: unsupported value: -Inf'],
    [PATCH, '.nan', 400, 'json: unsupported value: NaN'],
    // Go's YAML parser reads such a number as a string.
    [POST, '1e999', 422, 'value: Invalid value: \\"string\\": value in body must be of type number'],
    [PATCH, '1e999', 500, '.value: expected numeric (int or float), got string'],
  ])('%j with %s in YAML is refused', async ([method, path, type], number, code, message) => {
    const { status, text } = await send(method, path, type, `${box('new', number)}\n`);
    expect(text).toContain(message);
    expect(status).toBe(code);
  });

  /** More elements than a call can have arguments, e.g. `push(...list)`. */
  const MANY = 150_000;
  const members = (value: string) => Array.from({ length: MANY }, (_, at) => `"!${at.toString(36)}":${value}`).join();
  const texts = Array.from({ length: MANY }, (_, at) => at.toString(36));
  const RULE = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != ""' }] };
  const schemaOf = (schema: JsonObject) => JSON.stringify(crdOf('Pot', { properties: { value: schema } }));

  test.each<[string, string, string, string, string, number]>([
    ['unknown fields', 'PATCH', '/api/v1/namespaces/default?fieldValidation=Warn', MERGE, `{${members('1')}}`, 200],
    ['schemas', 'POST', CRDS, JSON_TYPE, schemaOf({ allOf: texts.map(() => ({})) }), 422],
    ['values of an enum', 'POST', CRDS, JSON_TYPE, schemaOf({ ...RULE, enum: texts }), 201],
  ])('150,000 %s are not too many arguments of a function', async (_, method, path, type, body, code) => {
    const { status, text } = await send(method, path, type, body);
    expect([status, text.slice(0, 300)]).toEqual([code, expect.not.stringContaining('Internal error')]);
  });

  test('the largest numbers are stored', async () => {
    const { status, text } = await send('POST', BOXES, JSON_TYPE, box('large', '-1.7976931348623157E+308'));
    expect(status).toBe(201);
    expect(text).toContain('"value":-1.7976931348623157e+308');
  });
});
