import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { createManualClock } from '../../cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from '../../cluster.ts';

let cluster: Cluster;
let client: KubeClient;

const CRDS = new URL('../../../../../data/crds/flux.json', import.meta.url);

beforeEach(async () => {
  cluster = await createEmbeddedCluster({ clock: createManualClock() });
  client = new KubeClient({ transport: cluster.transport() });
  const { items } = JSON.parse(readFileSync(CRDS, 'utf8')) as { readonly items: KubeObject[] };
  for (const crd of items) await client.create(crd);
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

/** Starts the simulations by creating marked Deployments of the controllers. */
async function start(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const labels = { app: name };
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'default', annotations: { 'typekro.dev/stand-in': 'true' } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'manager', image: 'stand-in' }] } },
      },
    });
  }
  await cluster.idle();
}

const git: KubeObject = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'app', namespace: 'default' },
  spec: { url: 'https://example.com/app.git', interval: '5m', ref: { branch: 'main' } },
};
const kustomization: KubeObject = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'app', namespace: 'default' },
  spec: { interval: '5m', prune: true, path: './', sourceRef: { kind: 'GitRepository', name: 'app' } },
};
const release: KubeObject = {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'cache', namespace: 'default' },
  spec: {
    interval: '5m',
    targetNamespace: 'kube-public',
    chart: { spec: { chart: 'redis', version: '1.x', sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
  },
};
const repository: KubeObject = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'HelmRepository',
  metadata: { name: 'charts', namespace: 'default' },
  spec: { interval: '5m', url: 'https://charts.example.com' },
};

/** The status and reason of each condition of an object, after all controllers are idle. */
async function readyOf({ apiVersion, kind, metadata }: KubeObject): Promise<unknown> {
  await cluster.idle();
  const { name = '', namespace = '' } = metadata;
  const { status } = await client.get({ apiVersion, kind, name, namespace });
  const conditions = (status?.['conditions'] ?? []) as { readonly status: string; readonly reason: string }[];
  return conditions.map((condition) => `${condition.status} ${condition.reason}`).join();
}

test('the controllers process existing objects when they start', async () => {
  await client.create(git);
  await client.create(kustomization);
  expect(await readyOf(git)).toBe('');
  await start('kustomize-controller');
  expect(await readyOf(kustomization)).toBe('False ArtifactFailed');
  await start('source-controller');
  expect(await readyOf(git)).toBe('True Succeeded');
  expect(await readyOf(kustomization)).toBe('True ReconciliationSucceeded');
});

test('a Deployment without the stand-in annotation starts no Flux controller', async () => {
  await client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'source-controller', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'x', image: 'flux' }] } },
    },
  });
  await client.create(git);
  expect(await readyOf(git)).toBe('');
});

test('the revision of an artifact follows the spec of its source', async () => {
  await start('source-controller');
  const revision = async () => {
    await cluster.idle();
    const { name = '', namespace = '' } = git.metadata;
    const { status } = await client.get({ apiVersion: git.apiVersion, kind: git.kind, name, namespace });
    const artifact = status?.['artifact'] as { readonly revision: string } | undefined;
    return artifact?.revision;
  };
  await client.create(git);
  const first = await revision();
  expect(first).toMatch(/^main@sha1:[0-9a-f]{40}$/);
  await client.apply({ ...git, spec: { ...git.spec, interval: '1m' } }, { fieldManager: 'test', force: true });
  expect(await revision()).not.toBe(first);
});

test('a release waits for its repository and installs a Deployment, which is deleted with the release', async () => {
  await start('source-controller', 'helm-controller');
  await client.create(release);
  expect(await readyOf(release)).toBe('False SourceNotReady');
  await client.create(repository);
  expect(await readyOf(release)).toBe('True InstallSucceeded');
  const installed = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cache', namespace: 'kube-public' };
  expect(await client.find(installed)).toBeDefined();
  await client.delete({ ...release, name: 'cache', namespace: 'default' });
  await cluster.idle();
  expect(await client.find(installed)).toBeUndefined();
  expect(await client.find({ ...release, name: 'cache', namespace: 'default' })).toBeUndefined();
});

test('a suspended object does not change, and a test can hold a controller', async () => {
  await start('source-controller');
  await client.create({ ...git, spec: { ...git.spec, suspend: true } });
  expect(await readyOf(git)).toBe('');
  cluster.controllers.hold('source-controller');
  await client.create(repository);
  expect(await readyOf(repository)).toBe('');
  cluster.controllers.release('source-controller');
  expect(await readyOf(repository)).toBe('True Succeeded');
});
