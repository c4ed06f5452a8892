import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient, KubeError, loadKubeConfig } from '@typekro/kube';

/** A Kubernetes API server for a test. Clients reach it through a kubeconfig file. */
export interface ApiServer {
  /** Path of the kubeconfig file. */
  readonly kubeconfig: string;
  /** The server's own folder, removed when the server closes. It is the `HOME` of the clients. */
  readonly directory: string;
  /** A client of this project with the same kubeconfig. */
  readonly client: KubeClient;
  close(): Promise<void>;
}

/** A kind of server that the end-to-end tests run on. */
export interface ServerKind {
  readonly name: string;
  /** Is the server this project's embedded cluster? It has its own descriptions of fields, and simulated containers. */
  readonly isEmbedded: boolean;
  /** Do workload controllers run, so that a Deployment gets Pods? */
  readonly workloads: boolean;
  readonly start: () => Promise<ApiServer>;
}

const embedded: ServerKind = {
  name: 'the embedded cluster',
  isEmbedded: true,
  workloads: true,
  async start() {
    const cluster = await createEmbeddedCluster();
    const { kubeconfig } = await cluster.listen();
    return openServer(kubeconfig, () => cluster.close());
  },
};

/**
 * The servers for the tests of real clients. The first server is always a fresh embedded cluster. The environment can
 * name a second server. With `KUBEBUILDER_ASSETS`, the second server is a fresh etcd and kube-apiserver from this
 * folder, without controllers. With only `KUBECONFIG`, the second server is the cluster of the current context. On that
 * cluster, every test uses only its own namespace and names.
 */
export function serverKinds(): ServerKind[] {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const kubeconfig = process.env['KUBECONFIG'];
  if (assets !== undefined && assets !== '') return [embedded, fromBinaries(assets)];
  if (kubeconfig === undefined || kubeconfig === '') return [embedded];
  if (kubeconfig.split(sep).includes('.typekro')) {
    // The README tells users to export the kubeconfig of `typekro up`. The cluster of that kubeconfig may have ended.
    console.warn('KUBECONFIG names a cluster of `typekro up`: only fresh embedded clusters are tested');
    return [embedded];
  }
  if (!existsSync(kubeconfig)) {
    console.warn(`there is no file ${kubeconfig}, which KUBECONFIG names: only the embedded cluster is tested`);
    return [embedded];
  }
  return [
    embedded,
    {
      name: 'the cluster of KUBECONFIG',
      isEmbedded: false,
      workloads: true,
      start: () => openServer(readFileSync(kubeconfig, 'utf8'), () => Promise.resolve()),
    },
  ];
}

/** Wraps a running server. `text` is the content of its kubeconfig, and `close` stops the server. */
export async function openServer(text: string, close: () => Promise<void>): Promise<ApiServer> {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-e2e-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, text, { mode: 0o600 });
  const client = new KubeClient({ config: await loadKubeConfig({ path: kubeconfig, env: {} }) });
  return {
    kubeconfig,
    directory,
    client,
    async close() {
      await client.close();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts etcd and kube-apiserver on free loopback ports, with RBAC and an administrator's token. */
export function fromBinaries(assets: string): ServerKind {
  return {
    name: 'kube-apiserver',
    isEmbedded: false,
    workloads: false,
    async start() {
      const directory = mkdtempSync(join(tmpdir(), 'typekro-apiserver-'));
      const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
      const token = randomBytes(16).toString('hex');
      const file = (name: string, text: string): string => {
        const path = join(directory, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
      };
      const tokens = file('tokens.csv', `${token},admin,admin,"system:masters"\n`);
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const key = file('service-account.key', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
      const certificates = join(directory, 'certificates');
      mkdirSync(certificates);
      const etcd = startServer(join(assets, 'etcd'), [
        `--data-dir=${join(directory, 'etcd')}`,
        `--listen-client-urls=http://127.0.0.1:${clientPort}`,
        `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        '--unsafe-no-fsync',
        '--log-level=error',
      ]);
      const api = startServer(join(assets, 'kube-apiserver'), [
        `--etcd-servers=http://127.0.0.1:${clientPort}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${certificates}`,
        `--token-auth-file=${tokens}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--service-account-issuer=https://127.0.0.1',
        `--service-account-key-file=${key}`,
        `--service-account-signing-key-file=${key}`,
        // The admission plugin requires ServiceAccounts, and no controller creates them.
        '--disable-admission-plugins=ServiceAccount',
      ]);
      const close = async () => {
        await api.stop();
        await etcd.stop();
        rmSync(directory, { recursive: true, force: true });
      };
      try {
        const certificate = join(certificates, 'apiserver.crt');
        await until([api, etcd], () => existsSync(certificate));
        const server = await openServer(kubeconfigFor(`https://127.0.0.1:${port}`, token, certificate), close);
        await until([api, etcd], () => isServing(server.client));
        return server;
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

/** A running program of a server. */
export interface ServerProcess {
  /** The output of the process if it ended before it was stopped. Undefined while it runs. */
  readonly failure: () => string | undefined;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Starts a program. The file `log` gets its output; without a name, the output is kept for the message of a failure. */
export function startServer(path: string, args: readonly string[], log?: string): ServerProcess {
  const file = log === undefined ? undefined : openSync(log, 'a');
  const child = spawn(path, args, { stdio: ['ignore', file ?? 'ignore', file ?? 'pipe'] });
  if (file !== undefined) closeSync(file);
  let errors = '';
  let failure: string | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  // An aborted test run must not leave a server behind.
  const killServer = () => child.kill('SIGKILL');
  process.once('exit', killServer);
  const ended = new Promise<void>((resolve) => {
    child.on('error', ({ message }) => {
      failure = message;
      resolve();
    });
    child.on('close', (code) => {
      failure ??= `${path} ended with ${code}:\n${log === undefined ? errors : readFileSync(log, 'utf8').slice(-4000)}`;
      resolve();
    });
  });
  return {
    failure: () => failure,
    pid: child.pid,
    stop: () => {
      process.off('exit', killServer);
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/**
 * Polls until `holds` returns true.
 *
 * @throws Error when a server ends before `holds` returns true, or when one minute has passed.
 */
export async function until(servers: readonly ServerProcess[], holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    const ended = servers.map(({ failure }) => failure()).find((text) => text !== undefined);
    if (ended !== undefined) throw new Error(ended);
    if (Date.now() > deadline) throw new Error('the server was not ready within a minute');
    await setTimeout(100);
  }
}

/** Does the server respond, and has it created the namespace `default`? This is the last step of its start. */
export async function isServing(client: KubeClient): Promise<boolean> {
  try {
    return (await client.find({ apiVersion: 'v1', kind: 'Namespace', name: 'default' })) !== undefined;
  } catch (error) {
    if (error instanceof KubeError) return false;
    throw error;
  }
}

/** The text of a kubeconfig with one user and its token. */
export function kubeconfigFor(server: string, token: string, certificate: string): string {
  const ca = readFileSync(certificate).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'typekro',
    clusters: [{ name: 'typekro', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'typekro', user: { token } }],
    contexts: [{ name: 'typekro', context: { cluster: 'typekro', user: 'typekro' } }],
  });
}

/** Returns a free TCP port. Another process can take the port before the caller does. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
