import { describe, expect, test } from 'vitest';
import { type Transport, createEmbeddedCluster } from '../index.ts';
import { type Answer, addConfiguration, call, CONFIGURATIONS, map, MAPS } from '../../test-support/webhook-cluster.ts';

const RULE = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

interface Setup extends AsyncDisposable {
  readonly transport: Transport;
  policy(name: string, spec: object): Promise<Answer>;
  bind(name: string, policyName: string, spec?: object): Promise<Answer>;
  create(object: object, path?: string): Promise<Answer>;
}

async function setUp(): Promise<Setup> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const add = addConfiguration.bind(undefined, transport);
  return {
    transport,
    policy: (name, spec) =>
      add('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', name, {
        matchConstraints: { resourceRules: [RULE] },
        ...spec,
      }),
    bind: (name, policyName, spec = {}) =>
      add('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', name, {
        policyName,
        validationActions: ['Deny'],
        ...spec,
      }),
    create: (object, path = MAPS) => call(transport, 'POST', path, object),
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

const short = [{ expression: 'object.metadata.name.size() < 3' }];
const denied = (message: string) => `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${message}`;

test('a policy refuses requests once it has a binding', async () => {
  await using set = await setUp();
  expect((await set.policy('p', { validations: short })).status).toBe(201);
  expect((await set.create(map('long'))).status).toBe(201);
  expect((await set.bind('b', 'p')).status).toBe(201);
  expect((await set.create(map('ok'))).status).toBe(201);
  const refused = await set.create(map('longer'));
  const message = denied('failed expression: object.metadata.name.size() < 3');
  expect(refused.body).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `configmaps "longer" is forbidden: ${message}`,
    reason: 'Invalid',
    details: { name: 'longer', kind: 'configmaps', causes: [{ message }] },
    code: 422,
  });
});

describe('a refusal', () => {
  test.each<[string, object, number, string]>([
    ['a message', { message: ' too long ' }, 422, 'too long'],
    ['a messageExpression', { message: 'm', messageExpression: "'not ' + object.metadata.name" }, 422, 'not longer'],
    ['a messageExpression that fails', { message: 'm', messageExpression: 'string(object.x)' }, 422, 'm'],
    ['a messageExpression with a line break in its result', { message: 'm', messageExpression: "'a\\nb'" }, 422, 'm'],
    [
      'a messageExpression with an empty result',
      { messageExpression: "' '" },
      422,
      'failed expression: object.metadata.name.size() < 3',
    ],
    ['the reason Forbidden', { message: 'm', reason: 'Forbidden' }, 403, 'm'],
    ['the reason RequestEntityTooLarge', { message: 'm', reason: 'RequestEntityTooLarge' }, 413, 'm'],
  ])('has the expected message and status code: the validation has %s', async (_, parts, code, message) => {
    await using set = await setUp();
    await set.policy('p', { validations: [{ ...short[0], ...parts }] });
    await set.bind('b', 'p');
    const { body } = await set.create(map('longer'));
    expect([body['code'], body.message]).toEqual([code, `configmaps "longer" is forbidden: ${denied(message)}`]);
  });

  test('the refusal comes from the first policy by name, and from its first failed validation', async () => {
    await using set = await setUp();
    await set.policy('q', { validations: [{ expression: 'false' }] });
    await set.policy('p', {
      validations: [{ expression: 'true' }, { expression: 'false', message: '1' }, { expression: 'false' }],
    });
    await set.bind('a', 'q');
    await set.bind('b', 'p');
    expect((await set.create(map('x'))).body.message).toContain(denied('1'));
  });

  test('request.name is the generated name of the object', async () => {
    await using set = await setUp();
    await set.policy('p', { validations: [{ expression: '!request.name.startsWith("g-")', message: 'no' }] });
    await set.bind('b', 'p');
    const { body } = await set.create({ ...map(''), metadata: { generateName: 'g-' } });
    expect(body.message).toMatch(/^configmaps "g-\w{5}" is forbidden: .* no$/);
  });
});

