import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kubernetesComposition } from '@typekro/sdk';
import type { KubeObject } from '@typekro/kit/core';
import { findDirectDeployments, moveToController } from '@typekro/sdk/deploy';
import { namespace } from '../../packages/sdk/src/factories/kubernetes/index.ts';
import { ConfigMap, Deployment } from '../../packages/sdk/src/factories/simple/index.ts';
import { waitForObject } from '@typekro/kube';
import { type DeployServer, isRealServer, startDeployServer } from '../support/deploy-server.ts';

const spec = type({ name: 'string', debug: 'boolean' });
const status = type({ ready: 'boolean', address: 'string' });
const definition = { name: 'moving', apiVersion: 'example.com/v1alpha1', kind: 'Moving', spec, status };

const app = kubernetesComposition(definition, (s) => {
  const config = ConfigMap({ id: 'config', name: `${s.name}-config`, data: { a: 'b' } });
  const web = Deployment({ id: 'web', name: s.name, image: 'nginx', env: { CONFIG: config.metadata.name } });
  if (s.debug) ConfigMap({ id: 'debug', name: `${s.name}-debug`, data: {} });
  return { ready: web.status.readyReplicas >= 1, address: config.metadata.name };
});

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

const factory = (mode: 'direct' | 'kro') =>
  app.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: 20_000 });

const children = async (): Promise<Map<string, KubeObject>> => {
  const kinds = [
    { apiVersion: 'v1', kind: 'ConfigMap' },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
  ];
  const lists = await Promise.all(kinds.map((kind) => cluster.client.list(kind, { namespace: 'default' })));
  return new Map(
    lists
      .flatMap(({ items }) => items)
      .filter(({ metadata }) => metadata.name?.startsWith('a') === true)
      .map((object) => [`${object.kind} ${object.metadata.name}`, object]),
  );
};
const shown = ({ ready, address }: typeof status.infer) => ({ ready, address });
const uids = async () => new Map([...(await children())].map(([name, { metadata }]) => [name, metadata.uid]));
const record = { apiVersion: 'v1', kind: 'ConfigMap', name: 'typekro-moving-a', namespace: 'default' };
const instance = { apiVersion: 'example.com/v1alpha1', kind: 'Moving', name: 'a', namespace: 'default' };

describe('an instance moves between the modes, and its objects are not deleted', () => {
  // The migration deletes an instance with the propagation policy `Orphan`. This policy needs a garbage collector, and
  // the real API server runs without one.
  test.skipIf(isRealServer)('from direct to kro and back', async () => {
    await cluster.startController({ features: { omit: true, now: true } });
    const direct = await factory('direct').deploy({ name: 'a', debug: true });
    const before = await uids();
    expect([...before.keys()].toSorted()).toEqual(['ConfigMap a-config', 'ConfigMap a-debug', 'Deployment a']);

    const kro = await factory('kro').deploy({ name: 'a', debug: true });
    expect(kro.status).toMatchObject(shown(direct.status));
    expect(await uids()).toEqual(before);
    expect(await cluster.client.find(record)).toBeUndefined();

    const back = await factory('direct').deploy({ name: 'a', debug: true });
    expect(back.status).toMatchObject(shown(direct.status));
    expect(await uids()).toEqual(before);
    expect(await cluster.client.find(instance)).toBeUndefined();
    expect(await cluster.client.find(record)).toBeDefined();

    expect((await factory('direct').deleteInstance('a')).status).toBe('complete');
    expect(await uids()).toEqual(new Map());
  });

  test.skipIf(isRealServer)('the new owner prunes the objects that the new spec does not have', async () => {
    await cluster.startController({ features: { omit: true, now: true } });
    await factory('direct').deploy({ name: 'a', debug: true });
    await factory('kro').deploy({ name: 'a', debug: false });
    expect([...(await uids()).keys()].toSorted()).toEqual(['ConfigMap a-config', 'Deployment a']);
    await factory('direct').deploy({ name: 'a', debug: true });
    await factory('kro').deploy({ name: 'a', debug: true });
    await factory('direct').deploy({ name: 'a', debug: false });
    expect([...(await uids()).keys()].toSorted()).toEqual(['ConfigMap a-config', 'Deployment a']);
    await factory('kro').deploy({ name: 'a', debug: false });
    expect((await factory('kro').deleteInstance('a')).status).toBe('complete');
    expect(await uids()).toEqual(new Map());
  });

  test.each(['a deploy in kro mode', 'a migration'])('a namespace of the composition survives %s', async (how) => {
    const teams = kubernetesComposition(
      { name: 'teams', kind: 'Team', spec: type({ name: 'string' }), status: type({ ok: 'boolean' }) },
      (s) => {
        const space = namespace({ id: 'space', metadata: { name: `team-${s.name}` } });
        const config = ConfigMap({ id: 'config', name: 'config', namespace: space.metadata.name, data: { a: 'b' } });
        return { ok: config.metadata.uid !== '' };
      },
    );
    const of = (mode: 'direct' | 'kro') =>
      teams.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: 20_000 });
    await cluster.startController();
    await of('kro').deploy({ name: 'other' });
    await of('direct').deploy({ name: 'a' });
    const space = { apiVersion: 'v1', kind: 'Namespace', name: 'team-a' };
    const before = await cluster.client.get(space);
    if (how === 'a migration') {
      const signal = AbortSignal.timeout(20_000);
      const [deployment] = await findDirectDeployments(cluster.client, 'a', 'default', signal);
      if (deployment === undefined) throw new Error('there is no deployment');
      await moveToController(cluster.client, deployment, signal, true);
      expect(await cluster.client.get(space)).toEqual(before);
      await moveToController(cluster.client, deployment, signal, false);
    } else await of('kro').deploy({ name: 'a' });
    const team = { apiVersion: 'kro.run/v1alpha1', kind: 'Team', name: 'a', namespace: 'default' };
    await waitForObject(
      cluster.client,
      team,
      AbortSignal.timeout(20_000),
      (object) => object?.status?.['state'] === 'ACTIVE' || undefined,
    );
    const after = await cluster.client.get(space);
    expect([after.metadata.uid, after.metadata.deletionTimestamp]).toEqual([before.metadata.uid, undefined]);
    expect(after.metadata.labels).not.toHaveProperty(['applyset.kubernetes.io/part-of']);
    const config = { apiVersion: 'v1', kind: 'ConfigMap', name: 'config', namespace: 'team-a' };
    expect((await cluster.client.get(config)).data).toEqual({ a: 'b' });
  });

  test('an instance that is being deleted is not taken over', async () => {
    const controller = await cluster.startController({ features: { omit: true, now: true } });
    await factory('kro').deploy({ name: 'a', debug: false });
    await controller.stop();
    await cluster.client.delete(instance);
    await expect(factory('direct').deploy({ name: 'a', debug: false })).rejects.toMatchObject({
      code: 'deploy/being-deleted',
    });
  });
});
