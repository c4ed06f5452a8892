import { expect, test } from 'vitest';
import { allow, call, map, MAPS, setUp } from '../../test-support/webhook-cluster.ts';

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
