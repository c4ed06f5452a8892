import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';

const program = findClient('kubectl') ?? '';

const MEGABYTE = 1024 * 1024;
const SENT = Buffer.alloc(20 * MEGABYTE, 'sent by the client ');
const ANSWER = Buffer.alloc(20 * MEGABYTE, 'sent by the pod ');
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/**
 * Port 8080 responds when its input has ended. Port 8081 listens only at 127.0.0.1 and echoes its input. Port 8082
 * resets the connection.
 */
const SERVERS = `const { createServer } = require('node:net');
const { createHash } = require('node:crypto');
createServer({ allowHalfOpen: true }, (socket) => {
  const hash = createHash('sha256');
  socket.on('data', (bytes) => hash.update(bytes));
  socket.on('end', () => {
    socket.write(hash.digest('hex'));
    socket.end(Buffer.alloc(${ANSWER.length}, 'sent by the pod '));
  });
}).listen(8080, process.env.TYPEKRO_POD_IP, () => {
  createServer((socket) => socket.pipe(socket)).listen(8081, '127.0.0.1', () => {
    createServer((socket) => socket.on('data', () => socket.resetAndDestroy()))
      .listen(8082, process.env.TYPEKRO_POD_IP, () => require('node:fs').writeFileSync(process.env.READY, ''));
  });
});`;

const deployment = (folder: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { 'typekro.dev/run': 'process' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            image: 'none',
            command: [process.execPath, '-e', SERVERS],
            env: [{ name: 'READY', value: join(folder, 'ready') }],
            readinessProbe: { exec: { command: ['test', '-e', join(folder, 'ready')] }, periodSeconds: 1 },
            ports: [{ containerPort: 8080 }, { containerPort: 8081 }],
          },
        ],
      },
    },
  },
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'front' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8081 }] },
};

/** Sends bytes, ends the sending direction, and returns all bytes that it receives. */
function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts)));
    socket.on('error', reject);
    socket.end(bytes);
  });
}

// The second value of a row is that of `KUBECTL_PORT_FORWARD_WEBSOCKETS`. If it is `false`, kubectl uses SPDY/3.1. By
// default, kubectl uses SPDY/3.1 only when the server refuses the WebSocket.
describe.skipIf(program === '' || process.platform === 'win32').each([
  ['a WebSocket', 'true'],
  ['SPDY/3.1', 'false'],
])('kubectl port-forward by %s', (_title, usesWebSocket) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-forward-'));
  let cluster: Cluster;

  const start = (args: readonly string[], input?: string) => {
    const env = {
      ...process.env,
      KUBECONFIG: join(folder, 'kubeconfig'),
      HOME: folder,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: usesWebSocket,
    };
    return new RunningCommand(program, args, { env, cwd: folder, ...(input === undefined ? {} : { input }) });
  };
  /** Starts `kubectl port-forward`. Returns the local ports. */
  async function forward(target: string, ...ports: readonly number[]) {
    const args = ['port-forward', target, '--address=127.0.0.1', ...ports.map((port) => `:${port}`)];
    const command = start(args);
    await command.until(new RegExp(Array.from(ports, () => String.raw`Forwarding from [^]*-> \d+\n`).join('')));
    const local = [...command.output.matchAll(/Forwarding from 127\.0\.0\.1:(\d+) ->/g)].map(([, port]) =>
      Number(port),
    );
    return { command, local };
  }

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ runProcesses: true, processDirectory: folder });
    const { kubeconfig } = await cluster.listen();
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig);
    const items = [deployment(folder), service];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    expect(await start(['apply', '-f', '-'], list).ended).toMatchObject({ code: 0 });
    const wait = ['wait', '--for=condition=Available', 'deployment/web', '--timeout=20s'];
    expect(await start(wait).ended).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('forwards two ports at once, with 20 MB in both directions, and each direction ends separately', async () => {
    const { command, local } = await forward('deployment/web', 8080, 8081);
    const [answering = 0, echoing = 0] = local;
    const results = await Promise.all([
      exchange(answering, SENT),
      exchange(echoing, SENT),
      exchange(answering, Buffer.from('short')),
    ]);
    expect(results.map(hash)).toEqual(
      [
        Buffer.concat([Buffer.from(hash(SENT)), ANSWER]),
        SENT,
        Buffer.concat([Buffer.from(hash(Buffer.from('short'))), ANSWER]),
      ].map(hash),
    );
    const { stderr } = await command.interrupt();
    expect(stderr).toBe('');
  }, 60_000);

  test('forwards to the pod of a Service', async () => {
    const { command, local } = await forward('service/front', 80);
    expect((await exchange(local[0] ?? 0, Buffer.from('hello'))).toString()).toBe('hello');
    await command.interrupt();
  });

  test.each([
    [
      'nothing listens',
      9999,
      /an error occurred forwarding \d+ -> 9999: error forwarding port 9999 to pod web-\S+_default, uid [-0-9a-f]+: connect ECONNREFUSED/,
    ],
    [
      'the program breaks the connection',
      8082,
      /error forwarding port 8082 to pod web-\S+_default, uid [-0-9a-f]+: read ECONNRESET/,
    ],
  ])('says that %s at the port', async (_case, port, text) => {
    const { command, local } = await forward('deployment/web', port);
    const socket = connect(local[0] ?? 0, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    socket.write('x');
    const { code, stderr } = await command.ended;
    socket.destroy();
    expect([code, stderr]).toEqual([1, expect.stringMatching(text)]);
    expect(stderr).toContain('lost connection to pod');
  });

  test('ends with the pod', async () => {
    const { command, local } = await forward('deployment/web', 8081);
    const socket = connect(local[0] ?? 0, '127.0.0.1');
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => socket.destroy());
    await new Promise((resolve) => {
      socket.on('data', resolve);
      socket.write('x');
    });
    expect(await start(['delete', 'deployment/web', '--wait=false']).ended).toMatchObject({ code: 0 });
    await ended;
    const { code, stderr } = await command.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('lost connection to pod')]);
  }, 20_000);
});
