import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { swaggerProtobuf } from './swagger-protobuf.ts';
import { toSwaggerPaths, toSwaggerSchema } from './swagger.ts';

test('an OpenAPI v3 schema is converted to v2', () => {
  const schema = {
    type: 'object',
    anyOf: [{ type: 'object' }],
    properties: {
      anyOf: { type: 'string' },
      meta: { default: {}, allOf: [{ $ref: '#/components/schemas/Meta' }], description: 'who' },
      list: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
    },
    default: { nullable: true },
  };
  expect(toSwaggerSchema(schema)).toEqual({
    type: 'object',
    properties: {
      anyOf: { type: 'string' },
      meta: { default: {}, $ref: '#/definitions/Meta', description: 'who' },
      list: { type: 'array', items: { $ref: '#/definitions/Item' } },
    },
    default: { nullable: true },
  });
});

const OPEN = { 'x-kubernetes-preserve-unknown-fields': true };
const ROOT = { 'x-kubernetes-group-version-kind': [{ group: 'g', kind: 'K', version: 'v1' }] };

test.each<[string, JsonObject, JsonObject]>([
  ['the root of a kind', { type: 'object', properties: { a: {} }, ...OPEN, ...ROOT }, { type: 'object', ...ROOT }],
  ['an object', { type: 'object', description: 'd', properties: { a: {} }, ...OPEN }, { description: 'd', ...OPEN }],
  ['an array', { type: 'array', items: { type: 'string' }, ...OPEN }, OPEN],
  ['a string', { type: 'string', ...OPEN }, { type: 'string', ...OPEN }],
])('the v2 schema of %s that may have unknown fields declares no members', (_title, schema, expected) => {
  expect(toSwaggerSchema(schema)).toEqual(expected);
});

test.each<[JsonObject, JsonObject]>([
  [{ type: 'string', nullable: true, description: 'd' }, { description: 'd' }],
  [{ type: 'object', nullable: true, properties: { a: {} } }, {}],
  [{ type: 'array' }, {}],
])('the v2 schema of %j, which is nullable or an array without items, has no type', (schema, expected) => {
  expect(toSwaggerSchema(schema)).toEqual(expected);
});

test('an OpenAPI v3 operation is converted to v2', () => {
  const paths = {
    '/a/{name}': {
      patch: {
        operationId: 'patchA',
        parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'string', uniqueItems: true } }],
        requestBody: { content: { 'application/merge-patch+json': { schema: { type: 'object' } } } },
        responses: {
          '200': { description: 'OK', content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } },
        },
      },
    },
  };
  expect(toSwaggerPaths(paths)).toEqual({
    '/a/{name}': {
      patch: {
        operationId: 'patchA',
        consumes: ['application/merge-patch+json'],
        produces: ['application/json', 'application/yaml'],
        parameters: [
          { name: 'body', in: 'body', required: true, schema: { type: 'object' } },
          { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
        ],
        responses: { '200': { description: 'OK', schema: { $ref: '#/definitions/A' } } },
      },
    },
  });
});

/**
 * Decodes a message to its field numbers and values. A nested message remains a buffer, which a test can decode again.
 */
function read(bytes: Buffer): [number, bigint | Buffer | number][] {
  const fields: [number, bigint | Buffer | number][] = [];
  let offset = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[offset++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7n;
    }
  };
  while (offset < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    if ((tag & 7) === 0) fields.push([number, varint()]);
    else if ((tag & 7) === 1) {
      fields.push([number, bytes.readDoubleLE(offset)]);
      offset += 8;
    } else {
      const length = Number(varint());
      fields.push([number, bytes.subarray(offset, offset + length)]);
      offset += length;
    }
  }
  return fields;
}

test('members with numbers, booleans and strings get their field numbers from the protobuf schema', () => {
  const schema: JsonObject = {
    type: 'integer',
    minimum: -1.5,
    maxLength: 300,
    exclusiveMinimum: true,
    'x-a': { b: 1 },
  };
  const document = read(swaggerProtobuf({ swagger: '2.0', info: {}, paths: {}, definitions: { A: schema } }));
  const text = (value: unknown) => (value as Buffer).toString();
  expect(document.map(([number]) => number)).toEqual([1, 2, 8, 9]);
  const [[, entry] = [0, Buffer.alloc(0)]] = read(document[3]?.[1] as Buffer);
  const [name, value] = read(entry as Buffer);
  expect(text(name?.[1])).toBe('A');
  const fields = read(value?.[1] as Buffer);
  expect(fields.slice(0, 3)).toEqual([
    [9, -1.5],
    [10, 1n],
    [11, 300n],
  ]);
  expect(fields[3]?.[0]).toBe(22);
  const [extension, free] = read(fields[4]?.[1] as Buffer);
  expect([fields[4]?.[0], text(extension?.[1])]).toEqual([31, 'x-a']);
  expect(text(read(free?.[1] as Buffer)[0]?.[1])).toBe('b: 1\n');
});
