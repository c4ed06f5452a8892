import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { Cluster } from '../index.ts';
import { createEmbeddedCluster } from '../index.ts';
import { parseYaml } from '../codec/yaml.ts';
import { replyParts, Turns } from './list-reply.ts';

const YAML = 'application/yaml';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const PARTIAL = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
const MAPS = '/api/v1/namespaces/default/configmaps';

const textOf = (body: unknown): string => Buffer.concat([body as Buffer | Buffer[]].flat()).toString();
const json = { yaml: false, contentType: 'application/json' };

test('the items of a list are created one by one, with turns between', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const order: string[] = [];
  const items = function* () {
    for (const name of ['a', 'b', 'c', 'd']) {
      now += 6;
      order.push(name);
      yield name;
    }
  };
  const turns = new Turns(() => {
    order.push('turn');
    return Promise.resolve();
  });
  const { body } = await replyParts({ head: { kind: 'L' }, member: 'items', items: items() }, json, {}, turns);
  expect(order).toEqual(['a', 'b', 'turn', 'c', 'd', 'turn']);
  expect(textOf(body)).toBe('{"kind":"L","items":["a","b","c","d"]}');
  vi.restoreAllMocks();
});

test('a list that is too long is refused before it is complete', async () => {
  let created = 0;
  const items = function* () {
    for (;;) {
      created += 1;
      yield 'x'.repeat(98);
    }
  };
  const reply = replyParts({ head: {}, member: 'items', items: items() }, json, {}, new Turns(), 1000);
  await expect(reply).rejects.toMatchObject({ httpCode: 413, message: expect.stringContaining('limit=100') as string });
  expect(created).toBe(11);
});

let cluster: Cluster;

async function call(method: string, path: string, accept: string, body?: JsonValue): Promise<string> {
  const headers = { accept, 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const reply = await cluster.transport().request({ method, path, headers, ...sent });
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  expect(reply.status).toBeLessThan(300);
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of a response, and the turns of the event loop until it was there. */
async function turnsOf(path: string, accept: string): Promise<{ text: string; turns: number }> {
  let [turns, isDone] = [0, false];
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const text = await call('GET', path, accept);
  isDone = true;
  return { text, turns };
}

const OBJECTS = 12;
const items = (length: number, value?: JsonObject) =>
  crdOf(
    'Box',
    {
      properties: {
        spec: {
          type: 'object',
          properties: {
            a: {
              type: 'array',
              maxItems: length,
              items: {
                type: 'object',
                properties: {
                  b: {
                    type: 'object',
                    additionalProperties: { type: 'string' },
                    ...(value === undefined ? {} : { default: value }),
                  },
                },
              },
            },
          },
        },
      },
    },
    { names: { plural: 'boxes' } },
  );

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  await call('POST', CRDS, 'application/json', items(4500));
  for (let index = 0; index < OBJECTS; index += 1) {
    const spec = { a: Array.from({ length: 4500 }, () => ({})) };
    const metadata = { name: `b${index}`, labels: { a: 'b' } };
    await call('POST', BOXES, 'application/json', { apiVersion: 'example.com/v1', kind: 'Box', metadata, spec });
  }
  for (let index = 0; index < 500; index += 1) {
    const data = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`k${at}`, `value: "${at}"`]));
    await call('POST', MAPS, 'application/json', { metadata: { name: `m${index}` }, data });
  }
  const value = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'x'.repeat(50)]));
  const path = `${CRDS}/boxes.example.com`;
  const stored = JSON.parse(await call('GET', path, 'application/json')) as JsonObject;
  await call('PUT', path, 'application/json', { ...stored, spec: items(4500, value)['spec'] ?? null });
});
afterAll(() => cluster.close());

test.each([
  ['JSON', ''],
  ['JSON of selected objects', '?labelSelector=a%3Db'],
  [YAML, ''],
  [TABLE, ''],
  [PARTIAL, ''],
])('other requests are served between objects with long defaults: %s', async (form, query) => {
  const { text, turns } = await turnsOf(`${BOXES}${query}`, form.startsWith('JSON') ? 'application/json' : form);
  expect(text.length).toBeGreaterThan(OBJECTS * 200);
  // Each object needs much more than the time of a turn.
  expect(turns).toBeGreaterThanOrEqual(OBJECTS);
});

test.each([
  ['a long list', MAPS],
  ['a short list', `${MAPS}?limit=2`],
  ['a list of custom resources', `${BOXES}?limit=2`],
  ['a long object', `${BOXES}/b0`],
  ['an object', `${MAPS}/m0`],
])('%s has the same content in YAML as in JSON', async (_, path) => {
  const withoutToken = (text: string) => text.replaceAll(/"?continue"?: ?"?[\w-]+"?/g, 'continue: x');
  const [yaml, plain] = [await call('GET', path, YAML), await call('GET', path, 'application/json')];
  const value = plain.length > 1_000_000 ? undefined : parseYaml(withoutToken(yaml)).value;
  if (value === undefined) expect(yaml.match(/x{50}/g)).toHaveLength(plain.match(/x{50}/g)?.length ?? 0);
  else expect(value).toEqual(parseYaml(withoutToken(plain)).value);
});
