import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { typeKroRuntimeBootstrap } from '@typekro/sdk';
import { type TestCluster, createCluster } from '@typekro/testing';
import { RunningCommand } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await createCluster({ clock: 'real' });
});
afterEach(async () => {
  await cluster.close();
});

const options = () => ({ namespace: 'flux-system', transport: cluster.transport, timeout: 10_000 });
const find = (kind: string, name: string, namespace: string, apiVersion = 'apps/v1') =>
  cluster.client.find({ apiVersion, kind, name, namespace });

test('without arguments Flux and kro are installed, and the status reports both', async () => {
  const messages: string[] = [];
  const factory = typeKroRuntimeBootstrap().factory('direct', {
    ...options(),
    progressCallback: ({ message }) => void messages.push(message),
  });
  const result = await factory.deploy({ namespace: 'flux-system' });
  expect(result.status).toMatchObject({ phase: 'Ready', components: { fluxSystem: true, kroSystem: true } });
  expect(messages[0]).toContain('stand-ins');
  expect(await find('Deployment', 'helm-controller', 'flux-system')).toBeDefined();
  const release = await find('HelmRelease', 'kro', 'kro', 'helm.toolkit.fluxcd.io/v2');
  expect(release?.spec).toMatchObject({ chart: { spec: { chart: 'kro', version: '0.9.3' } } });
  expect(release?.status).toMatchObject({
    conditions: [{ type: 'Ready', status: 'True', reason: 'InstallSucceeded' }],
  });
});

test('`kubectl get helmrelease -n kro` prints the release with its columns', async () => {
  await typeKroRuntimeBootstrap().factory('direct', options()).deploy({ namespace: 'flux-system' });
  const { text } = await cluster.client.raw({
    path: '/apis/helm.toolkit.fluxcd.io/v2/namespaces/kro/helmreleases',
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  const table = JSON.parse(text) as {
    readonly columnDefinitions: readonly { readonly name: string }[];
    readonly rows: readonly { readonly cells: readonly unknown[] }[];
  };
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Age', 'Ready', 'Status']);
  expect(table.rows[0]?.cells.slice(2)).toEqual([
    'True',
    'Helm install succeeded for release kro/kro.v1 with chart kro@0.9.3 (stand-in: no chart was rendered)',
  ]);
});

test('a second installation changes nothing, and the deletion removes kro', async () => {
  const factory = typeKroRuntimeBootstrap().factory('direct', options());
  await factory.deploy({ namespace: 'flux-system' });
  const before = await find('Deployment', 'source-controller', 'flux-system');
  await factory.deploy({ namespace: 'flux-system' });
  expect((await find('Deployment', 'source-controller', 'flux-system'))?.metadata.generation).toBe(
    before?.metadata.generation,
  );
  expect(await factory.deleteInstance('typekro-runtime')).toMatchObject({ status: 'complete' });
  expect(await find('Deployment', 'kro', 'kro')).toBeUndefined();
});

test('an old version of kro causes a warning that names the file of the call', () => {
  const bootstrap = typeKroRuntimeBootstrap({ fluxVersion: 'v2.4.0', kroVersion: '0.3.0' });
  expect(bootstrap.diagnostics).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('0.3.0') as string },
  ]);
  expect(bootstrap.diagnostics[0]?.source?.file).toContain('bootstrap.test.ts');
});

test('kro is installed in the given namespace, and is not installed again if kro-system already has it', async () => {
  const elsewhere = typeKroRuntimeBootstrap({ kroNamespace: 'graphs' }).factory('direct', options());
  await elsewhere.deploy({ namespace: 'flux-system' });
  expect(await find('HelmRelease', 'kro', 'graphs', 'helm.toolkit.fluxcd.io/v2')).toBeDefined();
  await elsewhere.deleteInstance('typekro-runtime');

  await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  await cluster.client.create(deployment('kro', 'kro-system'));
  const factory = typeKroRuntimeBootstrap().factory('direct', options());
  const { status } = await factory.deploy({ namespace: 'flux-system' });
  expect(status).toMatchObject({ phase: 'Ready', components: { fluxSystem: true, kroSystem: true } });
  expect(await find('HelmRelease', 'kro', 'kro', 'helm.toolkit.fluxcd.io/v2')).toBeUndefined();
});

test('the controller of this project is installed by its manifests', async () => {
  const runtime = typeKroRuntimeBootstrap({ controller: 'typekro', controllerImage: 'example.com/typekro:1' });
  const { status } = await runtime.factory('direct', options()).deploy({ namespace: 'flux-system' });
  expect(status.components.kroSystem).toBe(true);
  expect(await find('Deployment', 'typekro', 'kro')).toBeDefined();
});

