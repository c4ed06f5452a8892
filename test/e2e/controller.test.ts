import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/index.ts';
import { createCluster } from '../../src/cluster/index.ts';
import type { KubeObject } from '../../src/core/index.ts';
import { refOf } from '../../src/core/index.ts';
import { KubeClient, waitForObject } from '../../src/kube/index.ts';
import { startCli } from '../support/command.ts';

const directory = mkdtempSync(join(tmpdir(), 'typekro-controller-'));
const definition = parse(
  readFileSync(new URL('../fixtures/configmap.rgd.yaml', import.meta.url), 'utf8'),
) as KubeObject;
let cluster: Cluster;
let client: KubeClient;

beforeAll(async () => {
  cluster = await createCluster();
  writeFileSync(join(directory, 'kubeconfig'), (await cluster.listen()).kubeconfig);
  client = new KubeClient({ transport: cluster.transport() });
});
afterAll(async () => {
  await client.close();
  await cluster.close();
  rmSync(directory, { recursive: true, force: true });
});

const quiet = ['--kubeconfig=kubeconfig', '--metrics-bind-address=0', '--health-probe-bind-address=0'];

test('without its CRDs the controller ends and names the command that installs them', async () => {
  const { code, stderr } = await startCli(['controller', ...quiet], directory).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('typekro install');
});

test('after `typekro install` the controller serves definitions until it is told to stop', async () => {
  const installed = await startCli(['install', '--kubeconfig', 'kubeconfig'], directory).ended;
  expect(installed).toMatchObject({ code: 0, stderr: '' });
  const controller = startCli(['controller', ...quiet], directory);
  await client.apply(definition, { fieldManager: 'test' });
  await waitForObject(client, refOf(definition), new AbortController().signal, (object) =>
    object?.status?.['state'] === 'Active' ? true : undefined,
  );
  controller.process.kill('SIGTERM');
  expect((await controller.ended).code).toBe(0);
});

test('an unknown flag is a usage error', async () => {
  const { code, stderr } = await startCli(['controller', '--nope'], directory).ended;
  expect(stderr).toContain('unknown flag: --nope');
  expect(code).toBe(2);
});

test('an unreachable server is named', async () => {
  writeFileSync(
    join(directory, 'nowhere'),
    'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]\nusers: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n',
  );
  const { code, stderr } = await startCli(['install', '--kubeconfig', 'nowhere'], directory).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/127\.0\.0\.1:9|ECONNREFUSED/);
  expect(stderr).not.toContain('    at ');
});
