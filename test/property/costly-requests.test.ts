/**
 * Requests that are as large as the server allows, in forms that once took much more time than others. While one of them
 * is handled, all other requests wait. The limit is a multiple of the processor time for parsing and printing a body of
 * the maximum size on the same machine.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
const LISTS = '/apis/example.com/v1/namespaces/default/lists';
const [JSON_TYPE, YAML, APPLY] = ['application/json', 'application/yaml', 'application/apply-patch+yaml'];
const [JSON_PATCH, STRATEGIC] = ['application/json-patch+json', 'application/strategic-merge-patch+json'];

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const map = (metadata: JsonObject, data: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});
const deployment = (env: JsonValue): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', env }] } },
  },
});
const env = (count: number, value: string): JsonObject[] => many(count, (index) => ({ name: `e${index}`, value }));
const list = (members: JsonObject): JsonObject => ({
  apiVersion: 'example.com/v1',
  kind: 'List',
  metadata: { name: 'a' },
  ...members,
});
const membersOf = (count: number): JsonObject => Object.fromEntries(many(count, (index) => [`k${index}`, 1]));
const definitionOf = (...options: Parameters<typeof crdOf>): JsonObject => crdOf(...options);
const ANY_OBJECT = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** Objects that differ only in their last member. */
const constant = (index: number): JsonObject => ({ e: many(12, (at) => ({ a: `k${at}`, b: [at] })), z: index });
const listDefinition = definitionOf('List', {
  properties: {
    enums: { type: 'array', items: { type: 'string', enum: many(2000, (index) => `value-${index}`) } },
    constants: { type: 'array', items: { ...ANY_OBJECT, enum: many(2500, constant) } },
    choices: { type: 'array', items: { ...ANY_OBJECT, oneOf: many(1500, (index) => ({ enum: [constant(index)] })) } },
    long: { type: 'string', anyOf: many(2000, () => ({ minLength: 2_000_000 })) },
    words: { type: 'array', items: { type: 'string', pattern: '[ab]*a[ab]{300}c' } },
    letters: { type: 'array', items: { type: 'string', pattern: String.raw`(?i)[\p{L}\p{N}]{1,200}$` } },
    numbers: { type: 'array', items: { type: 'integer', maximum: 1 } },
    alternatives: {
      type: 'array',
      items: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        oneOf: many(1000, (index) => ({ required: [`m${index}`] })),
      },
    },
    members: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      anyOf: many(5000, (index) => ({ required: [`m${index}`] })),
    },
    sizes: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      anyOf: many(2000, () => ({ maxProperties: 1 })),
    },
    map: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: { type: 'string' } } },
    },
  },
});
const allOf = { allOf: many(10_000, (index) => ({ properties: { [`a${index}`]: { maximum: 1 } } })) };

const alternatives = { properties: { a: { type: 'string', pattern: many(50_000, (index) => `a${index}`).join('|') } } };
/** A million letters a and b without a period, as words of this length. */
function wordsOf(length: number): string[] {
  let seed = 1;
  const letter = () => ((seed = (seed * 48_271) % 2_147_483_647) % 2 === 0 ? 'a' : 'b');
  return many(1_000_000 / length, () => many(length, letter).join(''));
}

let cluster: Cluster;
/** The processor time of the reference, in microseconds. */
let unit = 0;

async function call(method: string, path: string, body: JsonValue | string, type = JSON_TYPE): Promise<string> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await cluster.transport().request({ method, path, headers: { 'content-type': type }, body: sent });
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return `${reply.status} ${Buffer.concat(chunks).toString('utf8')}`;
}

function processorTime(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return user + system;
}

beforeAll(async () => {
  const text = JSON.stringify(many(90_000, (index) => ({ name: `n${index}`, value: 'v' })));
  const began = process.cpuUsage();
  expect(JSON.stringify(JSON.parse(text) as unknown)).toBe(text);
  unit = processorTime(began);
  cluster = await createEmbeddedCluster({ controllers: false });
  expect(await call('POST', CRDS, listDefinition)).toMatch(/^201/);
  expect(await call('POST', CRDS, definitionOf('Box', ANYTHING, { names: { plural: 'boxes' } }))).toMatch(/^201/);
  const box = { apiVersion: 'example.com/v1', kind: 'Box', metadata: { name: 'a' }, list: many(100_000, Number) };
  expect(await call('POST', BOXES, box)).toMatch(/^201/);
  expect(await call('POST', MAPS, map({}))).toMatch(/^201/);
  expect(await call('POST', DEPLOYMENTS, deployment(env(10_000, 'a')))).toMatch(/^201/);
});
afterAll(() => cluster.close());

