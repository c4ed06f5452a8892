import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { runExecPlugin } from './exec-plugin.ts';
import { inClusterConfig } from './in-cluster.ts';
import { loadKubeConfig } from './load-kube-config.ts';
import { proxyFromEnvironment } from '../http/proxy.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typekro-kubeconfig-'));
});

/** A plugin that returns the received cluster information as its token. */
const PRINT_INFO = `const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
  console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: JSON.stringify(spec.cluster) } }));`;

const authorizationOf = async (authenticator: Authenticator) => (await authenticator.prove()).authorization;

const base = (user: string) => `
clusters: [{name: c, cluster: {server: "https://host:6443/prefix", certificate-authority-data: ${btoa('CA')}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: team}}]
current-context: x
`;

describe('loadKubeConfig', () => {
  it('resolves the current context', async () => {
    expect(await loadKubeConfig({ text: base('{token: t}') })).toEqual({
      server: 'https://host:6443/prefix',
      certificateAuthority: 'CA',
      insecureSkipTlsVerify: false,
      credentials: { token: 't' },
      namespace: 'team',
      context: 'x',
    });
  });

  it('merges the files of KUBECONFIG with precedence for the first file, and resolves each path relative to the file that contains it', async () => {
    await writeFile(join(folder, 'client.pem'), 'CERT');
    await writeFile(join(folder, 'one'), 'contexts: [{name: y, context: {cluster: c, user: u}}]\ncurrent-context: y\n');
    await writeFile(join(folder, 'two'), base('{client-certificate: client.pem}'));
    const env = { KUBECONFIG: [join(folder, 'one'), join(folder, 'missing'), join(folder, 'two')].join(':') };
    expect(await loadKubeConfig({ env })).toMatchObject({
      context: 'y',
      namespace: 'default',
      credentials: { clientCertificate: 'CERT' },
    });
  });

  it('keeps a relative path of KUBECONFIG as the name of the source', async () => {
    await writeFile(join(folder, 'kubeconfig'), base('{token: t}'));
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(await loadKubeConfig({ env: { KUBECONFIG: 'kubeconfig' } })).toMatchObject({ source: 'kubeconfig' });
    } finally {
      process.chdir(before);
    }
  });

  it('accepts an empty file, and reads a file once', async () => {
    await Promise.all([writeFile(join(folder, 'empty'), ''), writeFile(join(folder, 'full'), base('{token: t}'))]);
    const env = { KUBECONFIG: ['empty', 'full', './full'].map((name) => `${folder}/${name}`).join(':') };
    const source = `${folder}/empty, ${folder}/./full`;
    expect(await loadKubeConfig({ env })).toMatchObject({ context: 'x', credentials: { token: 't' }, source });
  });

  it('reads numbers and booleans as strings', async () => {
    const text = base('{username: 1, password: 1234, exec: {command: p, env: [{name: A, value: true}]}}').replaceAll(
      /\bc\b(?=[,}])/g,
      '7',
    );
    expect(await loadKubeConfig({ text })).toMatchObject({
      server: 'https://host:6443/prefix',
      credentials: { username: '1', password: '1234', exec: { env: { A: 'true' } } },
    });
  });

  it('reads empty strings as absent', async () => {
    const user = `{token: "", tokenFile: "", username: "", client-certificate: "", as: ""}`;
    const text = base(user)
      .replace('namespace: team', 'namespace: ""')
      .replace('cluster: {server', 'cluster: {proxy-url: "", tls-server-name: "", server');
    const config = await loadKubeConfig({ text });
    expect(config).toMatchObject({ namespace: 'default', credentials: {} });
    expect([config.proxyUrl, config.tlsServerName, Object.keys(config.credentials)]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  it('passes the cluster information of the kubeconfig to a plugin', async () => {
    const exec = { command: process.execPath, args: ['-e', PRINT_INFO], provideClusterInfo: true };
    const extensions = [
      { name: 'other', extension: { a: 1 } },
      { name: 'client.authentication.k8s.io/exec', extension: { audience: 'b' } },
    ];
    const text = base(JSON.stringify({ exec })).replace(
      'cluster: {server',
      `cluster: {extensions: ${JSON.stringify(extensions)}, server`,
    );
    const { token = '' } = await runExecPlugin(await loadKubeConfig({ text }));
    expect(JSON.parse(token)).toMatchObject({ server: 'https://host:6443/prefix', config: { audience: 'b' } });
  });

  it.each([
    ['no context of that name', { text: base('{}'), context: 'z' }, /no context "z"/],
    ['text that is not YAML', { text: 'a: [' }, /not YAML/],
    ['YAML that is not a mapping', { text: '- 1' }, /not a kubeconfig/],
    [
      'a cluster that is missing',
      { text: 'contexts: [{name: x, context: {cluster: q}}]\ncurrent-context: x' },
      /no usable cluster/,
    ],
    ['an impersonation of groups', { text: base('{as: a, as-groups: [b]}') }, /as-groups/],
    ['an impersonation without a user', { text: base('{as-user-extra: {a: [b]}}') }, /as-user-extra/],
    ['no configuration at all', { env: { HOME: '/nowhere' } }, /no kubeconfig and/],
    ['a file that is not there', { env: { KUBECONFIG: '/no/file' } }, /no kubeconfig at \/no\/file, which KUBECONFIG/],
    ['a server of another protocol', { text: base('{}').replace('https:', 'ftp:') }, /server "ftp:.*" .*not a URL/],
    [
      'a server that is not an address',
      { text: base('{}').replace('https://host', 'a b') },
      /server "a b:.*" .*not a URL/,
    ],
  ])('reports the problem: %s', async (_title, options, message) => {
    await expect(loadKubeConfig(options)).rejects.toThrow(message);
  });
});

describe('a server without a scheme', () => {
  it.each([
    ['certificate-authority-data: Q0E=', 'https://host:6443'],
    ['insecure-skip-tls-verify: true', 'https://host:6443'],
    ['proxy-url: ""', 'http://host:6443'],
  ])('has the scheme that kubectl chooses: %s', async (more, server) => {
    const text = base('{}').replace(/cluster: \{server.*\}\}/, `cluster: {server: "host:6443", ${more}}}`);
    expect(await loadKubeConfig({ text })).toMatchObject({ server });
  });
});

