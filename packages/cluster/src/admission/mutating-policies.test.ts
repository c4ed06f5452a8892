import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type Transport, createEmbeddedCluster } from '../index.ts';
import { type Answer, addConfiguration, call, map, MAPS } from '../../test-support/webhook-cluster.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const rule = (group: string, resource: string) => ({
  operations: ['CREATE', 'UPDATE'],
  apiGroups: [group],
  apiVersions: ['v1'],
  resources: [resource],
});
const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

interface Setup extends AsyncDisposable {
  readonly transport: Transport;
  policy(name: string, mutations: readonly object[], more?: object): Promise<Answer>;
  bind(policyName: string, more?: object): Promise<Answer>;
}

async function setUp(rules: object = rule('', 'configmaps')): Promise<Setup> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const add = addConfiguration.bind(undefined, transport);
  return {
    transport,
    policy: (name, mutations, more = {}) =>
      add('MutatingAdmissionPolicy', 'mutatingadmissionpolicies', name, {
        matchConstraints: { resourceRules: [rules] },
        reinvocationPolicy: 'Never',
        mutations,
        ...more,
      }),
    bind: (policyName, more = {}) =>
      add('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings', `${policyName}-b`, {
        policyName,
        ...more,
      }),
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

const labels = { app: 'web' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'i' }] } },
  },
};

async function mutated(mutations: readonly object[]): Promise<Answer> {
  await using set = await setUp(rule('apps', 'deployments'));
  const created = await set.policy('p', mutations);
  expect(created.body.message).toBeUndefined();
  await set.bind('p');
  return call(set.transport, 'POST', DEPLOYMENTS, deployment);
}

interface Spec {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly JsonObject[] } };
}

const SIDECAR =
  'Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "side", image: "s"}]}}}}';

describe('an ApplyConfiguration', () => {
  test('sets a field', async () => {
    const { body } = await mutated([apply('Object{spec: Object.spec{replicas: object.spec.replicas + 2}}')]);
    expect((body['spec'] as unknown as Spec).replicas).toBe(3);
  });

  test('adds an element to a list with keys, and keeps the other elements', async () => {
    const { body } = await mutated([apply(SIDECAR)]);
    const { containers } = (body['spec'] as unknown as Spec).template.spec;
    expect(containers.map(({ name }) => name)).toEqual(['a', 'side']);
  });

  test('sets labels by a map, next to an optional field without a value', async () => {
    const metadata = 'Object.metadata{labels: {"a": "b"}, ?annotations: object.metadata.?annotations}';
    const { body } = await mutated([apply(`Object{metadata: ${metadata}}`)]);
    expect(body.metadata['labels']).toEqual({ a: 'b' });
  });

  test.each([
    [
      'an unknown field',
      'Object{spec: Object.spec{nope: 1}}',
      'error applying patch: failed to convert patch object to typed object: .spec.nope: field not declared in schema',
    ],
    [
      'a type of another path',
      'Object{spec: Object.specx{replicas: 1}}',
      'type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type',
    ],
    [
      'a value for an atomic map',
      'Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a": "b"}}}}',
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector',
    ],
    [
      'a number that JSON does not have',
      'Object{spec: Object.spec{replicas: [-1.0 / 0.0][0]}}',
      'json: unsupported value: -Inf',
    ],
    [
      'an expression that fails',
      'Object{spec: Object.spec{replicas: int(object.spec.nope)}}',
      "expression 'Object{spec: Object.spec{replicas: int(object.spec.nope)}}' resulted in error: no such key: nope",
    ],
  ])('is refused if it has %s', async (_, expression, problem) => {
    const { body } = await mutated([apply(expression)]);
    const message = `policy 'p' with binding 'p-b' denied request: ${problem}`;
    expect(body).toMatchObject({ code: 403, reason: 'Invalid', message, details: { causes: [{ message }] } });
  });
});

