import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, conditionText, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { GRAPH_STAGE, rightsOf } from '../graphs/stage.ts';

let world: VirtualWorld;
afterEach(() => world.close());

const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' } as const;
const graphRef = (name: string) => ({ ...GRAPH, name, namespace: 'default' });
const graph = (name: string, nodes: JsonObject[]): KubeObject => ({
  ...GRAPH,
  metadata: { name, namespace: 'default' },
  spec: { nodes },
});
const config = (name: string, data: JsonObject = { k: 'v' }): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const condition = async (name: string, type: string) => conditionText(await world.user.get(graphRef(name)), type);
const mapOf = (name: string) => world.user.find({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' });

async function worldOfGraphs(): Promise<void> {
  world = await virtualWorld({ controller: GRAPH_STAGE.controller });
  await world.apply(...rightsOf('default'));
}

/** The number of writes of the controller in ten minutes. */
async function writesAtRest(): Promise<number> {
  world.requests.length = 0;
  await world.advance(600_000);
  return writesOf(world.requests).length;
}

describe('Graphs that make Graphs', () => {
  it('a Graph whose node is a template of its own parent Graph is refused, the message names the parent, and both Graphs can be deleted', async () => {
    await worldOfGraphs();
    const parent = { ...GRAPH, metadata: { name: 'parent', labels: { mine: 'yes' } } };
    const inner = [{ id: 'up', template: { ...parent, spec: { nodes: [{ id: 'd', def: { x: '1' } }] } } }];
    const child = { ...GRAPH, metadata: { name: 'child' }, spec: { nodes: inner } };
    await world.apply(
      graph('parent', [
        { id: 'down', template: child },
        { id: 'other', template: config('other') },
      ]),
    );
    await world.advance(60_000);
    expect(await condition('parent', 'Ready')).toMatch(/^True/);
    expect(await condition('child', 'ResourcesConverged')).toContain(
      'node "up" writes the Graph "default/parent", which made the Graph that contains the node',
    );
    expect(await writesAtRest()).toBe(0);
    await world.user.delete(graphRef('parent'));
    await world.advance(60_000);
    expect([await world.user.find(graphRef('parent')), await world.user.find(graphRef('child'))]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('Graphs that create endless copies of themselves', () => {
  it('are stopped at the eleventh copy, and the deletion of the first Graph deletes all copies', async () => {
    await worldOfGraphs();
    // Each copy reads itself and creates the next copy, whose name is one letter longer.
    const own = "{'id': 'own', 'ref': {'apiVersion': 'kro.run/v1alpha1', 'kind': 'Graph', 'metadata': {'name': next}}}";
    const copies = `own.spec.nodes.map(n, n.id == 'own' ? dyn(${own.replace('next', "own.metadata.name + 'x'")}) : dyn(n))`;
    await world.apply(
      graph('g', [
        { id: 'own', ref: { ...GRAPH, metadata: { name: 'g' } } },
        {
          id: 'copy',
          template: { ...GRAPH, metadata: { name: "${own.metadata.name + 'x'}" }, spec: { nodes: `\${${copies}}` } },
        },
      ]),
    );
    await world.advance(120_000);
    const graphs = async () => (await world.user.list(GRAPH)).items.map(({ metadata }) => metadata.name ?? '');
    expect(await graphs()).toHaveLength(12);
    expect(await condition(`g${'x'.repeat(11)}`, 'Accepted')).toContain(
      'the Graph "default/gxxxxxxxxxx" made this Graph, at the end of a chain of more than 10 Graphs that each made the next one',
    );
    expect(await writesAtRest()).toBe(0);
    await world.user.delete(graphRef('g'));
    await world.advance(60_000);
    expect(await graphs()).toEqual([]);
  });
});

describe('large and cyclic Graphs', () => {
  it('a cycle across subgraphs is refused, with a message that shows the cycle', async () => {
    await worldOfGraphs();
    const sub = (reads: string) => ({
      nodes: [{ id: 'c', template: config(`of-${reads}`, { v: `\${${reads}.c.data.v}` }) }],
    });
    await world.apply(
      graph('g', [
        { id: 'one', graph: sub('two') },
        { id: 'two', graph: sub('one') },
      ]),
    );
    await world.advance(5000);
    expect(await condition('g', 'Accepted')).toMatch(/^False InvalidGraph: .*cycle: /);
    expect(await writesAtRest()).toBe(0);
  });

  it('1,000 nodes and 30 levels of subgraphs become ready, and are deleted', async () => {
    await worldOfGraphs();
    let nodes: JsonObject[] = [{ id: 'leaf', template: config('leaf', { v: '${top.data.v}' }) }];
    for (let level = 30; level > 0; level -= 1) nodes = [{ id: `l${level}`, graph: { nodes } }];
    const many = Array.from({ length: 1000 }, (_, index) => ({ id: `n${index}`, template: config(`n${index}`) }));
    await world.apply(graph('g', [{ id: 'top', template: config('top', { v: '1' }) }, ...nodes, ...many]));
    await world.advance(60_000);
    expect(await condition('g', 'Ready')).toMatch(/^True/);
    expect((await mapOf('leaf'))?.['data']).toEqual({ v: '1' });
    expect(await writesAtRest()).toBe(0);
    await world.user.delete(graphRef('g'));
    await world.advance(60_000);
    expect([await mapOf('leaf'), await mapOf('n999'), await world.user.find(graphRef('g'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }, 60_000);
});
