import { X509Certificate } from 'node:crypto';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeConfig, KubeClient } from '@typekro/kube';
import { createAuthority } from './certificate.ts';

const authority = createAuthority(Date.now());
const { ca } = authority;
const { cert, key } = authority.issue(['localhost', 'api.test'], ['127.0.0.1']);

let server: Server;
let port = 0;
let seen: { readonly name: string | false | null; readonly certificate: string | undefined }[] = [];

beforeEach(async () => {
  seen = [];
  server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, ({ socket }, response) => {
    if (!(socket instanceof TLSSocket)) throw new TypeError('no TLS');
    const name: unknown = Reflect.get(socket, 'servername');
    seen.push({
      name: typeof name === 'string' ? name : false,
      certificate: socket.getPeerX509Certificate()?.toString(),
    });
    response.end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const config = (host: string, more: Partial<KubeConfig> = {}): KubeConfig => ({
  server: `https://${host}:${port}`,
  certificateAuthority: ca,
  insecureSkipTlsVerify: false,
  credentials: {},
  namespace: 'default',
  context: 'x',
  ...more,
});

async function statusOfRequest(given: KubeConfig): Promise<number> {
  const client = new KubeClient({ config: given, userAgent: 'test', retries: 0 });
  try {
    const { status } = await client.raw({ path: '/version' });
    return status;
  } finally {
    await client.close();
  }
}

describe('a client that trusts the authority of the cluster', () => {
  it.each([
    ['127.0.0.1', {}, false],
    ['localhost', {}, 'localhost'],
    ['127.0.0.1', { tlsServerName: 'api.test' }, 'api.test'],
  ] as const)('connects to %s with the options %j and sends the server name %s', async (host, more, name) => {
    expect(await statusOfRequest(config(host, more))).toBe(200);
    expect(seen).toEqual([{ name, certificate: undefined }]);
  });

  it('sends its own certificate to the server', async () => {
    await statusOfRequest(config('127.0.0.1', { credentials: { clientCertificate: cert, clientKey: key } }));
    expect(seen).toEqual([{ name: false, certificate: cert }]);
  });

  it('does not trust a certificate for another name', async () => {
    await expect(statusOfRequest(config('127.0.0.1', { tlsServerName: 'elsewhere.test' }))).rejects.toMatchObject({
      reason: 'Transport',
    });
    expect(seen).toEqual([]);
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('does not trust a server of another authority unless verification is off (%s)', async (off, answers) => {
    const other = createAuthority(Date.now()).ca;
    const status = statusOfRequest(config('127.0.0.1', { certificateAuthority: other, insecureSkipTlsVerify: off }));
    await status.catch((error: unknown) => expect(error).toMatchObject({ reason: 'Transport' }));
    expect(seen).toHaveLength(answers);
  });
});

it('a certificate is valid for IPv4 and IPv6 addresses and for additional names', () => {
  const hosts = ['10.0.0.7', '::1', 'fe80::1%eth0', 'build.example.com'];
  const issued = new X509Certificate(authority.issue(['localhost'], hosts).cert);
  expect(issued.subjectAltName).toBe(
    'DNS:localhost, DNS:build.example.com, IP Address:10.0.0.7, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:0:1',
  );
});