describe('actions', () => {
  test('Warn adds a warning', async () => {
    await using set = await setUp();
    await set.policy('p', { validations: short });
    await set.bind('b', 'p', { validationActions: ['Warn', 'Audit'] });
    const created = await set.create(map('longer'));
    expect([created.status, created.warning]).toEqual([
      201,
      `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.metadata.name.size() < 3"`,
    ]);
  });

  test.each([
    ['Fail', 422],
    ['Ignore', 201],
  ])('with the failure policy %s, an expression that fails leads to the status %i', async (failurePolicy, code) => {
    await using set = await setUp();
    await set.policy('p', { failurePolicy, validations: [{ expression: 'object.data.x == "1"' }] });
    await set.bind('b', 'p');
    const { status, body } = await set.create(map('a'));
    expect(status).toBe(code);
    if (code === 422)
      expect(body.message).toContain(
        denied('expression \'object.data.x == "1"\' resulted in error: no such key: data'),
      );
  });

  test('a failing audit annotation denies the request, independent of the actions of the binding', async () => {
    await using set = await setUp();
    const annotations = [{ key: 'k', valueExpression: 'string(object.data.x)' }];
    await set.policy('p', { auditAnnotations: annotations });
    await set.bind('b', 'p', { validationActions: ['Audit'] });
    const { body } = await set.create(map('a'));
    expect(body.message).toContain(denied("expression 'string(object.data.x)' resulted in error: no such key: data"));
    expect((await set.create(map('b', { data: { x: '1' } }))).status).toBe(201);
  });
});

describe('the requests that a policy refuses', () => {
  test.each<[string, object, object, readonly string[]]>([
    ['rules', { matchConstraints: { resourceRules: [{ ...RULE, operations: ['DELETE'] }] } }, {}, []],
    [
      'excluded rules',
      { matchConstraints: { resourceRules: [RULE], excludeResourceRules: [{ ...RULE, resourceNames: ['a'] }] } },
      {},
      ['b'],
    ],
    ['names', { matchConstraints: { resourceRules: [{ ...RULE, resourceNames: ['a'] }] } }, {}, ['a']],
    [
      'objectSelector of the policy',
      { matchConstraints: { resourceRules: [RULE], objectSelector: { matchLabels: { l: 'a' } } } },
      {},
      ['a'],
    ],
    ['objectSelector of the binding', {}, { matchResources: { objectSelector: { matchLabels: { l: 'b' } } } }, ['b']],
    [
      'namespaces',
      {},
      { matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } } },
      [],
    ],
    ['rules of the binding', {}, { matchResources: { resourceRules: [{ ...RULE, resourceNames: ['b'] }] } }, ['b']],
    ['conditions', { matchConditions: [{ name: 'c', expression: "object.metadata.name == 'a'" }] }, {}, ['a']],
  ])('are limited by %s', async (_, policy, binding, expected) => {
    await using set = await setUp();
    expect((await set.policy('p', { validations: [{ expression: 'false' }], ...policy })).status).toBe(201);
    expect((await set.bind('b', 'p', binding)).status).toBe(201);
    const refused: string[] = [];
    for (const name of ['a', 'b']) {
      const { status } = await set.create({ ...map(name), metadata: { name, labels: { l: name } } });
      if (status === 422) refused.push(name);
    }
    expect(refused).toEqual(expected);
  });

  test('never include requests for policies and bindings', async () => {
    await using set = await setUp();
    const everything = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] };
    await set.policy('p', {
      matchConstraints: { resourceRules: [everything] },
      validations: [{ expression: 'false' }],
    });
    await set.bind('b', 'p');
    expect((await set.policy('q', { validations: short })).status).toBe(201);
    const path = `${CONFIGURATIONS}/validatingadmissionpolicybindings/b`;
    expect((await call(set.transport, 'DELETE', path)).status).toBe(200);
    expect((await set.create(map('free'))).status).toBe(201);
  });

  test('expressions see both objects of an update, and only the old object of a deletion', async () => {
    await using set = await setUp();
    await set.create(map('m', { data: { a: '1' } }));
    await set.policy('p', {
      validations: [
        {
          expression:
            "request.operation == 'DELETE' ? object == null && oldObject.data.a == '2' : object.data.a > oldObject.data.a",
        },
      ],
    });
    await set.bind('b', 'p');
    const patch = (a: string) =>
      call(set.transport, 'PATCH', `${MAPS}/m`, { data: { a } }, 'application/merge-patch+json');
    expect((await patch('0')).status).toBe(422);
    expect((await patch('2')).status).toBe(200);
    expect((await call(set.transport, 'DELETE', `${MAPS}/m`)).status).toBe(200);
  });
});

