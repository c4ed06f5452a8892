import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { allow, call, CONFIGURATIONS, map, MAPS, setUp } from '../../test-support/webhook-cluster.ts';
import { patchAnswer } from '../../test-support/webhook-server.ts';

test('a validating webhook gets the checked object, and can refuse the request', async () => {
  await using set = await setUp(({ object }) =>
    object?.metadata['name'] === 'bad'
      ? { allowed: false, status: { message: 'it is bad', code: 403, reason: 'Forbidden' }, warnings: ['careful'] }
      : { allowed: true, warnings: ['fine'] },
  );
  const { transport, server } = set;
  expect((await set.configure('Validating', 'v')).status).toBe(201);
  const refused = await call(transport, 'POST', `${MAPS}?fieldManager=me`, map('bad'));
  expect(refused.body).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'admission webhook "v.example.com" denied the request: it is bad',
    reason: 'Forbidden',
    code: 403,
  });
  expect(refused.warning).toBe('299 - "careful"');
  const created = await call(transport, 'POST', MAPS, map('good'));
  expect([created.status, created.warning]).toEqual([201, '299 - "fine"']);
  const [first, second] = server.seen;
  expect(first).toEqual({
    path: '/v?timeout=10s',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: expect.any(String) as string,
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      requestResource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'bad',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
      object: expect.objectContaining({ kind: 'ConfigMap', apiVersion: 'v1' }) as JsonObject,
      oldObject: null,
      dryRun: false,
      options: {
        kind: 'CreateOptions',
        apiVersion: 'meta.k8s.io/v1',
        fieldManager: 'me',
        fieldValidation: expect.any(String) as string,
      },
    },
  });
  // The stored object is the object that the webhook has seen.
  expect(created.body.metadata['uid']).toBe(second?.request.object?.metadata['uid']);
  expect((await call(transport, 'GET', `${MAPS}/bad`)).status).toBe(404);
});

test.each<[JsonObject, number, string]>([
  [{ allowed: false }, 400, 'admission webhook "v.example.com" denied the request without explanation'],
  [{ allowed: false, status: { reason: 'Why' } }, 400, 'admission webhook "v.example.com" denied the request: Why'],
  [
    { allowed: false, status: { message: 'm', code: 200 } },
    400,
    'admission webhook "v.example.com" denied the request: m',
  ],
])('the denial %j becomes an error with the code %d', async (answer, code, message) => {
  await using set = await setUp(() => answer);
  await set.configure('Validating', 'v');
  const { status, body } = await call(set.transport, 'POST', MAPS, map('a'));
  expect([status, body.message]).toEqual([code, message]);
});

test('mutating webhooks are called in the order of their configuration names', async () => {
  await using set = await setUp(({ object }, path) => {
    const before = ((object?.['data'] as JsonObject | undefined)?.['by'] ?? '') as string;
    return path.startsWith('/z')
      ? allow()
      : patchAnswer([{ op: 'add', path: '/data', value: { by: `${before}${path.charAt(1)}` } }]);
  });
  await set.configure('Mutating', 'b');
  await set.configure('Mutating', 'a');
  await set.configure('Validating', 'z');
  const created = await call(set.transport, 'POST', MAPS, map('m'));
  expect(created.body['data']).toEqual({ by: 'ab' });
  const order = set.server.seen.map(({ path, request }) => [path.charAt(1), request.object?.['data']]);
  expect(order).toEqual([
    ['a', undefined],
    ['b', { by: 'a' }],
    ['z', { by: 'ab' }],
  ]);
});

test('a webhook with IfNeeded is called again after a later webhook has changed the object', async () => {
  await using set = await setUp((_, path) =>
    path.startsWith('/b') ? patchAnswer([{ op: 'add', path: '/data', value: { b: '1' } }]) : allow(),
  );
  await set.configure('Mutating', 'a', { reinvocationPolicy: 'IfNeeded' });
  await set.configure('Mutating', 'b', { reinvocationPolicy: 'IfNeeded' });
  await set.configure('Mutating', 'c');
  await call(set.transport, 'POST', MAPS, map('m'));
  expect(set.server.seen.map(({ path }) => path.charAt(1))).toEqual(['a', 'b', 'c', 'a']);
});

test('updates, patches, applies and deletions are reviewed with the old object', async () => {
  await using set = await setUp(allow);
  const { transport, server } = set;
  await call(transport, 'POST', MAPS, map('m'));
  await set.configure('Validating', 'v');
  await call(transport, 'PUT', `${MAPS}/m`, map('m', { data: { a: '1' } }));
  await call(transport, 'PATCH', `${MAPS}/m`, { data: { a: '2' } }, 'application/merge-patch+json');
  await call(
    transport,
    'PATCH',
    `${MAPS}/m?fieldManager=x&force=true`,
    map('m', { data: { a: '3' } }),
    'application/apply-patch+yaml',
  );
  await call(
    transport,
    'PATCH',
    `${MAPS}/m?fieldManager=x&force=true`,
    map('m', { data: { a: '3' } }),
    'application/apply-patch+yaml',
  );
  await call(transport, 'DELETE', `${MAPS}/m`);
  const facts = server.seen.map(({ request }) => [
    request.operation,
    request.object?.['data'],
    request.oldObject?.['data'],
    request.options['kind'],
  ]);
  expect(facts).toEqual([
    ['UPDATE', { a: '1' }, undefined, 'UpdateOptions'],
    ['UPDATE', { a: '2' }, { a: '1' }, 'PatchOptions'],
    ['UPDATE', { a: '3' }, { a: '2' }, 'PatchOptions'],
    ['UPDATE', { a: '3' }, { a: '3' }, 'PatchOptions'],
    ['DELETE', undefined, { a: '3' }, 'DeleteOptions'],
  ]);
});

