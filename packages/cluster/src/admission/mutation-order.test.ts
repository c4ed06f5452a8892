import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type Setup, allow, call, CONFIGURATIONS, map, MAPS, setUp } from '../../test-support/webhook-cluster.ts';
import { patchAnswer } from '../../test-support/webhook-server.ts';

const PODS = '/api/v1/namespaces/default/pods';
const SCALE = '/apis/apps/v1/namespaces/default/deployments/d/scale';
const container = { name: 'c', image: 'i' };
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [container] },
});
const labels = { a: 'b' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
};
const rule = (group: string, resource: string) => ({
  operations: ['*'],
  apiGroups: [group],
  apiVersions: ['*'],
  resources: [resource],
});
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

/** Adds a mutating policy with a binding. */
async function addPolicy({ transport }: Setup, name: string, expression: string, more: object = {}) {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const rules = { matchConstraints: { resourceRules: [rule('', 'configmaps')] } };
  const jsonPatch = { expression };
  const spec = { ...rules, reinvocationPolicy: 'Never', mutations: [{ patchType: 'JSONPatch', jsonPatch }], ...more };
  for (const [kind, own] of [
    ['MutatingAdmissionPolicy', spec],
    ['MutatingAdmissionPolicyBinding', { policyName: name }],
  ] as const) {
    const plural = kind.endsWith('y') ? 'mutatingadmissionpolicies' : 'mutatingadmissionpolicybindings';
    await call(transport, 'POST', `${CONFIGURATIONS}/${plural}`, { apiVersion, kind, metadata: { name }, spec: own });
  }
}

interface PodSpec {
  readonly containers: readonly { readonly resources: JsonObject }[];
  readonly tolerations: readonly JsonObject[];
  readonly priority: number;
}

test('built-in admission plugins change a pod before the webhooks, and again after them', async () => {
  await using set = await setUp(() => patchAnswer([add('/spec/containers/-', { name: 'side', image: 's' })]));
  const range = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', default: { cpu: '2' }, defaultRequest: { cpu: '1' } }] },
  };
  await call(set.transport, 'POST', '/api/v1/namespaces/default/limitranges', range);
  await set.configure('Mutating', 'm', { rules: [rule('', 'pods')] });
  const created = await call(set.transport, 'POST', PODS, pod('p'));
  const resources = { limits: { cpu: '2' }, requests: { cpu: '1' } };
  const seen = set.server.seen[0]?.request.object?.['spec'] as unknown as PodSpec;
  expect(seen.containers.map((each) => each.resources)).toEqual([resources]);
  expect([seen.priority, seen.tolerations.length]).toEqual([0, 2]);
  const spec = created.body['spec'] as unknown as PodSpec;
  expect(spec.containers.map((each) => each.resources)).toEqual([resources, resources]);
});

describe('a second round of mutating policies and webhooks', () => {
  const append = (letter: string) => `[JSONPatch{op: "add", path: "/data/by", value: object.data.by + "${letter}"}]`;
  const by = async ({ transport }: Setup) =>
    (await call(transport, 'POST', MAPS, map('m', { data: { by: '' } }))).body['data'];
  const appending = (request: { readonly object: JsonObject | null }, letter: string) => {
    const data = request.object?.['data'] as { by: string } | undefined;
    return patchAnswer([add('/data/by', `${data?.by}${letter}`)]);
  };

  test('does not repeat the policy that changed the object last', async () => {
    await using set = await setUp(allow);
    await addPolicy(set, 'a', append('a'));
    await addPolicy(set, 'b', append('b'), { reinvocationPolicy: 'IfNeeded' });
    expect(await by(set)).toEqual({ by: 'ab' });
  });

  test('repeats a policy after a webhook, and then the webhook', async () => {
    await using set = await setUp((request) => appending(request, 'w'));
    await addPolicy(set, 'p', append('p'), { reinvocationPolicy: 'IfNeeded' });
    await set.configure('Mutating', 'w', { reinvocationPolicy: 'IfNeeded' });
    expect(await by(set)).toEqual({ by: 'pwpw' });
    expect(set.server.seen).toHaveLength(2);
  });
});

describe('a change that is always refused', () => {
  const NAMESPACE = 'the namespace of the provided object does not match the namespace sent on the request';
  const cases: [string, string, string, number, string][] = [
    ['PUT', '/metadata/namespace', 'kube-system', 400, NAMESPACE],
    ['PUT', '/metadata/uid', 'x', 422, 'metadata.uid: Invalid value: "x": field is immutable'],
    ['apply', '/metadata/namespace', 'kube-system', 400, NAMESPACE],
    ['apply', '/metadata/name', 'x', 400, 'the name of the object (x) does not match the name on the URL (m)'],
  ];
  const send = async ({ transport }: Setup, method: string) =>
    method === 'PUT'
      ? call(transport, 'PUT', `${MAPS}/m`, map('m', { data: { a: '1' } }))
      : call(transport, 'PATCH', `${MAPS}/m?fieldManager=x`, map('m'), 'application/apply-patch+yaml');

  test.each(cases)('the %s is refused when a webhook sets %s', async (method, path, value, code, message) => {
    await using set = await setUp(() => patchAnswer([add(path, value)]));
    if (method === 'PUT') await call(set.transport, 'POST', MAPS, map('m'));
    await set.configure('Mutating', 'w');
    const { status, body } = await send(set, method);
    expect([status, body.message]).toEqual([code, expect.stringContaining(message)]);
  });

  test.each(cases)('the %s is refused when a policy sets %s', async (method, path, value, code, message) => {
    await using set = await setUp(allow);
    if (method === 'PUT') await call(set.transport, 'POST', MAPS, map('m'));
    await addPolicy(set, 'p', `[JSONPatch{op: "add", path: "${path}", value: "${value}"}]`);
    const { status, body } = await send(set, method);
    expect([status, body.message]).toEqual([code, expect.stringContaining(message)]);
  });
});