describe('data that expressions see', () => {
  test.each<[string, object, boolean]>([
    [
      'variables',
      {
        variables: [{ name: 'n', expression: 'object.metadata.name' }],
        validations: [{ expression: "variables.n == 'a'" }],
      },
      true,
    ],
    ['the namespace', { validations: [{ expression: "namespaceObject.metadata.name == 'default'" }] }, true],
    ['the user', { validations: [{ expression: "request.userInfo.username == 'kubernetes-admin'" }] }, true],
    [
      'the rights of the user',
      { validations: [{ expression: "authorizer.requestResource.check('delete').allowed()" }] },
      true,
    ],
    [
      'the rights of another user',
      {
        validations: [
          { expression: "authorizer.serviceAccount('default', 'x').group('').resource('pods').check('get').allowed()" },
        ],
      },
      false,
    ],
  ])('include %s', async (_, spec, isAllowed) => {
    await using set = await setUp();
    expect((await set.policy('p', spec)).body.message).toBeUndefined();
    await set.bind('b', 'p');
    expect((await set.create(map('a'))).status).toBe(isAllowed ? 201 : 422);
  });
});

describe('parameters', () => {
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const validations = [
    {
      expression: 'params == null || object.metadata.name.size() <= int(params.data.max)',
      messageExpression: "'at most ' + params.data.max",
    },
  ];
  const matchConstraints = { resourceRules: [{ ...RULE, resources: ['secrets'] }] };
  const limit = (name: string, max: string) => ({
    ...map(name, { data: { max } }),
    metadata: { name, labels: { limit: 'yes' } },
  });
  const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });

  test.each<[string, object, string | undefined]>([
    ['by name', { paramRef: { name: 'two', parameterNotFoundAction: 'Deny' } }, 'at most 2'],
    [
      'by name, in a namespace',
      { paramRef: { name: 'two', namespace: 'default', parameterNotFoundAction: 'Deny' } },
      'at most 2',
    ],
    [
      'by labels',
      { paramRef: { selector: { matchLabels: { limit: 'yes' } }, parameterNotFoundAction: 'Deny' } },
      'at most 2',
    ],
    [
      'by labels that no object has',
      { paramRef: { selector: { matchLabels: { limit: 'no' } }, parameterNotFoundAction: 'Allow' } },
      undefined,
    ],
    ['none, without a reference', {}, undefined],
    ['missing, and allowed', { paramRef: { name: 'gone', parameterNotFoundAction: 'Allow' } }, undefined],
    [
      'missing, and denied',
      { paramRef: { name: 'gone', parameterNotFoundAction: 'Deny' } },
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    ],
  ])('are found as the binding specifies: %s', async (_, binding, message) => {
    await using set = await setUp();
    await set.create(limit('nine', '9'));
    await set.create(limit('two', '2'));
    await set.policy('p', { paramKind, matchConstraints, validations });
    expect((await set.bind('b', 'p', binding)).status).toBe(201);
    const { body } = await set.create(secret('long'), '/api/v1/namespaces/default/secrets');
    expect(body.message).toBe(message === undefined ? undefined : `secrets "long" is forbidden: ${denied(message)}`);
  });

  test('of an unknown kind cause a refusal', async () => {
    await using set = await setUp();
    await set.policy('p', {
      paramKind: { apiVersion: 'x.example.com/v1', kind: 'Limit' },
      validations: [{ expression: 'true' }],
    });
    await set.bind('b', 'p', { paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } });
    expect((await set.create(map('a'))).body.message).toBe(
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x.example.com/v1, Kind=Limit'`,
    );
  });

  test('namespaced parameters cannot be used for cluster-scoped objects', async () => {
    await using set = await setUp();
    const rule = { ...RULE, apiGroups: ['storage.k8s.io'], resources: ['storageclasses'] };
    await set.policy('p', { paramKind, matchConstraints: { resourceRules: [rule] }, validations });
    await set.bind('b', 'p', { paramRef: { name: 'two', parameterNotFoundAction: 'Allow' } });
    const storage = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 's' },
      provisioner: 'x',
    };
    const { body } = await set.create(storage, '/apis/storage.k8s.io/v1/storageclasses');
    expect(body.message).toContain(
      denied(
        'failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
      ),
    );
  });
});