test('the deletion of a collection stops at the first object that a webhook refuses', async () => {
  await using set = await setUp(({ name }) => (name === 'b' ? { allowed: false, status: { message: 'no' } } : allow()));
  const { transport } = set;
  for (const name of ['a', 'b', 'c']) await call(transport, 'POST', MAPS, map(name));
  await set.configure('Validating', 'v');
  const deleted = await call(transport, 'DELETE', MAPS);
  expect(deleted.body.message).toBe('admission webhook "v.example.com" denied the request: no');
  const left = await call(transport, 'GET', MAPS);
  expect((left.body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)).toEqual([
    'b',
    'c',
  ]);
});

test('an object that another client changes during a review is reviewed again', async () => {
  let change: (() => Promise<unknown>) | undefined;
  await using set = await setUp(() => {
    const run = change;
    change = undefined;
    if (run === undefined) return allow();
    return (response, request) => {
      const review = {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: request.uid, allowed: true },
      };
      run().then(
        () => response.end(JSON.stringify(review)),
        (error: unknown) => response.destroy(error as Error),
      );
    };
  });
  const { transport, server } = set;
  await call(transport, 'POST', MAPS, map('m'));
  await set.configure('Validating', 'v', {
    objectSelector: { matchExpressions: [{ key: 'free', operator: 'DoesNotExist' }] },
  });
  change = () => call(transport, 'PATCH', `${MAPS}/m`, { data: { b: '1' } }, 'application/merge-patch+json');
  const patched = await call(transport, 'PATCH', `${MAPS}/m`, { data: { a: '1' } }, 'application/merge-patch+json');
  expect(patched.body['data']).toEqual({ a: '1', b: '1' });
  expect(server.seen.map(({ request }) => request.object?.['data'])).toEqual([
    { a: '1' },
    { b: '1' },
    { a: '1', b: '1' },
  ]);
});

test('a write is refused when its object changes during each review', async () => {
  let version = 0;
  await using set = await setUp(() => (response, { uid }) => {
    const change = { data: { by: String((version += 1)) } };
    const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
    call(set.transport, 'PATCH', `${MAPS}/m`, change, 'application/merge-patch+json')
      .then(() => response.end(JSON.stringify(answer)))
      .catch((error: unknown) => response.destroy(error as Error));
  });
  const { transport } = set;
  await call(transport, 'POST', MAPS, map('m'));
  const matchConditions = [{ name: 'slow', expression: "request.options.?fieldManager.orValue('') == 'slow'" }];
  await set.configure('Validating', 'v', { matchConditions });
  const path = `${MAPS}/m?fieldManager=slow`;
  const { status, body } = await call(transport, 'PATCH', path, { data: { a: '1' } }, 'application/merge-patch+json');
  expect([status, body.message]).toEqual([
    409,
    'Operation cannot be fulfilled on configmaps "m": the object changes too often while webhooks decide about it; please try again',
  ]);
});

test('the stored generated name and allocated address are those that the webhook has seen', async () => {
  await using set = await setUp(allow);
  const { transport, server } = set;
  await set.configure('Validating', 'v');
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { generateName: 's-' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  };
  const created = await call(transport, 'POST', '/api/v1/namespaces/default/services', service);
  const [review] = server.seen;
  expect(review?.request.name).toBe(created.body.metadata['name']);
  expect(review?.request.object?.metadata['name']).toBe(created.body.metadata['name']);
  expect(review?.request.object?.['spec']).toEqual(created.body['spec']);
  expect(server.seen).toHaveLength(1);
});

