import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Cluster, type Listener, createEmbeddedCluster } from '@typekro/cluster';
import { findClient } from '../../support/clients.ts';

const program = findClient('kubectl') ?? '';

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: worker
  annotations: { typekro.dev/run: process }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: none
      stdin: true
      command: [sh, -c, 'echo up; while read -r line; do echo "got $line"; done; sleep 1000']
      env: [{ name: COLOR, value: red }]
`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// When the variable disables the WebSocket, kubectl uses SPDY/3.1, as versions before 1.31 do.
describe.skipIf(program === '' || process.platform === 'win32').each([
  ['a WebSocket', 'true'],
  ['SPDY/3.1', 'false'],
])('kubectl and a local process, by %s', (_title, usesWebSocket) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-kubectl-'));
  let cluster: Cluster;
  let listener: Listener;

  const kubectl = (args: readonly string[], input = ''): Promise<Ended> =>
    new Promise((resolve) => {
      const env = {
        ...process.env,
        KUBECONFIG: join(folder, 'kubeconfig'),
        HOME: folder,
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: usesWebSocket,
      };
      const child = execFile(program, args, { env, cwd: folder }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
      child.stdin?.end(input);
    });

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ runProcesses: true, processDirectory: folder });
    listener = await cluster.listen();
    writeFileSync(join(folder, 'kubeconfig'), listener.kubeconfig);
    expect(await kubectl(['apply', '-f', '-'], POD)).toMatchObject({ code: 0 });
    expect(await kubectl(['wait', '--for=condition=Ready', 'pod/worker', '--timeout=20s'])).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('exec gives the program the variables of the container, and returns both outputs and the exit code', async () => {
    const script = 'echo "$COLOR"; echo oops >&2; exit 7';
    expect(await kubectl(['exec', 'worker', '--', 'sh', '-c', script])).toMatchObject({
      code: 7,
      stdout: 'red\n',
      stderr: expect.stringContaining('oops\ncommand terminated with exit code 7'),
    });
  });

  test('exec passes the whole input to the program', async () => {
    const text = 'line\n'.repeat(50_000);
    expect(await kubectl(['exec', '-i', 'worker', '--', 'wc', '-c'], text)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\s*250000\n$/),
    });
  });

  test('exec says why a program cannot start', async () => {
    const { code, stderr } = await kubectl(['exec', 'worker', '--', 'no-such-program']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('executable file not found in $PATH')]);
  });

  test('exec and attach say why a container does not run', async () => {
    const lacking = POD.replace('name: worker', 'name: lacking').replace(
      'env: [',
      'env: [{ name: FROM, valueFrom: { configMapKeyRef: { name: absent, key: k } } }, ',
    );
    const refused = POD.replace('name: worker', 'name: refused').replace('containers:', 'hostPID: true\n  containers:');
    expect(await kubectl(['apply', '-f', '-'], `${lacking}---\n${refused}`)).toMatchObject({ code: 0 });
    for (const [pod, reason] of [
      ['lacking', 'is waiting: CreateContainerConfigError: configmap "absent" not found'],
      ['refused', 'is waiting: ProcessRefused: this pod cannot run as local processes'],
    ] as const) {
      await vi.waitFor(
        async () => {
          for (const args of [
            ['exec', pod, '--', 'true'],
            ['attach', pod],
          ]) {
            expect((await kubectl(args)).stderr).toContain(reason);
          }
        },
        { timeout: 20_000 },
      );
    }
    await kubectl(['delete', 'pod', 'lacking', 'refused', '--wait=false']);
  });

  test('cp copies files in both directions', async () => {
    writeFileSync(join(folder, 'sent'), 'content');
    expect(await kubectl(['cp', 'sent', `worker:${folder}/received`])).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'received'), 'utf8')).toBe('content');
    expect(await kubectl(['cp', `worker:${folder}/received`, 'back'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'back'), 'utf8')).toBe('content');
  });

  test('attach reaches the input of the container, and logs have its output', async () => {
    const attached = kubectl(['attach', '-i', 'worker'], 'hello\n');
    await vi.waitFor(async () => expect((await kubectl(['logs', 'worker'])).stdout).toBe('up\ngot hello\n'), {
      timeout: 20_000,
    });
    await kubectl(['delete', 'pod', 'worker']);
    expect((await attached).stdout).toContain('got hello');
  });
});