test('field owners do not change when a policy writes invalid managedFields', async () => {
  await using set = await setUp(allow);
  const value = '[{"operation": "Nonsense"}]';
  await addPolicy(set, 'p', `[JSONPatch{op: "add", path: "/metadata/managedFields", value: ${value}}]`);
  const created = await call(set.transport, 'POST', MAPS, map('a', { data: { a: '1' } }));
  expect(created.warning).toContain('.metadata.managedFields was in an invalid state after admission');
  expect(created.body.metadata['managedFields']).toEqual([expect.objectContaining({ operation: 'Update' })]);
});

describe('objects that are not stored', () => {
  test('a webhook changes the replicas of a Scale', async () => {
    await using set = await setUp(() => patchAnswer([{ op: 'replace', path: '/spec/replicas', value: 5 }]));
    await call(set.transport, 'POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
    await set.configure('Mutating', 'm', { rules: [rule('apps', 'deployments/scale')] });
    const type = 'application/merge-patch+json';
    const { status, body } = await call(set.transport, 'PATCH', SCALE, { spec: { replicas: 3 } }, type);
    expect([status, body['spec']]).toEqual([200, { replicas: 5 }]);
    expect(set.server.seen).toHaveLength(1);
  });

  test('a mutating webhook refuses a Scale', async () => {
    await using set = await setUp(() => ({ allowed: false, status: { message: 'no' } }));
    await call(set.transport, 'POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
    await set.configure('Mutating', 'm', { rules: [rule('apps', 'deployments/scale')] });
    const type = 'application/merge-patch+json';
    const { body } = await call(set.transport, 'PATCH', SCALE, { spec: { replicas: 3 } }, type);
    expect(body.message).toBe('admission webhook "m.example.com" denied the request: no');
  });

  test('a webhook changes the node of a Binding, and validating webhooks see the change', async () => {
    await using set = await setUp((_, path) =>
      path.startsWith('/m') ? patchAnswer([{ op: 'replace', path: '/target/name', value: 'other' }]) : allow(),
    );
    const { transport } = set;
    await call(transport, 'POST', PODS, pod('p'));
    for (const kind of ['Mutating', 'Validating'] as const)
      await set.configure(kind, kind.charAt(0).toLowerCase(), { rules: [rule('', 'pods/binding')] });
    const target = { kind: 'Node', name: 'n' };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target };
    expect((await call(transport, 'POST', `${PODS}/p/binding`, binding)).status).toBe(201);
    expect(set.server.seen[1]?.request.object?.['target']).toEqual({ ...target, name: 'other' });
    const stored = await call(transport, 'GET', `${PODS}/p`);
    expect((stored.body['spec'] as JsonObject)['nodeName']).toBe('other');
  });

  test('a webhook changes the lifetime of a token', async () => {
    await using set = await setUp(() => patchAnswer([add('/spec/expirationSeconds', 7200)]));
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await call(set.transport, 'POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 's' } });
    await set.configure('Mutating', 'm', { rules: [rule('', 'serviceaccounts/token')] });
    const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['x'] } };
    const { body } = await call(set.transport, 'POST', `${accounts}/s/token`, token);
    expect((body['spec'] as JsonObject)['expirationSeconds']).toBe(7200);
  });
});

describe('the content of a review', () => {
  test('the review of a Namespace creation has the name of the Namespace as its namespace', async () => {
    await using set = await setUp(allow);
    await set.configure('Validating', 'v', { rules: [rule('', 'namespaces')] });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
    await call(set.transport, 'POST', '/api/v1/namespaces', namespace);
    expect(set.server.seen[0]?.request).toMatchObject({ name: 'n', namespace: 'n' });
  });

  test('the review of a deletion has the options of the deletion', async () => {
    await using set = await setUp(allow);
    await call(set.transport, 'POST', MAPS, map('m'));
    await set.configure('Validating', 'v');
    await call(set.transport, 'DELETE', `${MAPS}/m?propagationPolicy=Background&gracePeriodSeconds=3`);
    expect(set.server.seen[0]?.request.options).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/v1',
      gracePeriodSeconds: 3,
      propagationPolicy: 'Background',
    });
  });

  test('the refusal of a validating webhook takes precedence over the error that the name is taken', async () => {
    await using set = await setUp(() => ({ allowed: false, status: { message: 'no' } }));
    await call(set.transport, 'POST', MAPS, map('m'));
    await set.configure('Validating', 'v');
    const { body } = await call(set.transport, 'POST', MAPS, map('m'));
    expect(body.message).toBe('admission webhook "v.example.com" denied the request: no');
  });
});