describe('requests that a webhook reviews', () => {
  test('must fulfil the match conditions', async () => {
    await using set = await setUp(allow);
    await set.configure('Validating', 'v', {
      matchConditions: [
        { name: 'only-a', expression: "object.metadata.name == 'a'" },
        { name: 'no-robots', expression: "!request.userInfo.username.startsWith('robot')" },
      ],
    });
    for (const name of ['a', 'b']) await call(set.transport, 'POST', MAPS, map(name));
    expect(set.server.seen.map(({ request }) => request.name)).toEqual(['a']);
  });

  test.each([
    [
      'Fail',
      403,
      'configmaps "a" is forbidden: expression \'object.data.x == "1"\' resulted in error: no such key: data',
    ],
    ['Ignore', 201, undefined],
  ])(
    'with failurePolicy %s, an error in a match condition leads to status %i',
    async (failurePolicy, code, message) => {
      await using set = await setUp(() => ({ allowed: false }));
      const matchConditions = [{ name: 'x', expression: 'object.data.x == "1"' }];
      await set.configure('Validating', 'v', { failurePolicy, matchConditions });
      const { status, body } = await call(set.transport, 'POST', MAPS, map('a'));
      expect([status, body.message]).toEqual([code, message]);
    },
  );

  test('webhooks never review webhook configurations', async () => {
    await using set = await setUp(() => ({ allowed: false }));
    const everything = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] };
    await set.configure('Validating', 'v', { rules: [everything] });
    const elsewhere = { ...everything, apiGroups: ['apps'] };
    expect((await set.configure('Mutating', 'other', { rules: [elsewhere] })).status).toBe(201);
    expect((await call(set.transport, 'DELETE', `${CONFIGURATIONS}/validatingwebhookconfigurations/v`)).status).toBe(
      200,
    );
    expect((await call(set.transport, 'POST', MAPS, map('a'))).status).toBe(201);
  });

  test('with the matchPolicy Equivalent, a webhook gets the object in the version of its rule', async () => {
    await using set = await setUp(allow);
    const rules = [
      { operations: ['*'], apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['horizontalpodautoscalers'] },
    ];
    await set.configure('Validating', 'v', { rules });
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
    };
    const created = await call(
      set.transport,
      'POST',
      '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
      autoscaler,
    );
    expect(created.status).toBe(201);
    const request = set.server.seen[0]?.request;
    expect([request?.kind['version'], request?.requestKind['version'], request?.object?.['apiVersion']]).toEqual([
      'v1',
      'v2',
      'autoscaling/v1',
    ]);
  });

  test('the review of a dry run has dryRun set to true', async () => {
    await using set = await setUp(allow);
    await set.configure('Validating', 'v', { sideEffects: 'NoneOnDryRun' });
    await call(set.transport, 'POST', `${MAPS}?dryRun=All`, map('a'));
    expect(set.server.seen.map(({ request }) => [request.dryRun, request.options['dryRun']])).toEqual([
      [true, ['All']],
    ]);
  });
});

describe('requests whose objects are not stored', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  const PODS = '/api/v1/namespaces/default/pods';
  const SCALE = '/apis/apps/v1/namespaces/default/deployments/d/scale';
  const labels = { a: 'b' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod.spec } },
  };
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['x'] } };

  test.each<[string, string, string, object | undefined, JsonObject]>([
    [
      'CONNECT',
      `${PODS}/p/attach?stdout=true&container=c`,
      'POST',
      undefined,
      { kind: 'PodAttachOptions', stdout: true, container: 'c' },
    ],
    [
      'CONNECT',
      `${PODS}/p/exec?command=ls&command=-l&tty=1`,
      'GET',
      undefined,
      { kind: 'PodExecOptions', command: ['ls', '-l'], tty: true },
    ],
    ['CONNECT', `${PODS}/p/portforward?ports=80`, 'POST', undefined, { kind: 'PodPortForwardOptions', ports: [80] }],
    ['CONNECT', `${PODS}/p/proxy/a/b`, 'GET', undefined, { kind: 'PodProxyOptions', path: 'a/b' }],
    [
      'CREATE',
      `${PODS}/p/eviction`,
      'POST',
      { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } },
      { kind: 'Eviction' },
    ],
    [
      'CREATE',
      `${PODS}/p/binding`,
      'POST',
      { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
      { kind: 'Binding', target: { kind: 'Node', name: 'n' } },
    ],
    ['CREATE', '/api/v1/namespaces/default/serviceaccounts/s/token', 'POST', token, { kind: 'TokenRequest' }],
    ['UPDATE', SCALE, 'PATCH', { spec: { replicas: 3 } }, { kind: 'Scale', spec: { replicas: 3 } }],
  ])('a webhook reviews the object of %s %s', async (operation, path, method, body, object) => {
    await using set = await setUp(() => ({ allowed: false, status: { message: 'no' } }));
    const { transport, server } = set;
    await call(transport, 'POST', PODS, pod);
    await call(transport, 'POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
    await call(transport, 'POST', '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 's' },
    });
    const rules = [{ operations: [operation], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }];
    await set.configure('Validating', 'v', { rules });
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const refused = await call(transport, method, path, body, type);
    expect(refused.body.message).toBe('admission webhook "v.example.com" denied the request: no');
    const [review] = server.seen;
    expect(server.seen).toHaveLength(1);
    expect(review?.request).toMatchObject({
      operation,
      subResource: path.split('?')[0]?.split('/')[7 + (path.startsWith('/apis') ? 1 : 0)],
      object,
    });
    expect(review?.request.kind['kind']).toBe(object['kind']);
    const left = await call(transport, 'GET', `${PODS}/p`);
    expect(left.body.metadata['deletionTimestamp']).toBeUndefined();
  });
});