describe('credentials', () => {
  const exec = { command: process.execPath, args: ['-e', 'process.exit(1)'] };
  it.each([
    ['a token', { token: 't' }, 'Bearer t'],
    ['a user name and a password', { username: 'u', password: 'p' }, `Basic ${btoa('u:p')}`],
    ['a certificate', { 'client-certificate-data': btoa('C'), 'client-key-data': btoa('K') }, undefined],
  ])(
    'of a user entry with %s and a plugin are taken without the plugin, as in kubectl',
    async (_title, others, authorization) => {
      const config = await loadKubeConfig({ text: base(JSON.stringify({ exec, ...others })) });
      const clock = { now: () => 0, setTimer: () => ({ cancel: () => undefined }) };
      const authenticator = createAuthenticator(config, clock);
      expect(await authorizationOf(authenticator)).toBe(authorization);
    },
  );

  it('come from a plugin, which runs again only when they expire', async () => {
    const script = join(folder, 'plugin.mjs');
    await writeFile(
      script,
      `import { appendFileSync } from 'node:fs';
       appendFileSync(process.env.COUNT_FILE, 'x');
       const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: info.apiVersion,
         status: { token: 'from-plugin', expirationTimestamp: '1970-01-01T00:00:10Z' } }));`,
    );
    const count = join(folder, 'count');
    const exec = `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: [${script}], env: [{name: COUNT_FILE, value: ${count}}]}}`;
    const config = await loadKubeConfig({ text: base(exec) });
    let now = 0;
    const authenticator = createAuthenticator(config, {
      now: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    });
    expect(await authorizationOf(authenticator)).toBe('Bearer from-plugin');
    expect(await authorizationOf(authenticator)).toBe('Bearer from-plugin');
    now = 10_000;
    await authorizationOf(authenticator);
    expect(await readFile(count, 'utf8')).toBe('xx');
  });

  it('come from a plugin again after a refusal, also for a token with a certificate without its key', async () => {
    const script = join(folder, 'half.mjs');
    await writeFile(
      script,
      `console.log(JSON.stringify({ kind: 'ExecCredential',
         status: { token: String(process.hrtime.bigint()), clientCertificateData: 'c' } }));`,
    );
    const config = await loadKubeConfig({ text: base(`{exec: {command: ${process.execPath}, args: [${script}]}}`) });
    const authenticator = createAuthenticator(config, { now: () => 0, setTimer: () => ({ cancel: () => undefined }) });
    const refused = await authenticator.prove();
    authenticator.reject(refused);
    expect((await authenticator.prove()).authorization).not.toBe(refused.authorization);
  });

  it('of a failing plugin cause an error with its stderr', async () => {
    const config = await loadKubeConfig({
      text: base(
        `{exec: {command: ${process.execPath}, args: ["-e", "console.error('log in first' + '!'.repeat(1e5));process.exit(3)"], installHint: run login}}`,
      ),
    });
    const clock = { now: () => 0, setTimer: () => ({ cancel: () => undefined }) };
    await expect(authorizationOf(createAuthenticator(config, clock))).rejects.toMatchObject({
      code: 'kube/exec-plugin',
      message: expect.stringMatching(/ failed: log in first!{1,2000}$/) as string,
      remedy: 'run login',
    });
  });

  it.each([
    ['reads its input', "process.stdin.on('data', () => {}).on('end', () => say({ token: 't' }))", 'Bearer t'],
    ['prints an empty status', 'say({})', /no token and no certificate with a key/],
    [
      'prints a certificate without its key',
      "say({ clientCertificateData: 'c' })",
      /no token and no certificate with a key/,
    ],
  ])('are returned or refused for a plugin that %s', async (_title, script, outcome) => {
    const printFunction = `const say = (status) => console.log(JSON.stringify({ kind: 'ExecCredential', status }));`;
    const exec = { command: process.execPath, args: ['-e', printFunction + script] };
    const config = await loadKubeConfig({ text: base(JSON.stringify({ exec })) });
    const clock = { now: () => 0, setTimer: () => ({ cancel: () => undefined }) };
    const header = authorizationOf(createAuthenticator(config, clock));
    if (typeof outcome === 'string') expect(await header).toBe(outcome);
    else await expect(header).rejects.toThrow(outcome);
  });

  it('of a plugin are requested once for all waiting requests, at the start and after they expired', async () => {
    const runsFile = join(folder, 'asked');
    const script = `require('fs').appendFileSync(${JSON.stringify(runsFile)}, 'x');
      const status = { token: 't', expirationTimestamp: '1970-01-01T00:01:00Z' };
      console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));`;
    const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] };
    const config = await loadKubeConfig({ text: base(JSON.stringify({ exec: plugin })) });
    let now = 0;
    const authenticator = createAuthenticator(config, {
      now: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    });
    const authorizeFourTimes = () => Promise.all(Array.from({ length: 4 }, () => authorizationOf(authenticator)));
    expect(await authorizeFourTimes()).toEqual(['Bearer t', 'Bearer t', 'Bearer t', 'Bearer t']);
    expect(await readFile(runsFile, 'utf8')).toBe('x');
    now = 60_000;
    await authorizeFourTimes();
    expect(await readFile(runsFile, 'utf8')).toBe('xx');
  });

  it('of a pod are read again after a minute', async () => {
    await Promise.all([
      writeFile(join(folder, 'ca.crt'), 'CA'),
      writeFile(join(folder, 'namespace'), 'pod-ns\n'),
      writeFile(join(folder, 'token'), 'one\n'),
    ]);
    const config = await inClusterConfig(
      { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      folder,
    );
    expect(config).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'pod-ns' });
    const withoutPort = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '' };
    expect(await inClusterConfig(withoutPort, folder)).toMatchObject({ server: 'https://10.0.0.1:443' });
    let now = 0;
    const authenticator = createAuthenticator(config, {
      now: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    });
    expect(await authorizationOf(authenticator)).toBe('Bearer one');
    await writeFile(join(folder, 'token'), 'two\n');
    expect(await authorizationOf(authenticator)).toBe('Bearer one');
    now = 60_000;
    expect(await authorizationOf(authenticator)).toBe('Bearer two');
  });
});

