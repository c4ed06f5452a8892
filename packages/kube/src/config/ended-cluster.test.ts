import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { endedCluster, endedServer } from './ended-cluster.ts';
import { createTransport } from '../http/transport.ts';
import type { KubeConfig } from '../kube-api.ts';

const FILE = {
  server: 'https://127.0.0.1:6443',
  context: 'typekro',
  source: '.typekro/kubeconfig',
  certificateAuthority: 'PEM',
};

test.each([
  ['ECONNREFUSED', 'nothing listens at https://127.0.0.1:6443 (ECONNREFUSED)'],
  ['EPROTO', 'another server responds at https://127.0.0.1:6443 (EPROTO)'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'another server responds at https://127.0.0.1:6443 (SELF_SIGNED_CERT_IN_CHAIN)'],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'another server responds at https://127.0.0.1:6443 (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
  ],
  ['CERT_SIGNATURE_FAILURE', 'another server responds at https://127.0.0.1:6443 (CERT_SIGNATURE_FAILURE)'],
])('the error for %s at the address of an embedded cluster says that the cluster has ended', (code, words) => {
  const error = endedCluster(FILE, code);
  expect(error?.message).toBe(`the embedded cluster of .typekro/kubeconfig has ended: ${words}`);
  expect(error?.remedy).toMatch(/^start it again with npm start, typekro up, typekro dev or typekro cluster start;/);
});

test('the error for a named cluster in the user’s own kubeconfig says that the cluster has ended', () => {
  const error = endedCluster({ ...FILE, context: 'typekro-dev', source: '/home/me/.kube/config' }, 'ECONNREFUSED');
  expect(error?.message).toMatch(/^the embedded cluster of \/home\/me\/\.kube\/config has ended/);
});

test.each([
  ['another host', { ...FILE, server: 'https://kube.example:6443' }, 'ECONNREFUSED'],
  ['another context', { ...FILE, context: 'kind' }, 'ECONNREFUSED'],
  ['a kubeconfig that is not a file', { server: FILE.server, context: FILE.context }, 'ECONNREFUSED'],
  ['a connection that was cut', FILE, 'ECONNRESET'],
  [
    'a kubeconfig without an authority',
    { server: FILE.server, context: FILE.context, source: FILE.source },
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ],
])('a failure with %s is not reported as the end of an embedded cluster', (_title, config, code) => {
  expect(endedCluster(config, code)).toBeUndefined();
});

const request = { method: 'GET', path: '/version', headers: {} } as const;

function configOf(server: string): KubeConfig {
  return { ...FILE, server, namespace: 'default', credentials: {}, insecureSkipTlsVerify: false };
}

test('a client sends no request with the kubeconfig that an ended embedded cluster leaves behind', async () => {
  const transport = await createTransport({ ...configOf(endedServer('typekro-up')), context: 'ended' });
  await expect(transport.request(request)).rejects.toThrow('the embedded cluster of .typekro/kubeconfig has ended');
  await transport.close();
});

test.each([
  ['another process', 'https:', 200, /has ended: another server responds at .* \(EPROTO\)$/],
  ['a server that refuses the credentials', 'http:', 401, /refused the credentials of .typekro\/kubeconfig \(401\)$/],
])('the error of a request says what now listens on the port: %s', async (_title, protocol, status, message) => {
  const server = createServer((_request, response) => response.writeHead(status).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transport = await createTransport(configOf(`${protocol}//127.0.0.1:${port}`));
  try {
    await expect(transport.request(request)).rejects.toThrow(message);
  } finally {
    await transport.close();
    server.closeAllConnections();
    server.close();
  }
  const gone = await createTransport(configOf(`https://127.0.0.1:${port}`));
  await expect(gone.request(request)).rejects.toThrow(/has ended: nothing listens at .* \(ECONNREFUSED\)$/);
  await gone.close();
});

test.each([
  [endedServer('typekro-up'), 'start it again with npm start, typekro up, typekro dev or typekro cluster start; '],
  [endedServer('typekro-cluster-start-my-dev'), 'start it again with typekro cluster start my-dev; '],
  // The address that earlier versions wrote.
  ['https://this-cluster-has-ended.start-it-again-with-typekro-up.invalid', 'start it again with npm start'],
])('the error for %s names the command that starts the cluster again', (server, remedy) => {
  expect(endedCluster({ ...configOf(server), context: 'ended' }, undefined)?.remedy).toContain(remedy);
});

test('a label of the address ends with a dash, so that Go clients send no DNS query for it', () => {
  expect(new URL(endedServer('typekro-up')).hostname.split('.').some((label) => label.endsWith('-'))).toBe(true);
});
