import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient, systemClock } from '@typekro/kube';
import { projectObject } from '@typekro/engine/runtime';
import { KindCache } from '../../../packages/controller/src/controller/cache/kind-cache.ts';
import { controllerCrds } from '@typekro/controller/controller';
import { GRAPH_TYPE } from '@typekro/engine/graph';
import { GraphParent } from '../../../packages/controller/src/controller/graph/graph-parent.ts';

const entry = (name: string, uid?: string): JsonObject => ({
  nodeID: name,
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: 'default',
  name,
  ...(uid === undefined ? {} : { uid }),
});

describe('the status of a Graph', () => {
  let cluster: Cluster;
  let client: KubeClient;
  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    client = new KubeClient({ transport: cluster.transport() });
    for (const crd of controllerCrds()) await client.create(crd);
    await cluster.idle();
  });
  afterAll(async () => {
    await client.close();
    await cluster.close();
  });

  const graphs = () =>
    new KindCache({
      client,
      clock: systemClock,
      type: GRAPH_TYPE,
      project: (object) => projectObject(object, [[]]),
      onChange: () => undefined,
      onState: () => undefined,
      onRead: () => undefined,
      onWentBack: () => undefined,
    });
  const create = (name: string): Promise<KubeObject> =>
    client.create({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name, namespace: 'default' },
      spec: { nodes: [{ id: 'a', def: { x: 1 } }] },
    });
  const ref = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'Graph', name, namespace: 'default' });
  const ready = { type: 'Ready', status: 'True' };
  const { signal } = new AbortController();

  it('is replaced, and the cache then contains the response', async () => {
    const graph = await create('replaced');
    const cache = graphs();
    await new GraphParent(client, cache, graph, signal).writeStatus({ conditions: [ready], managedResources: [] });
    expect((await client.get(ref('replaced'))).status).toEqual({ conditions: [ready], managedResources: [] });
    expect(cache.get('default/replaced')?.object.status).toMatchObject({ conditions: [ready] });
  });

  it('that was decided for an earlier spec is written without conditions, and keeps the entries that the inventory already has', async () => {
    const graph = await create('moved');
    await client.patch(
      ref('moved'),
      { status: { managedResources: [entry('before', '1')] } },
      { subresource: 'status' },
    );
    await client.patch(ref('moved'), { spec: { serviceAccountName: 'other' } });
    const parent = new GraphParent(client, graphs(), graph, signal);
    await parent.writeStatus({ conditions: [ready], managedResources: [entry('made', '2')] });
    expect((await client.get(ref('moved'))).status).toEqual({
      managedResources: [entry('before', '1'), entry('made', '2')],
    });
  });

  it('that was decided for an earlier spec is not written if the inventory already has its objects', async () => {
    const graph = await create('known');
    await client.patch(ref('known'), { status: { managedResources: [entry('a', '1')] } }, { subresource: 'status' });
    const changed = await client.patch(ref('known'), { spec: { serviceAccountName: 'other' } });
    const answers: number[] = [];
    const counting = new KubeClient({
      transport: {
        async request(request) {
          const response = await cluster.transport().request(request);
          if (request.method === 'PATCH') answers.push(response.status);
          return response;
        },
        close: () => Promise.resolve(),
      },
    });
    const parent = new GraphParent(counting, graphs(), graph, signal);
    await parent.writeStatus({ conditions: [ready], managedResources: [entry('a', '1')] });
    // The only request is the replacement of the status. The server refuses it.
    expect(answers).toEqual([422]);
    expect((await client.get(ref('known'))).metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
  });

  it('that another client has changed causes a new decision', async () => {
    const graph = await create('changed');
    await client.patch(
      ref('changed'),
      { status: { managedResources: [entry('other', '1')] } },
      { subresource: 'status' },
    );
    const cache = graphs();
    const outcome = await new GraphParent(client, cache, graph, signal).writeStatus({ conditions: [ready] });
    expect(outcome).toBe('decide-again');
    expect((await client.get(ref('changed'))).status).toEqual({ managedResources: [entry('other', '1')] });
    expect(cache.get('default/changed')?.object.status).toEqual({ managedResources: [entry('other', '1')] });
  });

  it('of another Graph with the same name is not written', async () => {
    const graph = await create('again');
    await client.delete(ref('again'));
    await create('again');
    const parent = new GraphParent(client, graphs(), graph, signal);
    await parent.writeStatus({ conditions: [ready] });
    expect((await client.get(ref('again'))).status).toBeUndefined();
    await expect(parent.write({ tracking: { managedResources: [], contributions: [] } })).rejects.toMatchObject({
      status: 409,
    });
  });

  it('of a deleted Graph is not written, and the call does not fail', async () => {
    const graph = await create('gone');
    await client.delete(ref('gone'));
    const cache = graphs();
    cache.observe(graph);
    await new GraphParent(client, cache, graph, signal).writeStatus({ conditions: [ready] });
    expect(cache.get('default/gone')).toBeUndefined();
  });

  it('and its finalizers: a write of the finalizer of the controller keeps the other finalizers, or fails with a conflict', async () => {
    const graph = await create('held');
    await client.patch(ref('held'), { metadata: { finalizers: ['other/x'] } });
    const parent = new GraphParent(client, graphs(), graph, signal);
    await expect(parent.write({ addFinalizer: true })).rejects.toMatchObject({ status: 409 });
    const fresh = await client.get(ref('held'));
    await new GraphParent(client, graphs(), fresh, signal).write({ addFinalizer: true });
    const both = await client.get(ref('held'));
    expect(both.metadata.finalizers).toEqual(['other/x', 'kro.run/graph-finalizer']);
    await new GraphParent(client, graphs(), both, signal).write({ removeFinalizer: true });
    expect((await client.get(ref('held'))).metadata.finalizers).toEqual(['other/x']);
  });
});