describe('validation of policies', () => {
  test.each<[object, string]>([
    [{}, 'spec.validations: Required value: validations or auditAnnotations must contain at least one item'],
    [
      { validations: [{ expression: ' ' }] },
      'spec.validations[0].expression: Required value: expression is not specified',
    ],
    [
      { validations: [{ expression: '1' }] },
      'spec.validations[0].expression: Invalid value: "1": must evaluate to bool',
    ],
    [
      { validations: [{ expression: 'x' }] },
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'x' (in container '')",
    ],
    [{ validations: [{ expression: 'params.x == 1' }] }, "undeclared reference to 'params'"],
    [
      { validations: [{ expression: 'true', messageExpression: '1' }] },
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string',
    ],
    [{ validations: [{ expression: 'true', message: 'a\nb' }] }, 'message must not contain line breaks'],
    [
      { validations: [{ expression: 'true', reason: 'Nope' }] },
      'spec.validations[0].reason: Unsupported value: "Nope": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
    ],
    [
      { validations: short, variables: [{ name: '1a', expression: '1' }] },
      'spec.variables[0].name: Invalid value: "1a": name is not a valid CEL identifier',
    ],
    [
      { validations: short, variables: [{ name: 'a', expression: 'b' }] },
      'spec.variables[0].expression: Invalid value: "b": compilation failed: ERROR:',
    ],
    [
      { validations: short, failurePolicy: 'Maybe' },
      'spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
    ],
    [{ validations: short, matchConstraints: {} }, 'spec.matchConstraints.resourceRules: Required value'],
    [
      { validations: short, paramKind: { apiVersion: 'a/b/c', kind: 'X' } },
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    ],
    [
      {
        validations: short,
        matchConditions: [
          { name: 'a', expression: 'true' },
          { name: 'a', expression: 'false' },
        ],
      },
      'spec.matchConditions[1].name: Duplicate value: "a"',
    ],
    [
      { auditAnnotations: [{ key: 'k', valueExpression: '1' }] },
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type]',
    ],
    [
      { auditAnnotations: [{ key: 'a b', valueExpression: "'1'" }] },
      'spec.auditAnnotations[0].key: Invalid value: "p/a b"',
    ],
  ])('the server refuses the policy %j', async (spec, message) => {
    await using set = await setUp();
    const { status, body } = await set.policy('p', spec);
    expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
  });

  test.each<[object, string]>([
    [{ policyName: '' }, 'spec.policyName: Required value'],
    [{ validationActions: [] }, 'spec.validationActions: Required value: at least one validation action is required'],
    [{ validationActions: ['Deny', 'Warn'] }, 'must not contain both Deny and Warn'],
    [{ validationActions: ['Deny', 'Deny'] }, 'spec.validationActions[1]: Duplicate value: "Deny"'],
    [
      { paramRef: { parameterNotFoundAction: 'Deny' } },
      'spec.paramRef: Required value: one of name or selector must be specified',
    ],
    [{ paramRef: { name: 'a' } }, 'spec.paramRef.parameterNotFoundAction: Required value'],
    [
      { paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' } },
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
    ],
    [
      { matchResources: { resourceRules: [{ ...RULE, resources: ['*', 'pods'] }] } },
      "if '*' is present, must not specify other resources without subresources",
    ],
  ])('the server refuses the binding %j', async (spec, message) => {
    await using set = await setUp();
    const { status, body } = await set.bind('b', 'p', spec);
    expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
  });
});
