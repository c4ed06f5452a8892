import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { type Server, createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '@typekro/kube/certificates';
import { createTransport, loadKubeConfig } from '@typekro/kube';

const NOW = Date.now();
const MINUTE_MS = 60_000;

describe('a process whose credentials are rotated while it runs', () => {
  let folder = '';
  let server: Server;
  let refusedUsers = new Set<string>();
  let now = NOW;
  const users: string[] = [];
  const clock = { now: () => now, setTimer: () => ({ cancel: () => undefined }) };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typekro-rotation-'));
    refusedUsers = new Set();
    users.length = 0;
    now = NOW;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  /** Serves with a certificate of the authority, and records the name in each client certificate. */
  async function serve(authority: ReturnType<typeof createAuthority>, clients: string): Promise<number> {
    const pair = authority.issue(['localhost'], ['127.0.0.1']);
    server = createServer(
      { ...pair, ca: clients, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const user = String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'anonymous');
        users.push(user);
        response.statusCode = refusedUsers.has(user) ? 401 : 200;
        response.end('{}');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async function writeClient(authority: ReturnType<typeof createAuthority>, user: string) {
    const { cert, key } = authority.issueClient(user, []);
    await Promise.all([writeFile(join(folder, 'client.crt'), cert), writeFile(join(folder, 'client.key'), key)]);
  }

  const connect = async (port: number) => {
    const path = join(folder, 'config');
    await writeFile(
      path,
      `
clusters: [{name: c, cluster: {server: "https://127.0.0.1:${port}", certificate-authority: ca.crt}}]
users: [{name: u, user: {client-certificate: client.crt, client-key: client.key}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
    );
    return createTransport(await loadKubeConfig({ path }), clock);
  };

  test('uses a new client certificate after a minute, and never combines it with the old key', async () => {
    const authority = createAuthority(NOW);
    const clients = createAuthority(NOW);
    await writeFile(join(folder, 'ca.crt'), authority.ca);
    await writeClient(clients, 'first');
    const transport = await connect(await serve(authority, clients.ca));
    const get = async () => (await transport.request({ method: 'GET', path: '/' })).status;
    expect(await get()).toBe(200);
    // Only one of the two files is new, as in the middle of a rotation.
    await writeFile(join(folder, 'client.crt'), clients.issueClient('half', []).cert);
    now += MINUTE_MS;
    expect(await get()).toBe(200);
    await writeClient(clients, 'second');
    now += MINUTE_MS;
    expect(await get()).toBe(200);
    await Promise.all([rm(join(folder, 'client.crt')), rm(join(folder, 'client.key'))]);
    now += MINUTE_MS;
    expect(await get()).toBe(200);
    expect(users).toEqual(['first', 'first', 'second', 'second']);
    await transport.close();
  });

  test('reads the client certificate again at once when the server refuses it', async () => {
    const authority = createAuthority(NOW);
    const clients = createAuthority(NOW);
    await writeFile(join(folder, 'ca.crt'), authority.ca);
    await writeClient(clients, 'first');
    const transport = await connect(await serve(authority, clients.ca));
    const get = async () => (await transport.request({ method: 'GET', path: '/' })).status;
    expect(await get()).toBe(200);
    await writeClient(clients, 'second');
    refusedUsers.add('first');
    expect(await get()).toBe(200);
    expect(users).toEqual(['first', 'first', 'second']);
    await transport.close();
  });

  test('trusts a new certificate authority in the file at once, and no authority outside the file', async () => {
    const before = createAuthority(NOW);
    const after = createAuthority(NOW);
    const clients = createAuthority(NOW);
    await writeFile(join(folder, 'ca.crt'), before.ca);
    await writeClient(clients, 'user');
    const port = await serve(before, clients.ca);
    const transport = await connect(port);
    const get = async () => (await transport.request({ method: 'GET', path: '/' })).status;
    /** Repeats a request that used a connection which the server has closed. This can happen after the change. */
    const retryGet = (): Promise<number> =>
      get().catch((thrown: Error) =>
        /closed the connection/.test(thrown.message) ? retryGet() : Promise.reject(thrown),
      );
    expect(await get()).toBe(200);
    server.setSecureContext({ ...after.issue(['localhost'], ['127.0.0.1']), ca: clients.ca });
    server.closeAllConnections();
    await expect(retryGet()).rejects.toThrow(/issued by an authority that is not trusted/);
    await writeFile(join(folder, 'ca.crt'), 'not a certificate');
    await expect(get()).rejects.toThrow(/issued by an authority that is not trusted/);
    await writeFile(join(folder, 'ca.crt'), after.ca);
    expect(await get()).toBe(200);
    await transport.close();
  });
});
