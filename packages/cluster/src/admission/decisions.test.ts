import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../index.ts';
import { CONFIGURATIONS, MAPS, allow, call, map, setUp } from '../../test-support/webhook-cluster.ts';
import { AdmissionPending, ConversionPending } from '../webhooks/webhook-pending.ts';
import { Api } from '../api.ts';
import { withAdmission } from './admission-session.ts';

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
  const data = Object.fromEntries(many(6000, (i) => [`k${i}`, '']));
  const written = call(transport, 'POST', MAPS, { ...map('a'), data }).finally(() => (state.isWritten = true));
  let others = 0;
  for (; !state.isWritten; others++) {
    await new Promise(setImmediate);
    await call(transport, 'GET', `${MAPS}/p0`);
  }
  expect((await written).status).toBe(201);
  expect(others).toBeGreaterThan(4);
});

const FAILED = 'Internal error occurred: failed calling webhook "h.example.com": received invalid webhook response: ';
const patch = Buffer.from(JSON.stringify([{ op: 'add', path: '/data', value: { by: 'h' } }])).toString('base64');

test.each([
  [['v1', 'v1beta1'], 'v1'],
  [['v9', 'v1beta1', 'v1'], 'v1beta1'],
])('a webhook that accepts %j gets a review in the version %s', async (admissionReviewVersions, version) => {
  await using set = await setUp(allow);
  await set.configure('Validating', 'h', { admissionReviewVersions });
  // This test checks only the request, because the test server responds in the version v1.
  await call(set.transport, 'POST', MAPS, map('a'));
  expect(set.server.seen.map(({ apiVersion }) => apiVersion)).toEqual([`admission.k8s.io/${version}`]);
});

const REVIEW = { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' };

test.each<[string, 'Mutating' | 'Validating', object, number, unknown]>([
  ['without a uid', 'Validating', { ...REVIEW, response: { allowed: true } }, 201, undefined],
  ['without a kind', 'Validating', { response: { allowed: true } }, 201, undefined],
  ['with a patch without a type', 'Mutating', { ...REVIEW, response: { allowed: true, patch } }, 201, { by: 'h' }],
  [
    'with an unknown type of patch',
    'Mutating',
    { ...REVIEW, response: { allowed: true, patch, patchType: 'x' } },
    201,
    { by: 'h' },
  ],
  ['without a patch', 'Mutating', { ...REVIEW, response: { allowed: true, patchType: 'JSONPatch' } }, 201, undefined],
  [
    'with a patch of a validating webhook',
    'Validating',
    { ...REVIEW, response: { allowed: true, patch } },
    201,
    undefined,
  ],
  [
    'with a denial',
    'Validating',
    { ...REVIEW, response: { allowed: false, status: { message: 'no' } } },
    400,
    'admission webhook "h.example.com" denied the request: no',
  ],
  ['without the field response', 'Validating', REVIEW, 500, `${FAILED}webhook response was absent`],
  [
    'in the version v1',
    'Validating',
    { ...REVIEW, apiVersion: 'admission.k8s.io/v1', response: { allowed: true } },
    500,
    `${FAILED}webhook response was absent`,
  ],
])('a v1beta1 review has the expected outcome for a response %s', async (_title, kind, answer, status, expected) => {
  await using set = await setUp(() => (response) => void response.end(JSON.stringify(answer)));
  await set.configure(kind, 'h', { admissionReviewVersions: ['v1beta1'] });
  const reply = await call(set.transport, 'POST', MAPS, map('a'));
  expect([reply.status, status === 201 ? reply.body['data'] : reply.body.message]).toEqual([status, expected]);
});

test.each([
  ['decisions of webhooks', 30, AdmissionPending],
  ['conversions by webhooks', 100, ConversionPending],
])('a write waits for %s at most %i times', async (_, limit, Pending) => {
  const api = new Api({});
  const write = async (waits: number) => {
    let [answers, attempts] = [0, 0];
    const pending = () =>
      new Pending(() => {
        answers += 1;
        return Promise.resolve();
      });
    const written = withAdmission(api, [], () => {
      attempts += 1;
      if (attempts <= waits) throw pending();
      return 'written';
    });
    return [await written.catch((error: Error) => error.message), answers];
  };
  expect(await write(limit)).toEqual(['written', limit]);
  expect(await write(limit + 1)).toEqual([expect.stringContaining('the object changes too often'), limit]);
});
