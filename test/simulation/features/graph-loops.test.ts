import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { failure } from '@typekro/testing/test-support/intercept-request';
import { conditionText, mapRef, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient, systemClock } from '@typekro/kube';
import { Projection } from '@typekro/engine/runtime';
import { controllerCrds } from '@typekro/controller/controller';
import { GraphObject } from '@typekro/engine/graph';
import { GRAPH_STAGE, WIDGET_CRD, WIDGET_OBJECT, rightsOf, userMap } from '../graphs/stage.ts';
import { KindCache } from '../../../packages/controller/src/controller/cache/kind-cache.ts';
import { GraphParent } from '../../../packages/controller/src/controller/graph/graph-parent.ts';

describe('graph loops', () => {
  let world: VirtualWorld;
  afterEach(() => world.close());

  const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' } as const;
  const graphRef = (name: string) => ({ ...GRAPH, name, namespace: 'default' });
  const graph = (name: string, nodes: JsonObject[], spec: JsonObject = {}): KubeObject => ({
    ...GRAPH,
    metadata: { name, namespace: 'default' },
    spec: { nodes, ...spec },
  });
  const map = (name: string, data: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data,
  });
  const ref = (id: string, name: string): JsonObject => ({
    id,
    ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
  });
  const converged = async (name: string) => conditionText(await world.user.get(graphRef(name)), 'ResourcesConverged');

  async function worldOfGraphs(): Promise<void> {
    world = await virtualWorld({ controller: GRAPH_STAGE.controller });
    await world.apply(...rightsOf('default'), ...rightsOf('builder'));
  }

  /** The number of writes that the controller sends in this time. */
  async function writesIn(milliseconds: number): Promise<number> {
    world.requests.length = 0;
    await world.advance(milliseconds);
    return writesOf(world.requests).length;
  }

  describe('Graphs that change a value that they read', () => {
    it('a patch node that changes the value that it reads is slowed down and named', async () => {
      await worldOfGraphs();
      await world.apply(userMap('counter', { n: '0' }));
      const next = map('counter', { next: '${string(int(counter.data.?next.orValue("0")) + 1)}' });
      await world.apply(graph('g', [ref('counter', 'counter'), { id: 'count', patch: next }]));
      await world.advance(1000);
      expect(await converged('g')).toMatch(
        /^False WaitingForReadiness: node "count": .*gets a different value with each write: an expression of the node may read a value that the node itself changes/,
      );
      expect(await writesIn(600_000)).toBeLessThan(15);
      await world.apply(
        graph('g', [ref('counter', 'counter'), { id: 'count', patch: map('counter', { next: 'fixed' }) }]),
      );
      await world.advance(1000);
      expect(await converged('g')).toMatch(/^True/);
    });

    it('a reconciliation request of a client resets the count of writes after which a Graph is slowed down', async () => {
      await worldOfGraphs();
      await world.apply(userMap('counter', { n: '0' }));
      const next = map('counter', { next: '${string(int(counter.data.?next.orValue("0")) + 1)}' });
      await world.apply(graph('g', [ref('counter', 'counter'), { id: 'count', patch: next }]));
      await world.advance(1000);
      const written = async () => Number(((await world.user.get(mapRef('counter')))['data'] as JsonObject)['next']);
      const before = await written();
      expect(before).toBeLessThan(25);
      const annotations = { 'typekro.dev/reconcile-requested': 'now' };
      await world.user.patch(graphRef('g'), { metadata: { annotations } });
      await world.advance(1000);
      expect(await written()).toBeGreaterThanOrEqual(before + 20);
    });

    it('two Graphs are slowed down if each changes a value that the other Graph reads', async () => {
      await worldOfGraphs();
      const plusOne = (name: string) => `\${string(int(${name}.data.?n.orValue("0")) + 1)}`;
      await world.apply(userMap('a', {}), userMap('b', {}));
      await world.apply(graph('one', [ref('a', 'a'), { id: 'b', patch: map('b', { n: plusOne('a') }) }]));
      await world.apply(graph('two', [ref('b', 'b'), { id: 'a', patch: map('a', { n: plusOne('b') }) }]));
      await world.advance(1000);
      expect(await writesIn(600_000)).toBeLessThan(60);
    });

    it('a node whose own object makes its includeWhen false does not create and delete the object forever', async () => {
      await worldOfGraphs();
      const own = { ...map('own', {}), metadata: { name: 'own', labels: { own: 'yes' } } };
      const selector = { namespace: 'default', selector: { matchLabels: { own: 'yes' } } };
      await world.apply(
        graph('g', [
          { id: 'found', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: selector } },
          { id: 'own', includeWhen: ['${found.size() == 0}'], template: own },
        ]),
      );
      await world.advance(1000);
      expect(await writesIn(600_000)).toBeLessThan(80);
    });

    it('two Graphs that patch the same status field are reported as a contest', async () => {
      await worldOfGraphs();
      await world.apply(WIDGET_CRD);
      await world.apply(WIDGET_OBJECT);
      const seen = (by: string): JsonObject => ({
        id: 'seen',
        patch: { apiVersion: 'sim.test/v1', kind: 'Widget', metadata: { name: 'shown' }, status: { seen: { by } } },
      });
      await world.apply(graph('one', [seen('one')]), graph('two', [seen('two')]));
      await world.advance(60_000);
      const texts = [await converged('one'), await converged('two')].join('\n');
      expect(texts).toMatch(/status\.seen\.by repeatedly changed by kro-graphengine\.patch\./);
      expect(await writesIn(3_600_000)).toBeLessThan(60);
      await world.user.delete(graphRef('two'));
      await world.advance(1_200_000);
      expect(await converged('one')).toMatch(/^True/);
    });
  });

  describe('a Graph whose account changes', () => {
    it('does not wait for the pause that a refusal of its former account caused', async () => {
      await worldOfGraphs();
      await world.apply(...rightsOf('default', ['get', 'list', 'watch']));
      await world.apply(graph('g', [{ id: 'a', template: map('a', { k: 'v' }) }]));
      await world.advance(600_000);
      expect(await converged('g')).toMatch(/^False ApplyFailed/);
      await world.apply(graph('g', [{ id: 'a', template: map('a', { k: 'v' }) }], { serviceAccountName: 'builder' }));
      await world.advance(1000);
      expect(await converged('g')).toMatch(/^True/);
    });

    it('records its first account before it writes the first object', async () => {
      await worldOfGraphs();
      const account: unknown[] = [];
      world.intercept = ({ method, path }) => {
        if (method !== 'PATCH' || !path.includes('/configmaps/a')) return undefined;
        account.push(world.user.get(graphRef('g')).then(({ status }) => status?.['appliedServiceAccount']));
        return undefined;
      };
      await world.apply(graph('g', [{ id: 'a', template: map('a', { k: 'v' }) }]));
      await world.advance(1000);
      expect(await account[0]).toBe('system:serviceaccount:default:default');
    });
  });

  describe('a Graph whose spec changes during the lookup of a kind', () => {
    it('writes no object of the earlier spec', async () => {
      await worldOfGraphs();
      const apply = (v: string, ...others: JsonObject[]) =>
        world.apply(graph('g', [{ id: 'a', template: map('a', { v }) }, ...others]));
      await apply('1');
      await world.advance(60_000);
      const lookUps: string[] = [];
      world.intercept = ({ path, headers }) => {
        if (path !== '/api/v1' || headers?.['impersonate-user'] === undefined) return undefined;
        lookUps.push(path);
        if (lookUps.length > 1) return undefined;
        return new Promise((resolve) => void world.clock.setTimer(20_000, () => resolve(failure(503))));
      };
      world.requests.length = 0;
      // A reference has no entry in the record. The record stays unchanged, so the controller does not write it before
      // the ConfigMap.
      const any = { apiVersion: 'v1', kind: '${d.kind}', metadata: { name: 'any' } };
      await apply('2', { id: 'd', def: { kind: 'Secret' } }, { id: 'any', ref: any });
      await world.advance(1000);
      await apply('3');
      await world.advance(60_000);
      expect(lookUps.length).toBeGreaterThan(1);
      expect(writesOf(world.requests).filter((write) => write.endsWith('/configmaps/a'))).toHaveLength(1);
      expect((await world.user.get(mapRef('a')))['data']).toEqual({ v: '3' });
    });
  });

  describe('a Graph with a kind that the cluster does not serve', () => {
    it('is compiled again after pauses, because no event reports a new kind of an aggregated API', async () => {
      await worldOfGraphs();
      await world.apply(
        graph('g', [{ id: 'a', template: { apiVersion: 'later.test/v1', kind: 'Late', metadata: { name: 'a' } } }]),
      );
      await world.advance(1000);
      world.requests.length = 0;
      await world.advance(120_000);
      const requests = world.requests.filter(({ path }) => path.startsWith('/apis/later.test/v1'));
      expect(requests.length).toBeGreaterThan(3);
      expect(requests.length).toBeLessThan(15);
      expect(writesOf(world.requests)).toEqual([]);
    });
  });

  describe('a Graph that reads the time', () => {
    it('writes nothing after a restart', async () => {
      const { features, ...options } = GRAPH_STAGE.controller;
      world = await virtualWorld({ controller: { ...options, features: { ...features, now: true } } });
      await world.apply(...rightsOf('default'));
      await world.apply(graph('g', [{ id: 'a', template: map('a', { at: '${string(now())}' }) }]));
      await world.advance(60_000);
      expect(await converged('g')).toMatch(/^True/);
      world.requests.length = 0;
      await world.restart();
      await world.advance(60_000);
      expect(writesOf(world.requests)).toEqual([]);
    });
  });
});

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
      type: GraphObject.TYPE,
      project: (object) => Projection.of(object, [[]]),
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
