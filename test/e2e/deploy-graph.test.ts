import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controllerCrds } from '@typekro/controller/controller';
import type { JsonObject } from '@typekro/kit/core';
import { def, externalRef, graph, patch } from '@typekro/sdk';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import { waitForObject } from '@typekro/kube';
import { type TestCluster, createCluster } from '@typekro/testing';

const shop = (color: string) =>
  graph('shop', () => {
    const naming = def('naming', { team: 'red' });
    ConfigMap({ id: 'config', name: naming.team, data: { color } });
  });

const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', name: 'shop', namespace: 'team-a' };

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await createCluster({ clock: 'real' });
});
afterEach(() => cluster.close());

const install = async () => {
  for (const crd of controllerCrds()) await cluster.client.apply(crd, { fieldManager: 'test', force: true });
};

const factory = (color = 'blue') =>
  shop(color).factory('kro', { namespace: 'team-a', transport: cluster.transport, timeout: 10_000 });

/** Waits until the Graph has the generation, and then writes its conditions, as a controller would. */
async function report(generation: number, states: Readonly<Record<string, readonly [status: string, reason: string]>>) {
  const seen = await waitForObject(cluster.client, ref, AbortSignal.timeout(10_000), (object) =>
    (object?.metadata.generation ?? 0) >= generation ? object : undefined,
  );
  const conditions = Object.entries(states).map(([type, [status, reason]]): JsonObject => ({
    type,
    status,
    reason,
    message: `said of ${type}`,
    observedGeneration: generation,
    lastTransitionTime: '2026-11-23T00:00:00Z',
  }));
  await cluster.client.patch(ref, { status: { conditions } }, { subresource: 'status' });
  return seen;
}

describe('a graph in mode kro is one object of the kind Graph', () => {
  test('without the kind, a deploy fails with an error about the missing kind', async () => {
    await expect(factory().deploy()).rejects.toThrow('the cluster has no kind Graph');
  });

  test('is planned, applied, read and deleted; the deploy waits until a controller has observed its generation', async () => {
    await install();
    const first = factory();
    expect(await first.get()).toBeUndefined();
    expect(await first.plan()).toMatchObject({
      waiting: [{ nodeId: 'graph', reason: 'there is no namespace team-a yet' }],
    });
    await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
    expect((await first.plan()).changes.map(({ outcome, nodeId }) => [outcome, nodeId])).toEqual([
      ['created', 'graph'],
    ]);
    const ready = { Accepted: ['True', 'Compiled'], Ready: ['True', 'Ready'] } as const;
    const [deployed, seen] = await Promise.all([first.deploy(), report(1, ready)]);
    expect(seen.spec).toEqual({
      nodes: [
        {
          id: 'config',
          template: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: '${naming.team}', labels: { app: '${naming.team}' } },
            data: { color: 'blue' },
          },
        },
        { id: 'naming', def: { team: 'red' } },
      ],
    });
    expect([deployed.kind, deployed.metadata.namespace]).toEqual(['Graph', 'team-a']);
    expect(await first.getStatus()).toMatchObject({ instanceCount: 1, health: 'healthy' });
    expect((await factory('green').plan()).changes[0]).toMatchObject({ outcome: 'configured', nodeId: 'graph' });
    const result = await first.delete();
    expect([result.status, result.deleted]).toEqual(['complete', [ref]]);
    expect(await first.get()).toBeUndefined();
  });

  test('the deploy of a Graph that is not accepted fails with the message of the controller', async () => {
    await install();
    const refused = { Accepted: ['False', 'InvalidGraph'], Ready: ['False', 'InvalidGraph'] } as const;
    const [result] = await Promise.allSettled([factory().deploy(), report(1, refused)]);
    expect(String((result as PromiseRejectedResult).reason)).toContain(
      'the controller refuses the graph shop: said of Accepted',
    );
    expect(await factory().getStatus()).toMatchObject({ health: 'failed' });
  });

  test('when the time limit passes, the error names the waiting Graph and its condition', async () => {
    await install();
    const waiting = {
      Accepted: ['True', 'Compiled'],
      ResourcesConverged: ['False', 'WaitingForReadiness'],
      Ready: ['False', 'WaitingForReadiness'],
    } as const;
    const [result] = await Promise.allSettled([factory().deploy({ timeout: 1000 }), report(1, waiting)]);
    expect(String((result as PromiseRejectedResult).reason)).toMatch(
      /Graph shop did not become ready in time; Ready is False: said of Ready/,
    );
  });
});

