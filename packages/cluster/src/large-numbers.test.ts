/** Numbers that no 64-bit float has: a JSON writer prints them as `null`, so they must not enter the store. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { Cluster } from './cluster.ts';
import { createEmbeddedCluster } from './cluster.ts';

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

test('the largest numbers are stored', async () => {
  const { status, text } = await send('POST', BOXES, JSON_TYPE, box('large', '-1.7976931348623157E+308'));
  expect(status).toBe(201);
  expect(text).toContain('"value":-1.7976931348623157e+308');
});