const deployment = (name: string, namespace: string, labels: Record<string, string> = { app: name }): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name, image: 'example.com/x' }] } },
  },
});

describe('manifests of the user', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-flux-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'cluster-reconciler-flux-system' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'helm-controller', namespace: 'flux-system' }],
  };
  const objects = () => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } },
    deployment('source-controller', 'flux-system'),
    deployment('helm-controller', 'flux-system'),
    binding,
  ];
  const text = () =>
    objects()
      .map((object) => JSON.stringify(object))
      .join('\n---\n');

  test('are applied from a folder, into another namespace, with another role', async () => {
    writeFileSync(join(folder, 'install.yaml'), text());
    await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
    await cluster.client.create(deployment('kro', 'kro-system'));
    const runtime = typeKroRuntimeBootstrap({
      namespace: 'gitops',
      manifestsFrom: folder,
      rbac: { clusterRoleRef: 'narrow' },
    });
    const { status } = await runtime
      .factory('direct', { ...options(), namespace: 'gitops' })
      .deploy({ namespace: 'gitops' });
    expect(status.phase).toBe('Ready');
    const made = await cluster.client.get({
      apiVersion: binding.apiVersion,
      kind: binding.kind,
      name: 'cluster-reconciler-gitops',
    });
    expect(made).toMatchObject({ roleRef: { name: 'narrow' }, subjects: [{ namespace: 'gitops' }] });
  });

  test('are applied from an address', async () => {
    const server = createServer((_request, response) => response.end(text()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
      await cluster.client.create(deployment('kro', 'kro-system'));
      const { port } = server.address() as AddressInfo;
      const runtime = typeKroRuntimeBootstrap({ manifestsFrom: `http://127.0.0.1:${port}/install.yaml` });
      const { status } = await runtime.factory('direct', options()).deploy({ namespace: 'flux-system' });
      expect(status.phase).toBe('Ready');
    } finally {
      server.close();
    }
  });

  test.each([
    ['a folder that does not exist', '/nowhere/at/all', 'cannot be read'],
    ['an address that does not respond', 'http://127.0.0.1:1/install.yaml', 'cannot be read'],
  ])('are refused: %s', async (_name, manifestsFrom, message) => {
    const factory = typeKroRuntimeBootstrap({ manifestsFrom }).factory('direct', options());
    await expect(factory.deploy({ namespace: 'flux-system' })).rejects.toThrow(message);
  });

  test('are refused if a file contains no manifest', async () => {
    writeFileSync(join(folder, 'install.yaml'), '<html></html>');
    const factory = typeKroRuntimeBootstrap({ manifestsFrom: folder }).factory('direct', options());
    await expect(factory.deploy({ namespace: 'flux-system' })).rejects.toThrow('cannot be used');
  });
});

test('a time-out names the objects that are not ready', async () => {
  cluster.controllers.hold('kubelet');
  const factory = typeKroRuntimeBootstrap().factory('direct', { ...options(), timeout: 300 });
  await expect(factory.deploy({ namespace: 'flux-system' })).rejects.toThrow(/source-controller/);
});

test('the YAML contains the objects that are known before the deploy, and comments name the others', () => {
  const factory = typeKroRuntimeBootstrap().factory('direct', { namespace: 'flux-system' });
  const yaml = factory.toYaml({ namespace: 'flux-system' });
  expect(yaml).toContain('kind: HelmRelease');
  expect(yaml).toContain('url: oci://registry.k8s.io/kro/charts');
  expect(yaml).toContain('# Before these, deploy() applies the manifests of Flux');
  expect(yaml).not.toContain('image:');
});

describe('the unchanged first program installs kro:', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-seed-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['seed-04-install-kro.ts', ''],
    ['seed-05-bootstrap-environment.ts', 'KRO environment ready!'],
  ])('%s', async (name, text) => {
    const { kubeconfig } = await cluster.listen({ port: 0 });
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig);
    const seed = new RunningCommand(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', join(root, 'test/fixtures/seeds', name), '--deploy'],
      { cwd: root, env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') } },
    );
    const { code, stdout, stderr } = await seed.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(text);
    const release = await find('HelmRelease', 'kro', 'kro', 'helm.toolkit.fluxcd.io/v2');
    expect(release?.status).toMatchObject({ conditions: [{ type: 'Ready', status: 'True' }] });
  });
});
