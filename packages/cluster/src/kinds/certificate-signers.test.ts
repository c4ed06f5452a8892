import { expect, test } from 'vitest';
import {
  certificateLife,
  CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  signerProblem,
} from './certificate-signers.ts';

const NONE = { dns: 0, email: 0, ip: 0, uri: 0 };
const node = (more: object = {}, counts: object = {}) => ({
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  ...more,
  counts: { ...NONE, ...counts },
});
const CLIENT = ['digital signature', 'key encipherment', 'client auth'];
const SERVER = ['digital signature', 'key encipherment', 'server auth'];
const NO_NODES = 'subject organization is not system:nodes';
const NO_NODE = 'subject common name does not begin with system:node:';

test.each([
  [CLIENT_SIGNER, node(), ['client auth'], undefined],
  [CLIENT_SIGNER, node({ organizations: [] }), CLIENT, undefined],
  [CLIENT_SIGNER, node(), ['digital signature'], 'missing required usage for client certificate: client auth'],
  [CLIENT_SIGNER, node(), [...CLIENT, 'server auth'], 'invalid usage for client certificate: server auth'],
  [KUBELET_CLIENT_SIGNER, node(), CLIENT, undefined],
  [KUBELET_CLIENT_SIGNER, node(), ['client auth', 'digital signature'], undefined],
  [KUBELET_CLIENT_SIGNER, node({ organizations: ['system:nodes', 'b'] }), CLIENT, NO_NODES],
  [KUBELET_CLIENT_SIGNER, node({}, { dns: 1 }), CLIENT, 'DNS subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { email: 1 }), CLIENT, 'Email subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { ip: 1 }), CLIENT, 'IP subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { uri: 1 }), CLIENT, 'URI subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({ commonName: 'a' }), CLIENT, NO_NODE],
  [
    KUBELET_CLIENT_SIGNER,
    node(),
    ['client auth'],
    'usages did not match [client auth digital signature key encipherment]',
  ],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1 }), SERVER, undefined],
  [KUBELET_SERVING_SIGNER, node({}, { ip: 1 }), ['server auth', 'digital signature'], undefined],
  [KUBELET_SERVING_SIGNER, node({ organizations: [] }, { ip: 1 }), SERVER, NO_NODES],
  [KUBELET_SERVING_SIGNER, node(), SERVER, 'DNS or IP subjectAltName is required'],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1, email: 1 }), SERVER, 'Email subjectAltNames are not allowed'],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1, uri: 1 }), SERVER, 'URI subjectAltNames are not allowed'],
  [
    KUBELET_SERVING_SIGNER,
    node({}, { dns: 1 }),
    CLIENT,
    'usages did not match [digital signature key encipherment server auth]',
  ],
  [KUBELET_SERVING_SIGNER, node({ commonName: 'a' }, { dns: 1 }), SERVER, NO_NODE],
])('%s has the expected problem for the request %j with the usages %j', (signer, request, usages, problem) => {
  expect(signerProblem(signer, request, usages)).toEqual(problem === undefined ? undefined : { problem });
});

test('an unknown signer name has the problem `unknown`', () => {
  expect(signerProblem('example.com/own', node(), CLIENT)).toBe('unknown');
});

const YEAR_SECONDS = 31_536_000;

test.each([
  [undefined, YEAR_SECONDS - 300],
  [YEAR_SECONDS + 1, YEAR_SECONDS - 300],
  [28_800, 28_500],
  [28_799, 28_799],
  [600, 600],
])('a certificate that is requested for %j seconds expires after %j seconds', (requested, seconds) => {
  expect(certificateLife(1_000_000, requested)).toEqual({ notBefore: 700_000, notAfter: 1_000_000 + seconds * 1000 });
});
