import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Convert, ConversionRequest } from '../../test-support/conversion-cluster.ts';
import {
  convertPanels,
  DEFINITION,
  panel,
  panelCrd,
  panels,
  setUpConversion,
} from '../../test-support/conversion-cluster.ts';
import { call, CONFIGURATIONS } from '../../test-support/webhook-cluster.ts';
import { openWebhookServer, patchAnswer } from '../../test-support/webhook-server.ts';
import type { JsonObject } from '@typekro/kit/core';

const FROM_V2 = 'conversion webhook for example.com/v2, Kind=Panel ';
const MERGE = 'application/merge-patch+json';

type Answer = (request: ConversionRequest) => unknown;

/** A webhook that responds with the given review. */
const raw =
  (answer: Answer): Convert =>
  () =>
  (response: ServerResponse, request: ConversionRequest) => {
    const value = answer(request);
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };

const review = (response: unknown, apiVersion = 'apiextensions.k8s.io/v1', kind = 'ConversionReview') => ({
  kind,
  apiVersion,
  response,
});

const success = ({ uid }: ConversionRequest, convertedObjects: unknown) =>
  review({ uid, result: { status: 'Success' }, convertedObjects });

/** A webhook that converts the objects of its request, and then applies `change` to each converted object. */
const changing = (change: (object: JsonObject) => unknown): Convert =>
  raw((request) => success(request, (convertPanels(request) as JsonObject[]).map(change)));

const metadataOf = (object: JsonObject) => object['metadata'] as JsonObject;
const withMetadata = (metadata: JsonObject) =>
  changing((object) => ({ ...object, metadata: { ...metadataOf(object), ...metadata } }));

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const NOT_JSON = "failed: couldn't get version/kind; json parse error: the response is not a JSON object";

