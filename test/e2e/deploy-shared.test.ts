import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createResource, kubernetesComposition, singleton } from '@typekro/sdk';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import type { DeployServer } from '../support/deploy-server.ts';
import { startDeployServer } from '../support/deploy-server.ts';

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
  await cluster.startController();
}, 90_000);
afterEach(() => cluster.close());

const settings = kubernetesComposition(
  { name: 'settings', spec: type({ name: 'string', color: 'string' }), status: type({ color: 'string' }) },
  (spec) => {
    const map = ConfigMap({ id: 'map', name: `${spec.name}-settings`, data: { color: spec.color } });
    return { color: map.data['color'] ?? '' };
  },
);

const page = (color: string) =>
  kubernetesComposition(
    { name: 'page', spec: type({ name: 'string' }), status: type({ color: 'string', phase: 'string' }) },
    (spec) => {
      const shared = singleton(settings, { id: 'main', spec: { name: 'main', color } });
      const space = createResource<{ status: { phase: string } }>(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${spec.name}-space` } },
        { id: 'space' },
      );
      const map = ConfigMap({
        id: 'map',
        name: spec.name,
        namespace: space.metadata.name,
        data: { color: shared.status.color },
      });
      return { color: map.data['color'] ?? '', phase: space.status.phase };
    },
  );

test('kro mode creates namespaces and shared instances first, and does not replace shared instances of other graphs', async () => {
  const options = { namespace: 'default', transport: cluster.transport, timeout: 20_000 };
  const factory = page('blue').factory('kro', options);
  const deployed = await factory.deploy({ name: 'a' });
  expect(deployed.status).toMatchObject({ color: 'blue', phase: 'Active' });
  expect(deployed.metadata.annotations?.['typekro.dev/hoisted-namespaces']).toBe('["a-space"]');
  const shared = { apiVersion: 'kro.run/v1alpha1', kind: 'Settings', name: 'main', namespace: 'typekro-singletons' };
  const first = await cluster.client.get(shared);

  await factory.deploy({ name: 'b' });
  expect((await cluster.client.get(shared)).metadata.uid).toBe(first.metadata.uid);

  await expect(page('red').factory('kro', options).deploy({ name: 'c' })).rejects.toMatchObject({
    code: 'deploy/singleton-changed',
  });
  await factory.deleteInstance('a');
  const left = await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' });
  expect(left.items.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(['a-space', 'b-space']));
});

test('a deploy waits for the end of the deletion of a definition, and applies the definition again', async () => {
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'settings' };
  const hold = (finalizers: string[] | null) =>
    cluster.client.patch(definition, { metadata: { finalizers } }, { type: 'merge' });
  const applied: unknown[] = [];
  const factory = settings.factory('kro', {
    namespace: 'default',
    transport: cluster.transport,
    timeout: 20_000,
    progressCallback: ({ message }) => {
      if (!message?.startsWith('applied ResourceGraphDefinition')) return;
      applied.push(message);
      // The first apply of the second deploy writes to the definition that is being deleted. The finalizer is then
      // removed, so that the deletion ends.
      if (applied.length === 2) void hold(null);
    },
  });
  await factory.deploy({ name: 'a', color: 'blue' });
  await hold(['example.com/hold']);
  await cluster.client.delete(definition);
  expect((await factory.deploy({ name: 'b', color: 'red' })).status).toEqual(expect.objectContaining({ color: 'red' }));
  expect(applied).toHaveLength(3);
});
