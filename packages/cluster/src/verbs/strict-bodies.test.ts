import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = 'application/apply-patch+yaml';

let cluster: Cluster;

async function send(method: string, path: string, type: string, body: string) {
  const reply = await cluster.transport().request({ method, path, headers: { 'content-type': type }, body });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
  const answer = JSON.parse(text) as { message?: string; data?: object };
  return { status: reply.status, message: answer.message, data: answer.data, warning: reply.headers['warning'] };
}

const applied = (body: string, validation = 'Strict', name = 'x') =>
  send('PATCH', `${MAPS}/${name}?fieldManager=m&force=true&fieldValidation=${validation}`, APPLY, body);

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
});
afterAll(() => cluster.close());

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';
const FLOW_HEAD = '"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}';

describe('the body of an apply', () => {
  test.each([
    ['JSON', `{${FLOW_HEAD},"data":{"a":"b"}}`],
    ['YAML with a trailing comma', `{${FLOW_HEAD},"data":{"a":"b",},}`],
    ['YAML with a comment', `{${FLOW_HEAD},"data":{"a":"b"}} # the end`],
    ['YAML with keys without quotes', `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}`],
    ['YAML with single quotes', `{${FLOW_HEAD},'data':{'a':'b'}}`],
    ['YAML with an anchor', `{${FLOW_HEAD},"data":&d {"a":"b"}}`],
    ['YAML in block style', `${HEAD}data:\n  a: b\n`],
  ])('may be %s', async (_, body) => {
    expect(await applied(body)).toMatchObject({ data: { a: 'b' } });
  });

  test.each([
    ['{"a":', /^error decoding YAML: error converting YAML to JSON: yaml: line 1: /],
    [`{${FLOW_HEAD}} }`, /^error decoding YAML: error converting YAML to JSON: yaml: /],
    ['[1]', /^error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array/],
    ['true', /json: cannot unmarshal bool into Go value of type map\[string\]interface \{\}$/],
    ['{"a":'.repeat(1001), /^error decoding YAML: exceeded max depth$/],
  ])('cannot be %j', async (body, message) => {
    const refused = await applied(body);
    expect(refused.status).toBe(400);
    expect(refused.message).toMatch(message);
  });

  const PREFIX = 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:';
  test.each([
    [`${HEAD}data:\n  a: b\n  a: c\n`, ['line 6: key "a" already set in map']],
    [`{${FLOW_HEAD},\n"data":{"a":"b",\n"a":"c"}}`, ['line 3: key "a" already set in map']],
    [
      `${HEAD}data:\n  a: b\n  1: c\n  1: d\ndata:\n  a: b\n  a: c\n`,
      [
        'line 7: key 1 already set in map',
        'line 10: key "a" already set in map',
        'line 9: key "data" already set in map',
      ],
    ],
  ])(
    '%j has repeated keys, which Strict refuses, Warn reports as warnings, and Ignore accepts',
    async (body, lines) => {
      const refused = await applied(body, 'Strict', 'x');
      expect(refused).toMatchObject({ status: 400, message: [PREFIX, ...lines].join('\n  ') });
      const warned = await applied(body, 'Warn');
      expect(warned.status).toBeLessThan(300);
      expect(warned.warning).toBe(lines.map((line) => `299 - ${JSON.stringify(line)}`).join(', '));
      expect(await applied(body, 'Ignore')).not.toMatchObject({ warning: expect.anything() as unknown });
    },
  );

  test('is checked for its structure before its repeated keys', async () => {
    const refused = await applied(`${HEAD}data: {a: b, a: c}\nother: 1\n`);
    expect(refused.status).toBe(500);
    expect(refused.message).toContain('.other: field not declared in schema');
  });

  test('of a Scale may not repeat keys', async () => {
    const deployment = {
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    const path = '/apis/apps/v1/namespaces/default/deployments';
    expect((await send('POST', path, 'application/json', JSON.stringify(deployment))).status).toBe(201);
    const scale = 'apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: d}\nspec: {replicas: 2, replicas: 3}\n';
    expect(
      await send('PATCH', `${path}/d/scale?fieldManager=m&force=true&fieldValidation=Strict`, APPLY, scale),
    ).toMatchObject({ status: 400, message: `${PREFIX}\n  line 4: key "replicas" already set in map` });
  });
});

test.each([
  [
    'JSON, in the order of the document',
    'application/json',
    '{"metadata":{"name":"box","other":{"a":1,"a":2}},"data":{"k":"1","k":"2"},"more":1,"more":2}',
    ['unknown field "metadata.other"', 'duplicate field "data.k"', 'unknown field "more"'],
    undefined,
  ],
  [
    'JSON whose duplicate comes first, in the order of the document',
    'application/json',
    '{"data":{"k":"1","k":"2"},"metadata":{"name":"box"},"more":1}',
    ['duplicate field "data.k"', 'unknown field "more"'],
    undefined,
  ],
  [
    'YAML, with all repeated keys first',
    'application/yaml',
    'metadata: {name: box}\nmore: 1\ndata:\n  k: one\n  k: two\n',
    ['line 5: key "k" already set in map', 'unknown field "more"'],
    'yaml: unmarshal errors:\n  line 5: key "k" already set in map, unknown field "more"',
  ],
])('a strict create reports the problems of %s', async (_, type, body, problems, text) => {
  const refused = await send('POST', `${MAPS}?fieldValidation=Strict`, type, body);
  expect(refused.status).toBe(400);
  expect(refused.message).toContain(`strict decoding error: ${text ?? problems.join(', ')}`);
  const warned = await send('POST', `${MAPS}?dryRun=All`, type, body);
  expect(warned.warning).toBe(problems.map((line) => `299 - ${JSON.stringify(line)}`).join(', '));
});

test('the refusal of a merge patch that is a boolean names the Go types of a boolean and of a patch', async () => {
  await send('POST', MAPS, 'application/json', '{"metadata":{"name":"patched"}}');
  const refused = await send('PATCH', `${MAPS}/patched`, 'application/merge-patch+json', 'true');
  expect(refused).toMatchObject({
    status: 400,
    message: 'error decoding patch: json: cannot unmarshal bool into Go value of type map[string]interface {}',
  });
});

test('a body whose kind and apiVersion are null gets its type from the path', async () => {
  const body = '{"kind":null,"apiVersion":null,"metadata":{"name":"nulls"}}';
  const created = await send('POST', `${MAPS}?dryRun=All`, 'application/json', body);
  expect(created.status).toBe(201);
});

test('a body with very many unknown or repeated fields gets a response', async () => {
  const names = Array.from({ length: 150_000 }, (_, index) => `"a${index}":""`);
  const unknown = await send(
    'POST',
    `${MAPS}?dryRun=All`,
    'application/json',
    `{"metadata":{"name":"many"},${names.join(',')}}`,
  );
  expect(unknown.status).toBe(201);
  expect(unknown.warning?.split('299 - ')).toHaveLength(101);
  await send('POST', MAPS, 'application/json', '{"metadata":{"name":"many"}}');
  const patch = (validation: string) =>
    send('PATCH', `${MAPS}/many?fieldValidation=${validation}`, 'application/merge-patch+json', `{${names.join(',')}}`);
  expect((await patch('Strict')).message?.match(/unknown field/g)).toHaveLength(100);
  expect((await patch('Warn')).warning?.split('299 - ')).toHaveLength(101);
  const twice = names
    .slice(0, 100_000)
    .flatMap((member) => [member, member])
    .join(',');
  const repeated = await send('POST', `${MAPS}?fieldValidation=Strict`, 'application/json', `{"data":{${twice}}}`);
  expect(repeated.message?.match(/duplicate field/g)).toHaveLength(100);
});

// The expected messages equal those of sigs.k8s.io/json.
test.each([
  ['[{"op":"add","op":"replace","path":"/data/a","value":"c"}]', ['duplicate field "[0].op"']],
  [
    '[{"op":"add","x":1,"op":"replace","path":"/data/a","value":"c"},{"op":"add","path":"/data/d","value":"e","y":1}]',
    ['unknown field "[0].x"', 'duplicate field "[0].op"', 'unknown field "[1].y"'],
  ],
])(
  'the problems of the JSON patch %s are refused by Strict, become warnings with Warn, and are accepted by Ignore',
  async (body, problems) => {
    await applied(`{${FLOW_HEAD},"data":{"a":"b"}}`);
    const patch = (validation: string) =>
      send('PATCH', `${MAPS}/x?dryRun=All&fieldValidation=${validation}`, 'application/json-patch+json', body);
    const texts = problems.map((problem) => `json patch ${problem}`);
    const refused = await patch('Strict');
    expect(refused.status).toBe(422);
    expect(refused.message).toContain(`: strict decoding error: ${texts.join(', ')}`);
    const quoted = texts.map((text) => `299 - "${text.replaceAll('"', String.raw`\"`)}"`);
    expect(await patch('Warn')).toMatchObject({ status: 200, warning: quoted.join(', ') });
    expect((await patch('Ignore')).warning).toBeUndefined();
  },
);