describe('a graph in mode direct is deployed by this process', () => {
  const namespace = 'team-a';
  const build = (color: string, more: boolean) =>
    graph('shop', () => {
      const naming = def('naming', { team: 'red', sizes: ['s', 'm'] });
      const settings = externalRef<{ data: { region: string } }>('v1', 'ConfigMap', 'settings');
      const config = ConfigMap({ id: 'config', name: naming.team, data: { color, region: settings.data.region } });
      if (more) for (const size of naming.sizes) ConfigMap({ id: 'sizes', name: `${config.metadata.name}-${size}` });
    });
  const direct = (color: string, more: boolean) =>
    build(color, more).factory('direct', { namespace, transport: cluster.transport, timeout: 10_000 });
  const names = async () => {
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace });
    return items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== 'settings' && name !== 'kube-root-ca.crt');
  };

  beforeEach(async () => {
    await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const settings = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace },
      data: { region: 'eu' },
    };
    await cluster.client.create(settings);
  });

  test('is applied, planned, changed, rolled back and deleted', async () => {
    const { changes } = await direct('blue', true).plan();
    expect(changes.map(({ outcome, object }) => `${outcome} ${object.name}`)).toEqual([
      'created red',
      'created red-s',
      'created red-m',
      'unchanged settings',
    ]);
    const deployed = await direct('blue', true).deploy();
    expect([deployed.kind, deployed.metadata.name]).toEqual(['Graph', 'shop']);
    expect(await names()).toEqual(['red', 'red-m', 'red-s', 'typekro-shop-shop']);
    await direct('green', false).deploy();
    expect(await names()).toEqual(['red', 'typekro-shop-shop']);
    const red = { apiVersion: 'v1', kind: 'ConfigMap', name: 'red', namespace };
    expect((await cluster.client.get(red)).data).toEqual({ color: 'green', region: 'eu' });
    expect(await direct('green', false).getStatus()).toMatchObject({ instanceCount: 1, health: 'healthy' });
    await direct('green', false).rollback();
    expect((await cluster.client.get(red)).data).toEqual({ color: 'blue', region: 'eu' });
    expect(await names()).toEqual(['red', 'red-m', 'red-s', 'typekro-shop-shop']);
    expect((await direct('blue', true).delete()).status).toBe('complete');
    expect(await names()).toEqual([]);
  });

  test('the YAML has comments that name the nodes that need values from the cluster', () => {
    expect(direct('blue', true).toYaml()).toMatchInlineSnapshot(`
      "# configmapSettings is read, not applied: ConfigMap team-a/settings
      # config is not made yet: configmapSettings.data.region: no such key: data
      # sizes is not made yet: \${config.metadata.name}-\${sizeElement}: no such attribute(s): config
      "
    `);
  });

  test('a mode refuses to deploy a graph that the other mode has deployed', async () => {
    await install();
    await direct('blue', false).deploy();
    await expect(factory().deploy()).rejects.toThrow('the graph shop is deployed in mode direct');
    await direct('blue', false).delete();
    await factory()
      .deploy({ timeout: 500 })
      .catch(() => {});
    await expect(direct('blue', false).deploy()).rejects.toThrow('the graph shop is deployed in mode kro');
  });

  test('patches are refused, because direct mode could not release their fields', () => {
    const marks = graph('marks', () => {
      patch(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
        { metadata: { labels: { a: 'b' } } },
        { id: 'mark' },
      );
    });
    expect(() => marks.factory('direct')).toThrow('graph marks has patches (mark)');
  });
});
