import { expect, test } from 'vitest';
import { TypeKroError } from '@typekro/kit/core';
import { unreachable } from './unreachable.ts';

const CONFIG = { server: 'https://kube.example:6443', context: 'prod', source: '/home/me/.kube/config' };
const failure = (code: string, message = code) => Object.assign(new Error(message), { code });

test.each([
  ['ECONNREFUSED', '', 'nothing listens at https://kube.example:6443 (ECONNREFUSED)'],
  ['ENOTFOUND', '', 'the name kube.example is unknown (ENOTFOUND)'],
  ['ETIMEDOUT', '', 'there is no route to https://kube.example:6443 (ETIMEDOUT)'],
  ['ECONNRESET', '', 'the connection to https://kube.example:6443 was interrupted (ECONNRESET)'],
  ['CERT_HAS_EXPIRED', '', 'the certificate of https://kube.example:6443 has expired (CERT_HAS_EXPIRED)'],
  [
    'EPROTO',
    'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/a.c:350:\n',
    'the server at https://kube.example:6443 does not speak TLS (EPROTO)',
  ],
  [
    'EPROTO',
    'write EPROTO 80:error:0A00010B:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/a.c:1:\n',
    'the TLS handshake with https://kube.example:6443 failed: tlsv13 alert certificate required (EPROTO)',
  ],
])('the error for %s %s has a description and the source of the address', (code, message, words) => {
  const error = unreachable(failure(code, message), CONFIG);
  expect(error).toMatchObject({
    code,
    message: `${words}; the address is from the context "prod" in /home/me/.kube/config`,
  });
});

test('the error of a kubeconfig that was passed as text names no file', () => {
  const error = unreachable(failure('ECONNREFUSED'), { server: 'http://a:1', context: 'c' });
  expect(error).toMatchObject({ message: 'nothing listens at http://a:1 (ECONNREFUSED)' });
});

test.each([
  ['an error without a code', new Error('the server closed the connection before it responded')],
  ['an error with a code that is unknown here', failure('ERR_OSSL_PEM_NO_START_LINE')],
  ['an error with its own remedy', new TypeKroError('no', { code: 'kube/proxy' })],
  ['a thrown text', 'a text'],
])('%s is returned unchanged', (_title, thrown) => {
  expect(unreachable(thrown, CONFIG)).toBe(thrown);
});