it('a pod without the files of its ServiceAccount is refused with a remedy', async () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  await expect(inClusterConfig(env, '/nowhere')).rejects.toMatchObject({
    code: 'kube/no-config',
    remedy: expect.stringContaining('automountServiceAccountToken: true') as unknown,
  });
});

describe('proxyFromEnvironment', () => {
  it.each([
    ['https://api.example.com', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://api.example.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example.com' }, undefined],
    ['https://api.example.com', { https_proxy: 'http://p:1', no_proxy: 'other' }, 'http://p:1'],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['http://api.example.com', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://api.example.com', { HTTPS_PROXY: '', https_proxy: 'http://p:1' }, 'http://p:1'],
    ['https://api.example.com', { HTTPS_PROXY: 'p.example.com:3128' }, 'http://p.example.com:3128'],
    ['https://api.example.com', { HTTPS_PROXY: '10.0.0.9:3128' }, 'http://10.0.0.9:3128'],
    ['https://localhost:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://127.0.0.53:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ])('%s with %j goes through %s', (origin, env, proxy) => {
    expect(proxyFromEnvironment(origin, env)).toBe(proxy);
  });

  it.each([
    ['https://10.96.0.1', '10.0.0.0/8', undefined],
    ['https://10.96.0.1', '192.168.0.0/16, 10.96.0.1', undefined],
    ['https://11.96.0.1', '10.0.0.0/8', 'http://p:1'],
    ['https://[fd00::1]:443', 'fd00::/8', undefined],
    ['https://[fd00::1]:443', 'FD00:0::1', undefined],
    ['https://[fd00::1]:443', '[fd00::1]:443', undefined],
    ['https://[fd00::1]:443', '[fd00::1]:6443', 'http://p:1'],
    ['https://api.example.com', '*.example.com', undefined],
    ['https://example.com', '*.example.com', 'http://p:1'],
    ['https://example.com', '.example.com', 'http://p:1'],
    ['https://example.com', 'EXAMPLE.com', undefined],
    ['https://api.example.com', 'example.com', undefined],
    ['https://myexample.com', 'example.com', 'http://p:1'],
    ['https://api.example.com', 'example.com:443', undefined],
    ['https://api.example.com:6443', 'example.com:443', 'http://p:1'],
    ['https://api.example.com:6443', 'other, example.com:6443', undefined],
    ['https://api.example.com', '*', undefined],
    ['https://api.example.com', ',.,:443,/,10.0.0.0/99', 'http://p:1'],
  ])('a connection to %s with the NO_PROXY list "%s" goes through %s', (origin, exceptions, proxy) => {
    expect(proxyFromEnvironment(origin, { HTTPS_PROXY: 'http://p:1', NO_PROXY: exceptions })).toBe(proxy);
  });
});
