import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { builtinSource } from '@typekro/engine/schema';
import { compile } from '@typekro/engine/graph';
import type { Graph } from '@typekro/engine/graph';
import type { GraphTestBase } from '../graph-test/graph-world.ts';
import { prepareTests } from '../graph-test/prepare.ts';
import { LifeWorld } from './life-world.ts';
import { graphRules } from './graph-rules.ts';
import { runLives } from './run-lives.ts';
import { secretValues } from './play-life.ts';

const map = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'lamps' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Lamp',
      spec: { text: 'string | default="a"' },
      status: { on: '${switch.data.on}' },
    },
    resources: [
      { id: 'key', template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { a: 'b' } } },
      { id: 'copy', template: map('copy', { a: '${string(key.data.a)}' }) },
      {
        id: 'switch',
        readyWhen: ["${switch.data.on == 'yes'}"],
        template: map('switch', { on: '${schema.spec.text}' }),
      },
      { id: 'lamp', template: map('lamp', { on: '${switch.data.on}' }) },
    ],
  },
} satisfies KubeObject;

function graphOf(definition: KubeObject): Graph {
  const { graph, diagnostics } = compile(definition, { sources: builtinSource(), target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return graph;
}

async function baseOf(definition: KubeObject): Promise<GraphTestBase> {
  return prepareTests({ graph: graphOf(definition), definitions: [definition], crds: [] });
}

describe('lives of a graph (runs of an instance under faults)', () => {
  test('an interrupt ends the run, and the findings so far are kept', async () => {
    let reads = 0;
    const signal = {
      get aborted() {
        reads += 1;
        return reads > 3;
      },
    };
    const result = await runLives(await baseOf(DEFINITION), [{ name: 'on', given: { spec: { text: 'yes' } } }], {
      lives: 100,
      seed: 1,
      signal,
    });
    expect({ ...result, milliseconds: 0 }).toEqual({
      planned: 100,
      lives: 3,
      seed: 1,
      failures: [],
      notes: [],
      milliseconds: 0,
    });
  });

  test('no life runs if no test creates an instance', async () => {
    const tests = [{ name: 'refused', given: {}, expect: { refused: 'no' } }];
    const { lives, notes } = await runLives(await baseOf(DEFINITION), tests, { lives: 5, seed: 1 });
    expect({ lives, notes }).toEqual({
      lives: 0,
      notes: [{ test: '', text: 'no test creates an instance, so there is nothing to run under faults' }],
    });
  });

  test('the order rule asks the engine which dependencies of a node are not ready', async () => {
    const life = await LifeWorld.start({ base: await baseOf(DEFINITION), given: { name: 'one' } });
    const { world } = life;
    await world.prepare();
    await world.create({ name: 'one' });
    const rules = graphRules({
      graph: world.graph,
      instance: world.instance,
      world: () => world,
      now: () => life.faulty.clock.now(),
      changedKeys: () => ['ConfigMap/default/switch', 'Secret/default/key', 'Lamp.kro.run/default/one'],
    });
    const server = { read: () => Promise.resolve(undefined), list: () => Promise.resolve([]) };
    const unready = (node: string) => rules.unready(node, { name: 'one', namespace: 'default' }, server);
    expect(await unready('lamp')).toEqual([
      { text: 'switch (waiting) of Lamp one', keys: ['ConfigMap/default/switch', 'Lamp.kro.run/default/one'] },
    ]);
    expect(await unready('switch')).toEqual([]);
    expect(await unready('copy')).toEqual([]);
    await world.patch('instance', { spec: { text: 'yes' } });
    expect(await unready('lamp')).toEqual([]);
    await life.end();
    expect(life.findings).toEqual([]);
  });

  test('values of a Secret are secret in every node that depends on the Secret', () => {
    const isSecret = secretValues(graphOf(DEFINITION));
    const nodes = ['key', 'copy', 'switch', 'lamp', undefined];
    expect(nodes.map(isSecret)).toEqual([true, true, false, false, false]);
  });
});
