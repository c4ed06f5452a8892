import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubernetesComposition } from '@typekro/sdk';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import { type TestCluster, createCluster } from '@typekro/testing';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await createCluster({ clock: 'real' });
});
afterEach(() => cluster.close());

const site = kubernetesComposition(
  {
    name: 'site',
    group: 'example.com',
    apiVersion: 'v1',
    kind: 'Site',
    spec: type({ hostname: 'string', port: 'number.integer = 80' }),
    status: type({ url: 'string' }),
    versions: {
      v1alpha1: {
        spec: type({ host: 'string' }),
        lossy: ['spec.port'],
        toHub: (spec) => ({ hostname: spec.host }),
        fromHub: (spec) => ({ host: spec.hostname }),
      },
    },
  },
  (spec, { metadata }) => {
    const url = `http://${spec.hostname}:${spec.port}`;
    const settings = ConfigMap({ id: 'settings', name: `${metadata.name}-settings`, data: { url } });
    return { url: settings.data['url'] ?? '' };
  },
);
const kro = (target: 'stock' | 'typekro' = 'typekro') =>
  site.factory('kro', { target, transport: cluster.transport, timeout: 60_000 });
const settingsOf = (name: string) =>
  cluster.client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: `${name}-settings`, namespace: 'default' });

test('kro mode deploys each version, and an instance is the same object in both', async () => {
  await cluster.startController({ features: { versions: true } });
  const former = await kro().deploy({ host: 'a.example.com' }, { name: 'a', version: 'v1alpha1' });
  expect(former).toMatchObject({
    apiVersion: 'example.com/v1alpha1',
    spec: { host: 'a.example.com' },
    status: { url: 'http://a.example.com:80' },
  });
  const instance = { kind: 'Site', name: 'a', namespace: 'default' };
  const hub = await cluster.client.get({ apiVersion: 'example.com/v1', ...instance });
  expect(hub.spec).toEqual({ hostname: 'a.example.com', port: 80 });
  await kro().deploy({ hostname: 'b.example.com', port: 8080 }, { name: 'a' });
  const again = await cluster.client.get({ apiVersion: 'example.com/v1alpha1', ...instance });
  expect(again.spec).toEqual({ host: 'b.example.com' });
  expect((await settingsOf('a'))['data']).toEqual({ url: 'http://b.example.com:8080' });
});

test('direct mode converts a spec in another version, as a controller does', async () => {
  const factory = site.factory('direct', { transport: cluster.transport, timeout: 60_000 });
  const deployed = await factory.deploy({ host: 'a.example.com' }, { name: 'a', version: 'v1alpha1' });
  expect(deployed).toMatchObject({ apiVersion: 'example.com/v1', spec: { hostname: 'a.example.com', port: 80 } });
  expect((await settingsOf('a'))['data']).toEqual({ url: 'http://a.example.com:80' });
});

test('a controller without the gate refuses the definition, and the error names the gate', async () => {
  await cluster.startController({ features: { versions: false } });
  await expect(kro().deploy({ hostname: 'a' })).rejects.toThrow(
    'versions requires the APIVersions feature gate to be enabled',
  );
});

test('a cluster with the CRDs of kro has no versions, and the error names the remedy', async () => {
  await cluster.startController();
  const ref = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const name = 'resourcegraphdefinitions.kro.run';
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/schema';
  const changes = ['properties/versions', 'x-kubernetes-validations'].map((member) => ({
    op: 'remove',
    path: `${path}/${member}`,
  }));
  await cluster.client.patch({ ...ref, name }, changes, { type: 'json' });
  await expect(kro().deploy({ hostname: 'a' })).rejects.toMatchObject({
    message: 'definitions in the cluster have no versions of an API: site',
    remedy: expect.stringContaining('APIVersions') as string,
  });
});

test('a factory for stock kro refuses the definition, and names the option', async () => {
  await expect(kro('stock').deploy({ hostname: 'a' })).rejects.toThrow("{ target: 'typekro' }");
});
