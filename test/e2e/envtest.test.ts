import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '@typekro/kube/certificates';
import { createServingCertificate } from '@typekro/cluster';
import { freePort } from '../support/api-server.ts';
import { CLI, RunningCommand } from '../support/command.ts';

/**
 * The programs of `typekro envtest`, started with the command lines that controller-runtime 0.24 uses in its envtest
 * package.
 */
describe.skipIf(process.platform === 'win32')('the programs for envtest', () => {
  let cache: string;
  let assets: string;
  let directory: string;
  let running: RunningCommand[];

  const envtest = () => {
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    return new RunningCommand(process.execPath, [CLI, 'envtest'], { cwd: cache, env }).ended;
  };

  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'a cache of '));
    // Several test programs may call `typekro envtest` at once.
    const answers = await Promise.all([envtest(), envtest(), envtest()]);
    expect(answers.map(({ code, stderr }) => [code, stderr])).toEqual(answers.map(() => [0, '']));
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    assets = answers[0]?.stdout.trimEnd() ?? '';
  }, 60_000);
  afterAll(() => rmSync(cache, { recursive: true, force: true }));
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'envtest-'));
    running = [];
  });
  afterEach(async () => {
    for (const each of running) each.process.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(directory, { recursive: true, force: true });
  });

  function start(name: string, flags: readonly string[]): RunningCommand {
    const command = new RunningCommand(join(assets, name), flags, { cwd: directory });
    running.push(command);
    return command;
  }
  function file(name: string, content: string): string {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  }
  const clients = createAuthority(Date.now());

  /**
   * Writes the files that envtest writes. Returns the port, the certificate authority, and the flags that envtest
   * passes to the API server.
   */
  async function prepare(): Promise<{ port: number; ca: string; flags: readonly string[] }> {
    const port = await freePort();
    const serving = createServingCertificate(Date.now(), ['127.0.0.1']);
    file('apiserver.crt', serving.cert);
    file('apiserver.key', serving.key);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const flags = [
      '--allow-privileged=true',
      '--authorization-mode=RBAC',
      '--bind-address=127.0.0.1',
      `--cert-dir=${directory}`,
      `--client-ca-file=${file('client-cert-auth-ca.crt', clients.ca)}`,
      '--disable-admission-plugins=ServiceAccount',
      '--etcd-servers=http://127.0.0.1:1',
      `--secure-port=${port}`,
      `--service-account-issuer=https://127.0.0.1:${port}/`,
      `--service-account-key-file=${file('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString())}`,
      `--service-account-signing-key-file=${file('sa.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())}`,
      '--service-cluster-ip-range=10.0.0.0/24',
    ];
    return { port, ca: serving.cert, flags };
  }

  test('etcd responds to its health check, stores nothing, and ends on SIGTERM', async () => {
    const port = await freePort();
    const etcd = start('etcd', [
      `--listen-client-urls=http://127.0.0.1:${port}`,
      `--advertise-client-urls=http://127.0.0.1:${port}`,
      '--listen-peer-urls=http://127.0.0.1:1',
      `--data-dir=${directory}`,
    ]);
    await etcd.until(/serving/);
    expect(await get(`http://127.0.0.1:${port}/health`)).toEqual([200, '{"health":"true","reason":""}\n']);
    expect((await get(`http://127.0.0.1:${port}/v3/kv/put`))[0]).toBe(404);
    etcd.process.kill('SIGTERM');
    expect((await etcd.ended).code).toBe(0);
  });

  test('the API server is ready, authenticates users by certificates, and ends on SIGTERM during a watch', async () => {
    const { port, ca, flags } = await prepare();
    const server = start('kube-apiserver', flags);
    await server.until(/serving/);
    const url = `https://127.0.0.1:${port}`;
    for (const path of ['/healthz', '/readyz', '/livez']) {
      expect(await get(`${url}${path}`, { rejectUnauthorized: false })).toEqual([200, 'ok']);
    }
    const admin = clients.issueClient('admin', ['system:masters']);
    const ben = clients.issueClient('ben', ['readers']);
    const names = `${url}/api/v1/namespaces`;
    expect((await get(names, { ca, ...admin }))[0]).toBe(200);
    expect(await get(names, { ca, ...ben })).toEqual([403, expect.stringContaining('User \\"ben\\" cannot list')]);
    expect((await get(names, { ca }))[0]).toBe(403);
    expect((await get(names, { ca, ...createAuthority(Date.now()).issueClient('admin', ['system:masters']) }))[0]).toBe(
      401,
    );
    const service = await get(`${url}/api/v1/namespaces/default/services/kubernetes`, { ca, ...admin });
    expect(service[1]).toContain('"clusterIP":"10.0.0.1"');
    const watching = get(`${names}?watch=true`, { ca, ...admin }, () => server.process.kill('SIGTERM'));
    expect(await watching).toEqual([200, expect.stringContaining('"name":"kube-system"')]);
    expect((await server.ended).code).toBe(0);
  });

  test('the API server creates a missing certificate in the folder, and reads its users from a token file', async () => {
    const port = await freePort();
    const certificates = join(directory, 'new');
    const server = start('kube-apiserver', [
      `--secure-port=${port}`,
      `--cert-dir=${certificates}`,
      `--token-auth-file=${file('tokens.csv', 'secret,admin,1,"system:masters"\n')}`,
      '--authorization-mode=RBAC',
    ]);
    await server.until(/serving/);
    const ca = readFileSync(join(certificates, 'apiserver.crt'), 'utf8');
    const list = (token: string) =>
      get(`https://127.0.0.1:${port}/api/v1/nodes`, { ca, headers: { authorization: `Bearer ${token}` } });
    expect([(await list('secret'))[0], (await list('other'))[0]]).toEqual([200, 401]);
    expect(statSync(join(certificates, 'apiserver.key')).mode & 0o777).toBe(0o600);
  });

  test.each(['apiserver.key', 'apiserver.crt'])(
    'a folder with only %s is refused, and the file is not changed',
    async (name) => {
      const path = file(name, 'x');
      const server = start('kube-apiserver', [`--secure-port=${await freePort()}`, `--cert-dir=${directory}`]);
      const { code, stderr } = await server.ended;
      expect([code, stderr]).toEqual([1, expect.stringContaining(`there is only ${path}`)]);
      expect(readFileSync(path, 'utf8')).toBe('x');
    },
  );

  test.each([
    ['kube-apiserver', '--bind-address=0.0.0.0', /--bind-address=0\.0\.0\.0 asks for an address that other machines/],
    ['kube-apiserver', '--authorization-mode=Webhook', /Webhook is not supported/],
    ['kube-apiserver', '--client-ca-file=missing.crt', /ENOENT.*missing\.crt/],
    ['etcd', '--listen-client-urls=http://10.1.2.3:0', /asks for an address that other machines can reach/],
  ])('%s %s is refused with a reason and no stack trace', async (name, flag, reason) => {
    const { code, stderr } = await start(name, [flag, `--cert-dir=${directory}`]).ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(directory, 'apiserver.key'))).toBe(false);
  });

  test('the API server exits with a reason if its port is taken, and names unknown flags', async () => {
    const { port, flags } = await prepare();
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(port, '127.0.0.1', resolve);
    });
    const { code, stderr } = await start('kube-apiserver', [...flags, '--event-ttl=1h']).ended;
    other.close();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/unknown, without an effect: --event-ttl\n.*EADDRINUSE/s),
    ]);
  });
});

interface GetOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a GET on a new connection, and returns status and body. `onAnswer` runs when the headers of the response have
 * arrived.
 */
function get(url: string, options: GetOptions = {}, onAnswer = () => {}): Promise<[number | undefined, string]> {
  const send = url.startsWith('https') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    send(url, { agent: false, ...options }, (response) => {
      onAnswer();
      text(response).then((body) => resolve([response.statusCode, body]), reject);
    })
      .on('error', reject)
      .end();
  });
}
