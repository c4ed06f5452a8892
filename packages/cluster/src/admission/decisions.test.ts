import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../index.ts';
import { call, CONFIGURATIONS, map, MAPS } from '../../test-support/webhook-cluster.ts';

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }];
const matchConstraints = {
  resourceRules: rules,
  objectSelector: { matchExpressions: [{ key: 'param', operator: 'DoesNotExist' }] },
};
const ALL = 'object.data.all(k, k != "")';
const webhook = (expression: string) => (index: number) => ({
  name: `w${index}.example.com`,
  rules,
  clientConfig: { url: 'https://127.0.0.1:1/' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  matchConditions: [{ name: 'c', expression }],
});
const paramRef = { namespace: 'default', parameterNotFoundAction: 'Deny', selector: { matchLabels: { param: '1' } } };

test.each<[string, string, object, object?]>([
  [
    'the mutations of a policy',
    'MutatingAdmissionPolicy',
    {
      reinvocationPolicy: 'Never',
      matchConstraints,
      mutations: many(40, (i) => ({
        patchType: 'JSONPatch',
        jsonPatch: { expression: `[JSONPatch{op: "add", path: "/data/z${i}", value: "b"}]` },
      })),
    },
    {},
  ],
  [
    'the parameters of a policy',
    'ValidatingAdmissionPolicy',
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints,
      validations: [{ expression: 'object.data.all(k, k != params.metadata.name)' }],
    },
    { validationActions: ['Deny'], paramRef },
  ],
  ['the conditions of mutating webhooks', 'MutatingWebhookConfiguration', many(100, webhook(`!${ALL}`))],
  ['the conditions of validating webhooks', 'ValidatingWebhookConfiguration', many(100, webhook(`!${ALL}`))],
])('other requests are handled between %s', async (_, kind, content, binding) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const add = async (path: string, object: object): Promise<void> => {
    const { status, body } = await call(transport, 'POST', path, object);
    expect([status, body.message]).toEqual([201, undefined]);
  };
  for (let i = 0; i < 100; i++) await add(MAPS, { metadata: { name: `p${i}`, labels: { param: '1' } } });
  const plural = kind.replace(/y$/, 'ie').toLowerCase();
  const own = Array.isArray(content) ? { webhooks: content } : { spec: content };
  await add(`${CONFIGURATIONS}/${plural}s`, { metadata: { name: 'p' }, ...own });
  if (binding !== undefined)
    await add(`${CONFIGURATIONS}/${kind.toLowerCase()}bindings`, {
      metadata: { name: 'b' },
      spec: { policyName: 'p', ...binding },
    });
  const state = { isWritten: false };
  const data = Object.fromEntries(many(2000, (i) => [`k${i}`, '']));
  const written = call(transport, 'POST', MAPS, { ...map('a'), data }).finally(() => (state.isWritten = true));
  let others = 0;
  for (; !state.isWritten; others++) {
    await new Promise(setImmediate);
    await call(transport, 'GET', `${MAPS}/p0`);
  }
  expect((await written).status).toBe(201);
  expect(others).toBeGreaterThan(4);
});
