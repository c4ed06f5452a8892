import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapRef, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { GRAPH_STAGE, rightsOf, userMap, WIDGET_CRD, WIDGET_OBJECT } from '../graphs/stage.ts';

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