/** The multiple of the reference that a request may take. Faults of this kind take at least ten times as much. */
const MAX_UNITS = 60;

test.each<[string, string, string, () => JsonValue | string, string, RegExp]>([
  ['YAML with nested lists', 'POST', MAPS, () => '['.repeat(1_000_000), YAML, /^400 .*exceeded max depth/],
  ['YAML with nested list items', 'POST', MAPS, () => '- '.repeat(1_000_000), YAML, /^400 .*exceeded max depth/],
  ['YAML with many tags', 'POST', MAPS, () => '!!str '.repeat(120_000), YAML, /^400 .*at most one tag/],
  ['YAML with many anchors', 'POST', MAPS, () => '&a '.repeat(120_000), YAML, /^400 .*at most one anchor/],
  ['YAML with many errors', 'POST', MAPS, () => '] '.repeat(1_000_000), YAML, /^400 .*line 1: /],
  ['YAML with many lines', 'POST', MAPS, () => '\n'.repeat(3_000_000), YAML, /^400 .*more than 250000 tokens/],
  [
    'an apply in YAML with many tags',
    'PATCH',
    `${MAPS}/a?fieldManager=m`,
    () => '!!str '.repeat(400_000),
    APPLY,
    /^400 /,
  ],
  [
    'JSON with many unknown fields',
    'POST',
    `${MAPS}?fieldValidation=Strict`,
    () => Object.fromEntries(many(200_000, (i) => [`k${i}`, 1])),
    JSON_TYPE,
    /^400 /,
  ],
  [
    'many controllers among the owners',
    'POST',
    MAPS,
    () =>
      map({
        ownerReferences: many(10_000, (i) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name: `p${i}`,
          uid: `u${i}`,
          controller: true,
        })),
      }),
    JSON_TYPE,
    /^422 /,
  ],
  [
    'a definition with a long pattern',
    'POST',
    CRDS,
    () => definitionOf('Alt', alternatives),
    JSON_TYPE,
    /^422 .*too large/,
  ],
  [
    'many members of an object that one of many alternatives requires',
    'POST',
    LISTS,
    () => list({ members: membersOf(30_000) }),
    JSON_TYPE,
    /^422 .*anyOf/,
  ],
  [
    'many members of an object whose number many alternatives limit',
    'POST',
    LISTS,
    () => list({ sizes: membersOf(30_000) }),
    JSON_TYPE,
    /^422 .*too many errors or alternatives/,
  ],
  ['words with a costly pattern', 'POST', LISTS, () => list({ words: wordsOf(1000) }), JSON_TYPE, /^422 .*too long/],
  [
    'a word with a costly pattern',
    'POST',
    LISTS,
    () => list({ words: wordsOf(1_000_000) }),
    JSON_TYPE,
    /^422 .*too long/,
  ],
  [
    'letters with a pattern',
    'POST',
    LISTS,
    () => list({ letters: many(200, () => 'é'.repeat(3000)) }),
    JSON_TYPE,
    /^201/,
  ],
  ['a definition with 10,000 allOf', 'POST', CRDS, () => definitionOf('All', allOf), JSON_TYPE, /^422 .*and \d+ more/],
  [
    'many values outside of a large enum',
    'POST',
    LISTS,
    () => list({ enums: many(100_000, () => 'z') }),
    JSON_TYPE,
    /^422 .*too many errors/,
  ],
  [
    'many objects of a large enum',
    'POST',
    LISTS,
    () => ({ ...list({ constants: many(4000, () => constant(2499)) }), metadata: { name: 'c' } }),
    JSON_TYPE,
    /^201 /,
  ],
  [
    'many objects with many alternatives of a constant',
    'POST',
    LISTS,
    () => list({ choices: many(4000, () => constant(1499)) }),
    JSON_TYPE,
    /^422 .*alternatives/,
  ],
  [
    'a long string that many alternatives refuse',
    'POST',
    LISTS,
    () => list({ long: 'é'.repeat(700_000) }),
    JSON_TYPE,
    /^422 .*alternatives/,
  ],
  [
    'a quota with many unknown scopes',
    'POST',
    '/api/v1/namespaces/default/resourcequotas',
    () => ({ metadata: { name: 'a' }, spec: { hard: { pods: '1' }, scopes: many(150_000, () => 'x') } }),
    JSON_TYPE,
    /^422 .*unsupported scope/,
  ],
  [
    'many numbers that are too large',
    'POST',
    LISTS,
    () => list({ numbers: many(500_000, () => 5) }),
    JSON_TYPE,
    /^422 .*too many errors/,
  ],
  [
    'many values with many alternatives',
    'POST',
    LISTS,
    () => list({ alternatives: many(100_000, () => ({ m1: 1 })) }),
    JSON_TYPE,
    /^422 .*alternatives/,
  ],
  [
    'an apply of a long list with keys',
    'PATCH',
    `${LISTS}/b?fieldManager=m`,
    () => ({ ...list({ map: many(20_000, (i) => ({ k: `k${i}`, v: '1' })) }), metadata: { name: 'b' } }),
    APPLY,
    /^201 /,
  ],
  [
    'a JSON patch that inserts at the front',
    'PATCH',
    `${BOXES}/a`,
    () => many(10_000, () => ({ op: 'add', path: '/list/0', value: 1 })),
    JSON_PATCH,
    /^200 /,
  ],
  [
    'a JSON patch that inserts from the end',
    'PATCH',
    `${BOXES}/a`,
    () => many(10_000, () => ({ op: 'add', path: '/list/-1', value: 1 })),
    JSON_PATCH,
    /^200 /,
  ],
  [
    'a strategic patch of a long list',
    'PATCH',
    `${DEPLOYMENTS}/a`,
    () => ({
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'c',
                env: env(10_000, 'b'),
                '$setElementOrder/env': env(10_000, 'b').map(({ name }) => ({ name: name ?? '' })),
              },
            ],
          },
        },
      },
    }),
    STRATEGIC,
    /^200 /,
  ],
  [
    'a strategic patch that reverses a long list',
    'PATCH',
    `${DEPLOYMENTS}/a`,
    () => ({ spec: { template: { spec: { containers: [{ name: 'c', env: env(10_000, 'c').reverse() }] } } } }),
    STRATEGIC,
    /^200 /,
  ],
  [
    'a strategic patch that deletes a long list',
    'PATCH',
    `${DEPLOYMENTS}/a`,
    () => ({
      spec: {
        template: {
          spec: { containers: [{ name: 'c', env: many(10_000, (i) => ({ name: `e${i}`, $patch: 'delete' })) }] },
        },
      },
    }),
    STRATEGIC,
    /^200 /,
  ],
  [
    'a strategic patch of many scalars',
    'PATCH',
    `${MAPS}/a`,
    () => ({ metadata: { finalizers: many(25_000, (i) => `a.b/f${i}`) } }),
    STRATEGIC,
    /^200 /,
  ],
  [
    'a strategic patch that deletes many scalars',
    'PATCH',
    `${MAPS}/a`,
    () => ({ metadata: { '$deleteFromPrimitiveList/finalizers': many(25_000, (i) => `a.b/f${i}`) } }),
    STRATEGIC,
    /^200 /,
  ],
])('%s', async (_, method, path, body, type, expected) => {
  const sent = body();
  const began = process.cpuUsage();
  expect(await call(method, path, sent, type)).toMatch(expected);
  expect(processorTime(began) / unit).toBeLessThan(MAX_UNITS);
});

test('a JSON patch that nests a value too deeply is refused', async () => {
  const nest = [
    { op: 'add', path: '/t', value: {} },
    { op: 'move', from: '/n', path: '/t/a' },
    { op: 'move', from: '/t', path: '/n' },
  ];
  const patch = [{ op: 'add', path: '/n', value: {} }, ...many(3000, () => nest).flat()];
  expect(await call('PATCH', `${BOXES}/a`, patch, JSON_PATCH)).toMatch(/^422 /);
});