describe('a JSONPatch', () => {
  test('changes the object', async () => {
    const { body } = await mutated([
      patch(
        '[JSONPatch{op: "test", path: "/spec/replicas", value: 1}, JSONPatch{op: "replace", path: "/spec/replicas", value: 4}]',
      ),
      patch(
        '[JSONPatch{op: "add", path: "/metadata/labels", value: {}}, JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "c"}]',
      ),
      patch(
        '[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", value: Object.spec.template.spec.containers{name: "x", image: "y"}}]',
      ),
    ]);
    expect(body.metadata['labels']).toEqual({ 'a/b': 'c' });
    const spec = body['spec'] as unknown as Spec;
    expect(spec.replicas).toBe(4);
    expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(['a', 'x']);
  });

  test('a patch whose operation "test" fails does not change the object', async () => {
    const { status, body } = await mutated([
      patch(
        '[JSONPatch{op: "test", path: "/spec/replicas", value: 2}, JSONPatch{op: "replace", path: "/spec/replicas", value: 4}]',
      ),
    ]);
    expect([status, (body['spec'] as unknown as Spec).replicas]).toEqual([201, 1]);
  });

  test('the request is refused when a path is missing', async () => {
    const { body } = await mutated([patch('[JSONPatch{op: "remove", path: "/nope"}]')]);
    expect(body.message).toBe("policy 'p' with binding 'p-b' denied request: JSON Patch: missing path: root/nope");
  });

  test('the request is refused when JSON has no such number', async () => {
    const { body } = await mutated([patch('[JSONPatch{op: "add", path: "/spec/a", value: {"b": 0.0 / 0.0}}]')]);
    expect(body.message).toMatch(
      /denied request: JSONPath .* could not marshal to JSON: json: unsupported value: NaN$/,
    );
  });
});

test('a policy sees the changes of earlier policies and, with the reinvocation policy IfNeeded, runs again after later policies', async () => {
  await using set = await setUp();
  const append = (letter: string) => [
    patch(`[JSONPatch{op: "add", path: "/data/by", value: object.data.by + "${letter}"}]`),
  ];
  await set.policy('b', append('b'));
  await set.policy('a', append('a'), { reinvocationPolicy: 'IfNeeded' });
  for (const name of ['a', 'b']) await set.bind(name);
  const { body } = await call(set.transport, 'POST', MAPS, map('m', { data: { by: '' } }));
  expect(body['data']).toEqual({ by: 'aba' });
});

test('a mutating policy uses parameters, variables and match conditions', async () => {
  await using set = await setUp();
  await call(set.transport, 'POST', MAPS, map('params', { data: { team: 'x' } }));
  await set.policy('p', [apply('Object{metadata: Object.metadata{labels: {"team": variables.team}}}')], {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    variables: [{ name: 'team', expression: 'params.data.team' }],
    matchConditions: [{ name: 'c', expression: "object.metadata.name != 'free'" }],
  });
  await set.bind('p', { paramRef: { name: 'params', parameterNotFoundAction: 'Deny' } });
  const create = async (name: string) => (await call(set.transport, 'POST', MAPS, map(name))).body.metadata['labels'];
  expect([await create('m'), await create('free')]).toEqual([{ team: 'x' }, undefined]);
});

test('a failing policy with the failure policy Ignore changes nothing', async () => {
  await using set = await setUp();
  await set.policy('p', [apply('Object{spec: Object.spec{nope: 1}}')], { failurePolicy: 'Ignore' });
  await set.bind('p');
  expect((await call(set.transport, 'POST', MAPS, map('m'))).status).toBe(201);
});

test.each<[object, string]>([
  [{ mutations: [] }, 'spec.mutations: Required value: mutations must contain at least one item'],
  [
    { reinvocationPolicy: 'Maybe' },
    'spec.reinvocationPolicy: Unsupported value: "Maybe": supported values: "IfNeeded", "Never"',
  ],
  [
    { mutations: [{ patchType: 'Merge' }] },
    'spec.mutations[0].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"',
  ],
  [
    { mutations: [apply('1')] },
    'spec.mutations[0].applyConfiguration.expression: Invalid value: "1": must evaluate to Object',
  ],
  [
    { mutations: [patch('Object{}')] },
    'spec.mutations[0].jsonPatch.expression: Invalid value: "Object{}": must evaluate to list(JSONPatch)',
  ],
  [{ mutations: [patch('[JSONPatch{nope: 1}]')] }, "undefined field 'nope'"],
  [
    { mutations: [{ ...apply('Object{}'), ...patch('[]') }] },
    'spec.mutations[0].applyConfiguration: Forbidden: must not be specified when patchType is JSONPatch',
  ],
])('an invalid policy is refused: %j', async (spec, message) => {
  await using set = await setUp();
  const { status, body } = await set.policy('p', [], spec);
  expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
});
