import dns from 'node:dns';
import https from 'node:https';
import { describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import { allow, call, CONFIGURATIONS, map, MAPS, setUp } from '../../test-support/webhook-cluster.ts';
import type { ReviewAnswer, ReviewRequest } from '../../test-support/webhook-server.ts';
import { openWebhookServer, patchAnswer } from '../../test-support/webhook-server.ts';

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const base64 = (value: string) => Buffer.from(value).toString('base64');

const reviewWith = (response: unknown, apiVersion = 'admission.k8s.io/v1') =>
  JSON.stringify({ apiVersion, kind: 'AdmissionReview', response });

describe('a webhook that fails', () => {
  const FAILED = 'Internal error occurred: failed calling webhook "h.example.com": ';
  const invalid = `${FAILED}received invalid webhook response: `;
  const text =
    (answer: (request: ReviewRequest) => string, code = 200): (() => ReviewAnswer) =>
    () =>
    (response, request) =>
      void response.writeHead(code).end(answer(request));

  test.each<[string, 'Mutating' | 'Validating', () => ReviewAnswer, string]>([
    [
      'garbage',
      'Validating',
      text(() => 'nonsense'),
      `${FAILED}failed to call webhook: couldn't get version/kind; json parse error: the response is not a JSON object`,
    ],
    [
      'a response of another kind',
      'Validating',
      text(() => '{"kind":"Pod","apiVersion":"v1"}'),
      `${invalid}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got v1, Kind=Pod`,
    ],
    ...(
      [
        ['allowed', 'false', 'string', 'bool'],
        ['allowed', 1, 'number', 'bool'],
        ['status', 'no', 'string', 'v1.Status'],
        ['warnings', { a: 'b' }, 'object', '[]string'],
        ['auditAnnotations', ['a'], 'array', 'map[string]string'],
        ['patchType', 5, 'number', 'v1.PatchType'],
      ] as const
    ).map(([name, value, kind, type]): [string, 'Validating', () => ReviewAnswer, string] => [
      `the ${kind} ${JSON.stringify(value)} as ${name}`,
      'Validating',
      text(({ uid }) => reviewWith({ uid, allowed: true, [name]: value })),
      `${FAILED}failed to call webhook: json: cannot unmarshal ${kind} into Go struct field AdmissionResponse.response.${name} of type ${type}`,
    ]),
    [
      'a response of the version v1beta1',
      'Validating',
      text(({ uid }) => reviewWith({ uid, allowed: true }, 'admission.k8s.io/v1beta1')),
      `${invalid}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=AdmissionReview`,
    ],
    [
      'a status that is nested too deeply',
      'Validating',
      text(({ uid }) =>
        reviewWith({ uid, allowed: false, status: { details: 'DEEP' } }).replace('"DEEP"', `{"a":${DEEP}}`),
      ),
      `${FAILED}failed to call webhook: couldn't get version/kind; json parse error: the response is not a JSON object`,
    ],
    [
      'a patch that is nested too deeply',
      'Mutating',
      () => ({ ...patchAnswer([]), patch: base64(`[{"op":"add","path":"/data","value":${DEEP}}]`) }),
      `${FAILED}received undecodable patch in webhook response: the patch is not a list of operations`,
    ],
    [
      'a response without the member response',
      'Validating',
      text(() => reviewWith(undefined)),
      `${invalid}webhook response was absent`,
    ],
    [
      'a patch of a validating webhook',
      'Validating',
      () => patchAnswer([]),
      `${invalid}validating webhook may not return response.patch`,
    ],
    [
      'a patch without a type',
      'Mutating',
      () => ({ allowed: true, patch: 'W10=' }),
      `${invalid}webhook returned response.patch but not response.patchType`,
    ],
    [
      'a patch type without a patch',
      'Mutating',
      () => ({ allowed: true, patchType: 'JSONPatch' }),
      `${invalid}webhook returned response.patchType but not response.patch`,
    ],
    [
      'another type of patch',
      'Mutating',
      () => ({ ...patchAnswer([]), patchType: 'Merge' }),
      `${FAILED}unsupported patch type "Merge"`,
    ],
    [
      'a response with the status 500',
      'Validating',
      text(() => 'broken', 500),
      `${FAILED}failed to call webhook: an error on the server ("broken") has prevented the request from succeeding`,
    ],
    [
      'a response with the status 404',
      'Validating',
      text(() => 'gone', 404),
      `${FAILED}failed to call webhook: the server could not find the requested resource`,
    ],
  ])('makes the request fail with the message of an API server: %s', async (_, kind, answer, message) => {
    await using set = await setUp(answer);
    await set.configure(kind, 'h');
    const { status, body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect([status, body.message]).toEqual([500, message]);
    expect(body['reason']).toBe('InternalError');
  });

  test('a response with another uid is refused', async () => {
    await using set = await setUp(() => ({ uid: 'other', allowed: true }));
    await set.configure('Validating', 'h');
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect(body.message).toBe(`${invalid}expected response.uid="${set.server.seen[0]?.request.uid}", got "other"`);
  });

  test('the failure policy Ignore lets the request pass', async () => {
    await using set = await setUp(text(() => 'nonsense'));
    await set.configure('Validating', 'h', { failurePolicy: 'Ignore' });
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
    expect(set.server.seen).toHaveLength(1);
  });

  test('a review without a response fails after the timeout', async () => {
    await using set = await setUp(() => () => undefined);
    await set.configure('Validating', 'h', { timeoutSeconds: 1 });
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect(body.message).toBe(
      `${FAILED}failed to call webhook: Post "${set.server.url}/h?timeout=1s": context deadline exceeded`,
    );
  });

  test('a review whose response never ends fails after the timeout', async () => {
    await using set = await setUp(() => (response) => void response.write('{'));
    await set.configure('Validating', 'h', { timeoutSeconds: 1 });
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect(body.message).toContain('context deadline exceeded');
  });

  test.each([
    ['switches the protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'EOF'],
    ['is not HTTP', 'nonsense\r\n\r\n', 'Parse Error'],
    ['ends early', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{', 'aborted'],
    ['redirects', 'HTTP/1.1 307 X\r\nlocation: https://example.com\r\ncontent-length: 0\r\n\r\n', 'status code 307'],
  ])('a response that %s is refused', async (_, answer, message) => {
    await using set = await setUp(() => (response) => void response.socket?.end(answer));
    await set.configure('Validating', 'h');
    const { status, body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect([status, body.message]).toEqual([500, expect.stringContaining(message)]);
  });

  test('reading an endless response stops at the maximum length', async () => {
    const chunk = 'x'.repeat(1 << 20);
    await using set = await setUp(() => (response) => {
      const more = () =>
        void response.write(chunk, (error) => (error === null || error === undefined ? more() : undefined));
      more();
    });
    await set.configure('Validating', 'h');
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect(body.message).toBe(
      `${FAILED}failed to call webhook: Post "${set.server.url}/h?timeout=10s": the response is longer than 3145728 bytes`,
    );
  });

  test('the server certificate is accepted as its own certificate authority', async () => {
    await using set = await setUp(allow);
    const { url, certificate } = set.server;
    await set.configure('Validating', 'h', { clientConfig: { url: `${url}//a/../h/`, caBundle: certificate } });
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
    expect(set.server.seen.map(({ path }) => path)).toEqual(['/h?timeout=10s']);
  });

  test('a certificate signed by another authority is refused', async () => {
    await using other = await openWebhookServer(allow);
    await using set = await setUp(allow);
    await set.configure('Validating', 'h', { clientConfig: { url: set.server.url, caBundle: other.caBundle } });
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect(body.message).toBe(
      `${FAILED}failed to call webhook: Post "${set.server.url}/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
  });

  test('a review to a server that no longer listens fails', async () => {
    const gone = await openWebhookServer(allow);
    await gone[Symbol.asyncDispose]();
    await using set = await setUp(allow);
    await set.configure('Validating', 'h', { clientConfig: { url: `${gone.url}/x`, caBundle: gone.caBundle } });
    const { body } = await call(set.transport, 'POST', MAPS, map('a'));
    const host = gone.url.slice('https://'.length);
    expect(body.message).toBe(
      `${FAILED}failed to call webhook: Post "${gone.url}/x?timeout=10s": dial tcp ${host}: connect: connection refused`,
    );
  });
});

describe('connections', () => {
  test('reviews share a connection, and a connection that the webhook has closed is replaced', async () => {
    const used: unknown[] = [];
    await using set = await setUp(() => (response, { uid }) => {
      const { socket } = response;
      if (used.length === 2) socket?.destroy();
      else response.end(reviewWith({ uid, allowed: true }));
      used.push(socket);
    });
    await set.configure('Validating', 'h');
    const statuses: number[] = [];
    for (const name of ['a', 'b', 'c']) statuses.push((await call(set.transport, 'POST', MAPS, map(name))).status);
    expect(statuses).toEqual([201, 201, 201]);
    expect(used).toHaveLength(4);
    expect(new Set(used).size).toBe(2);
  });

  test('the name localhost is resolved without DNS, and an address of it may need the whole time limit', async () => {
    await using set = await setUp(allow);
    const lookup = vi.spyOn(dns, 'lookup');
    const request = vi.spyOn(https, 'request');
    const url = set.server.url.replace('127.0.0.1', 'localhost');
    await set.configure('Validating', 'h', { clientConfig: { url, caBundle: set.server.caBundle } });
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
    expect(lookup).not.toHaveBeenCalled();
    // Node's default is 250 ms for each address. A webhook with a full queue of connections needs more.
    expect(request.mock.lastCall?.[1]).toMatchObject({ autoSelectFamilyAttemptTimeout: 30_000 });
    vi.restoreAllMocks();
  });
});

describe('addresses', () => {
  const FAILED = 'Internal error occurred: failed calling webhook "h.example.com": failed to call webhook: ';

  test('a Service with an address is called by its name in the cluster', async () => {
    await using set = await setUp(allow, ['mapped.hooks.svc']);
    const { caBundle } = set.server;
    const service = { name: 'mapped', namespace: 'hooks', path: '/check' };
    await set.configure('Validating', 'h', { clientConfig: { service, caBundle } });
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
    expect(set.server.seen.map(({ path }) => path)).toEqual(['/check?timeout=10s']);
  });

  const ONLY = 'the embedded cluster calls webhooks only on 127.0.0.0/8, localhost and [::1]';
  test.each<[string, object, string]>([
    [
      'a Service without an address',
      { service: { name: 's', namespace: 'n', path: '/p' } },
      `Post "https://s.n.svc:443/p?timeout=10s": no address is set for the Service "n/s"; ${ONLY}`,
    ],
    ['another host', { url: 'https://example.com/x' }, `Post "https://example.com/x?timeout=10s": ${ONLY}`],
    ['an address of all interfaces', { url: 'https://0.0.0.0:1/x' }, `Post "https://0.0.0.0:1/x?timeout=10s": ${ONLY}`],
    [
      'a host that begins with a loopback address',
      { url: 'https://127.0.0.1.example.com/' },
      `Post "https://127.0.0.1.example.com/?timeout=10s": ${ONLY}`,
    ],
    [
      'a host that ends with localhost',
      { url: 'https://evil.localhost/' },
      `Post "https://evil.localhost/?timeout=10s": ${ONLY}`,
    ],
    [
      'an IPv4 address in IPv6',
      { url: 'https://[::ffff:8.8.8.8]/' },
      `Post "https://[::ffff:8.8.8.8]/?timeout=10s": ${ONLY}`,
    ],
  ])('%s is not called', async (_, clientConfig, message) => {
    await using set = await setUp(allow);
    await set.configure('Validating', 'h', { clientConfig });
    const { status, body } = await call(set.transport, 'POST', MAPS, map('a'));
    expect([status, body.message]).toEqual([500, FAILED + message]);
    await call(set.transport, 'DELETE', `${CONFIGURATIONS}/validatingwebhookconfigurations/h`);
    await set.configure('Validating', 'h', { clientConfig, failurePolicy: 'Ignore' });
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
  });
});

describe('patches', () => {
  const replaced = (path: string, value: unknown) => patchAnswer([{ op: 'replace', path, value }]);
  const copies = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/data', path: `/data/x${index}` }));

  test.each<[string, JsonObject, number, string | RegExp]>([
    [
      'a missing path',
      patchAnswer([{ op: 'remove', path: '/none' }]),
      500,
      'Internal error occurred: jsonpatch does not apply: missing path: root/none',
    ],
    [
      'another kind',
      replaced('/kind', 'Secret'),
      500,
      'Internal error occurred: admission webhook "h.example.com" changed the type of the object from v1, Kind=ConfigMap to v1, Kind=Secret',
    ],
    [
      'a value in place of the object',
      replaced('', 3),
      500,
      'Internal error occurred: admission webhook "h.example.com" replaced the object by another value',
    ],
    ['a value of another type', replaced('/data', 'text'), 500, /^Internal error occurred: /],
    [
      'another namespace',
      replaced('/metadata/namespace', 'kube-system'),
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    ['an invalid object', replaced('/data', { 'a b': 'x' }), 422, /is invalid: data\[a b\]/],
    [
      'too many operations',
      patchAnswer(Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' }))),
      500,
      /has 10001 operations/,
    ],
    [
      'copies without a bound',
      patchAnswer([{ op: 'add', path: '/data', value: { a: 'x'.repeat(1000) } }, ...copies]),
      500,
      /accumulated size increase of copy/,
    ],
  ])('with %s are refused', async (_, answer, code, message) => {
    await using set = await setUp(() => answer);
    await set.configure('Mutating', 'h');
    const { status, body } = await call(set.transport, 'POST', MAPS, map('a', { data: {} }));
    expect([status, body.message]).toEqual([
      code,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
    expect((await call(set.transport, 'GET', `${MAPS}/a`)).status).toBe(404);
  });

  test('another resource version is refused, as in the storage of Kubernetes', async () => {
    await using set = await setUp(() => patchAnswer([{ op: 'add', path: '/metadata/resourceVersion', value: '1' }]));
    await call(set.transport, 'POST', MAPS, map('a'));
    await set.configure('Mutating', 'h');
    const changed = map('a', { data: { b: 'c' } });
    const merge = 'application/merge-patch+json';
    expect(await call(set.transport, 'PUT', `${MAPS}/a`, changed)).toMatchObject({ status: 409 });
    expect(await call(set.transport, 'PATCH', `${MAPS}/a`, changed, merge)).toMatchObject({ status: 409 });
    expect((await call(set.transport, 'POST', MAPS, map('b'))).body.message).toContain(
      'resourceVersion should not be set on objects to be created',
    );
  });

  test('a deletion cannot be patched', async () => {
    await using set = await setUp(() => patchAnswer([{ op: 'add', path: '/data', value: {} }]));
    await call(set.transport, 'POST', MAPS, map('a'));
    await set.configure('Mutating', 'h');
    const { body } = await call(set.transport, 'DELETE', `${MAPS}/a`);
    expect(body.message).toBe(
      'Internal error occurred: admission webhook "h.example.com" attempted to modify the object, which is not supported for this operation',
    );
  });

  test('field owners do not change when a patch writes invalid managedFields', async () => {
    await using set = await setUp(() =>
      patchAnswer([{ op: 'add', path: '/metadata/managedFields', value: [{ operation: 'Nonsense' }] }]),
    );
    await set.configure('Mutating', 'h');
    const created = await call(set.transport, 'POST', MAPS, map('a', { data: { a: '1' } }));
    expect(created.warning).toContain('.metadata.managedFields was in an invalid state after admission');
    expect(created.body.metadata['managedFields']).toEqual([expect.objectContaining({ operation: 'Update' })]);
  });

  test('a webhook cannot change the name of a stored object', async () => {
    await using set = await setUp(() => replaced('/metadata/name', 'other'));
    await call(set.transport, 'POST', MAPS, map('a'));
    await set.configure('Mutating', 'h');
    const { status } = await call(set.transport, 'PUT', `${MAPS}/a`, map('a', { data: { a: '1' } }));
    expect(status).toBe(422);
  });
});

test.each(['POST', 'PUT', 'PATCH'])(
  'a %s of a custom resource whose definition is deleted meanwhile gets 404',
  async (method) => {
    const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
    const state = { deletes: false };
    await using setup = await setUp(() => async (response, { uid }) => {
      if (state.deletes) await call(setup.transport, 'DELETE', `${CRDS}/boxes.example.com`);
      while (state.deletes && (await call(setup.transport, 'GET', BOXES)).status === 200);
      response.end(reviewWith({ uid, allowed: true }));
    });
    expect(
      (await call(setup.transport, 'POST', CRDS, crdOf('Box', ANYTHING, { names: { plural: 'boxes' } }))).status,
    ).toBe(201);
    const box = { apiVersion: 'example.com/v1', kind: 'Box', metadata: { name: 'a' }, a: method };
    const made = method === 'POST' ? undefined : await call(setup.transport, 'POST', BOXES, box);
    const rules = [{ operations: ['*'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['boxes'] }];
    await setup.configure('Validating', 'h', { rules });
    state.deletes = true;
    const path = method === 'POST' ? BOXES : `${BOXES}/a`;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    expect((await call(setup.transport, method, path, { ...box, ...made?.body, b: 1 }, type)).status).toBe(404);
  },
);