describe('the response of a conversion webhook', () => {
  test.each<[string, Convert, string]>([
    ['garbage', raw(() => 'nonsense'), NOT_JSON],
    ['JSON that is nested too deeply', raw(() => DEEP), NOT_JSON],
    [
      'a review of another kind',
      raw(() => review({}, 'v1', 'Pod')),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /v1, Kind=Pod',
    ],
    [
      'a review of another version',
      raw(() => review({}, 'apiextensions.k8s.io/v1beta1')),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1beta1, Kind=ConversionReview',
    ],
    ['a review without a response', raw(() => review(undefined)), 'failed: no response provided'],
    [
      'a failure with a message',
      raw(({ uid }) => review({ uid, result: { status: 'Failure', message: 'why' } })),
      'failed: why',
    ],
    [
      'a failure without a message',
      raw(({ uid }) => review({ uid, result: { status: 'Failed' } })),
      "failed: response.result.status was 'Failed', not 'Success'",
    ],
    [
      'null in place of the list of objects',
      raw((request) => success(request, null)),
      'returned 0 objects, expected 1',
    ],
    [
      'a list of two objects for one object',
      raw((request) => success(request, [{}, {}])),
      'returned 2 objects, expected 1',
    ],
    [
      'an object without a kind',
      raw((request) => success(request, [{ a: 1 }])),
      `returned invalid object at index 0: Object 'Kind' is missing in '{"a":1}'`,
    ],
    [
      'null in place of an object',
      raw((request) => success(request, [null])),
      'returned invalid object at index 0: unexpected end of JSON input',
    ],
    [
      'an object of another version',
      changing((object) => ({ ...object, apiVersion: 'example.com/v3' })),
      'returned invalid object at index 0: invalid groupVersion (expected example.com/v1, received example.com/v3)',
    ],
    [
      'an object of another kind',
      changing((object) => ({ ...object, kind: 'Pane' })),
      'returned invalid object at index 0: invalid kind (expected Panel, received Pane)',
    ],
    [
      'an object with another name',
      withMetadata({ name: 'b' }),
      'returned invalid object: must have the same name: a != b',
    ],
    [
      'an object in another namespace',
      withMetadata({ namespace: 'other' }),
      'returned invalid object: must have the same namespace: default != other',
    ],
    [
      'a label that is not a string',
      withMetadata({ labels: { a: 1 } }),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
    [
      'labels that are not an object',
      withMetadata({ labels: ['a'] }),
      'returned invalid metadata: invalid metadata.labels of type []interface {} in converted object',
    ],
    [
      'an annotation with an invalid name',
      withMetadata({ annotations: { 'a b': '' } }),
      `returned invalid metadata: metadata.annotation: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ])('%s is refused', async (_what, convert, problem) => {
    await using set = await setUpConversion(convert);
    const { status, body } = await call(set.transport, 'POST', panels('v2'), panel('v2', 'a', { width: 1, height: 1 }));
    expect([status, body.message]).toEqual([500, `${FROM_V2}${problem}`]);
    expect((await call(set.transport, 'GET', panels('v1'))).body['items']).toEqual([]);
  });

  test('that changes the uid of an object is refused', async () => {
    await using set = await setUpConversion(withMetadata({ uid: 'x' }));
    const { body } = await call(set.transport, 'POST', panels('v2'), panel('v2', 'a', { width: 1, height: 1 }));
    expect(body.message).toMatch(/returned invalid object: must have the same UID: \S+ != x$/);
  });

  test('with the uid of another review is refused', async () => {
    await using set = await setUpConversion(raw((request) => success({ ...request, uid: 'x' }, [])));
    const { body } = await call(set.transport, 'POST', panels('v2'), panel('v2', 'a', { width: 1, height: 1 }));
    expect(body.message).toMatch(/failed: expected response\.uid="[0-9a-f-]+", got "x"$/);
  });
});

test('a failing webhook prevents only requests that need a conversion', async () => {
  let isBroken = true;
  await using set = await setUpConversion((request) =>
    isBroken ? (response) => void response.writeHead(500).end('it broke') : convertPanels(request),
  );
  const { transport, cluster, conversion } = set;
  await call(transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  const broken =
    'conversion webhook for example.com/v1, Kind=Panel failed: an error on the server ("it broke") has prevented the request from succeeding';
  for (const [method, path] of [
    ['GET', `${panels('v2')}/a`],
    ['GET', panels('v2')],
    ['GET', `${panels('v2')}?watch=true`],
    ['GET', `${panels('v2')}/a/scale`],
    ['DELETE', `${panels('v2')}/a`],
    ['DELETE', panels('v2')],
  ] as const) {
    const { status, body } = await call(transport, method, path);
    expect([path, status, body.message]).toEqual([path, 500, broken]);
  }
  expect((await call(transport, 'PATCH', `${panels('v2')}/a`, { spec: { width: 2 } }, MERGE)).body.message).toBe(
    broken,
  );
  expect((await call(transport, 'PATCH', `${panels('v1')}/a`, { spec: { size: '2x2' } }, MERGE)).status).toBe(200);
  isBroken = false;
  expect((await call(transport, 'GET', `${panels('v2')}/a`)).body['spec']).toEqual({ width: 2, height: 2, level: 5 });

  // Three webhooks fail: one without an address, one outside loopback, and one without the CA bundle of its authority.
  const change = async (clientConfig: JsonObject) => {
    const { body } = await call(transport, 'GET', DEFINITION);
    const webhook = { conversionReviewVersions: ['v1'], clientConfig };
    await call(transport, 'PUT', DEFINITION, { ...body, spec: panelCrd({ strategy: 'Webhook', webhook }).spec });
    await cluster.idle();
    return (await call(transport, 'GET', `${panels('v2')}/a`)).body.message;
  };
  const failed = 'conversion webhook for example.com/v1, Kind=Panel failed: Post ';
  const loopback = 'the embedded cluster calls webhooks only on 127.0.0.0/8, localhost and [::1]';
  expect(await change({ service: { name: 'none', namespace: 'system', path: '/c' } })).toBe(
    `${failed}"https://none.system.svc:443/c?timeout=30s": no address is set for the Service "system/none"; ${loopback}`,
  );
  expect(await change({ url: 'https://192.0.2.1/convert' })).toBe(
    `${failed}"https://192.0.2.1/convert?timeout=30s": ${loopback}`,
  );
  const { clientConfig } = conversion['webhook'] as { clientConfig: { url: string } };
  expect(await change({ url: clientConfig.url })).toBe(
    `${failed}"${clientConfig.url}?timeout=30s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
  );
});

test('a watch ends with an error when the conversion of its next object fails', async () => {
  let isBroken = false;
  await using set = await setUpConversion((request) =>
    isBroken ? (response) => void response.writeHead(503).end() : convertPanels(request),
  );
  const watch = await set.transport.request({ method: 'GET', path: `${panels('v2')}?watch=true` });
  isBroken = true;
  await call(set.transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  let text = '';
  for await (const chunk of watch.body) text += Buffer.from(chunk).toString();
  expect(JSON.parse(text)).toEqual({
    type: 'ERROR',
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'conversion webhook for example.com/v1, Kind=Panel failed: the server is currently unable to handle the request',
      code: 500,
    },
  });
});

test('a webhook that hangs delays only requests that need a conversion', async () => {
  let release: (() => void) | undefined;
  let markCalled = () => {};
  const called = new Promise<void>((resolve) => (markCalled = resolve));
  await using set = await setUpConversion((request) => (response) => {
    const { uid } = request;
    release = () =>
      void response.end(
        JSON.stringify(review({ uid, result: { status: 'Success' }, convertedObjects: convertPanels(request) })),
      );
    markCalled();
  });
  const { transport } = set;
  await call(transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  const waiting = call(transport, 'GET', `${panels('v2')}/a`);
  await called;
  expect((await call(transport, 'PATCH', `${panels('v1')}/a`, { spec: { size: '2x2' } }, MERGE)).status).toBe(200);
  release?.();
  expect((await waiting).body['spec']).toEqual({ width: 1, height: 1, level: 5 });
});

test('an admission policy gets the object in the version of its rule', async () => {
  await using set = await setUpConversion();
  const { transport } = set;
  const answer = await call(transport, 'POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'narrow' },
    spec: {
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [
          { apiGroups: ['example.com'], apiVersions: ['v2'], operations: ['CREATE'], resources: ['panels'] },
        ],
      },
      validations: [{ expression: 'object.spec.width < 3', message: 'too wide' }],
    },
  });
  expect(answer.status).toBe(201);
  await call(transport, 'POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'narrow' },
    spec: { policyName: 'narrow', validationActions: ['Deny'] },
  });
  const post = (size: string) => call(transport, 'POST', panels('v1'), panel('v1', `p${size}`, { size }));
  expect((await post('2x2')).status).toBe(201);
  expect((await post('3x3')).body.message).toContain('too wide');
});

test('a write calls each mutating webhook only once, although the patched objects are converted between versions', async () => {
  await using set = await setUpConversion();
  // Each response differs. The response after too many calls patches nothing, so that the write ends.
  await using hooks = await openWebhookServer((_, path) => {
    const { length } = hooks.seen;
    const patch = { op: 'add', path: path.startsWith('/b') ? '/spec/level' : '/spec/width', value: length };
    return { ...(length > 5 ? { allowed: true } : patchAnswer([patch])), warnings: [path.charAt(1)] };
  });
  await call(set.transport, 'POST', `${CONFIGURATIONS}/mutatingwebhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'versions' },
    webhooks: ['a', 'b', 'c'].map((name) => ({
      name: `${name}.example.com`,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      clientConfig: { url: `${hooks.url}/${name}`, caBundle: hooks.caBundle },
      rules: [
        {
          operations: ['*'],
          apiGroups: ['example.com'],
          apiVersions: [name === 'b' ? 'v1' : 'v2'],
          resources: ['panels'],
        },
      ],
    })),
  });
  const created = await call(set.transport, 'POST', panels('v1'), panel('v1', 'a', { size: '9x9' }));
  expect(hooks.seen.map(({ path }) => path.charAt(1))).toEqual(['a', 'b', 'c']);
  expect([created.status, created.body['spec']]).toEqual([201, { size: '3x9', level: 2 }]);
  expect(created.warning).toBe('299 - "a", 299 - "b", 299 - "c"');
});

test.each([
  ['!', 'unable to parse bytes as PEM block'],
  ['-----BEGIN KEY-----\nAAAA\n-----END KEY-----', 'no valid certificate authority data seen'],
  ['-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n!', 'unable to parse bytes as PEM block'],
  [
    '-----BEGIN CERTIFICATE-----\nName: a-b\n\nAAAA\n-----END CERTIFICATE-----',
    'no valid certificate authority data seen',
  ],
  [
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    'failed to parse certificate: x509: malformed certificate',
  ],
])('a definition whose webhook has the CA bundle %j is refused', async (pem, problem) => {
  await using set = await setUpConversion();
  const { body } = await call(set.transport, 'GET', DEFINITION);
  const caBundle = Buffer.from(pem).toString('base64');
  const webhook = { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://127.0.0.1/convert', caBundle } };
  const changed = { ...body, spec: panelCrd({ strategy: 'Webhook', webhook }).spec };
  const answer = await call(set.transport, 'PUT', DEFINITION, changed);
  expect([answer.status, answer.body.message]).toEqual([
    422,
    `CustomResourceDefinition.apiextensions.k8s.io "panels.example.com" is invalid: spec.conversion.webhookClientConfig.caBundle: Invalid value: "${caBundle}": unable to load root certificates: ${problem}`,
  ]);
});
