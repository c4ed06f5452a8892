import { describe, expect, it } from 'vitest';
import { carryOut, decide } from '../../test-support/direct-loop.ts';
import { def, GraphObjects, graphObjectOf, map, patch, ref } from '../../test-support/graph-objects.ts';
import type { Decision } from './model.ts';

/** Deterministic random numbers in [0, 1). */
function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const TARGETS = ['t0', 't1'];

/** The YAML of random nodes. There are few names, so that objects often move between nodes. */
function randomNodes(random: () => number): string {
  const pick = (count: number) => Math.floor(random() * count);
  const list = ['a', 'b', 'c'].slice(0, pick(4));
  const nodes = [def('d', `l: ${JSON.stringify(list)}, "on": ${random() < 0.7}`), ref('r', 'late')];
  if (random() < 0.8) nodes.push(map('one', `o${pick(3)}`, 'k: v'));
  if (random() < 0.6) nodes.push(map('two', `p${pick(3)}`, 'k: v', 'includeWhen: ["${d.on}"], '));
  if (random() < 0.5) nodes.push(map('three', `q${pick(2)}`, 'v: "${r.data.v}"'));
  if (random() < 0.6) nodes.push(map('all', "${'i-' + n}", 'k: v', 'forEach: [{n: "${d.l}"}], '));
  if (random() < 0.6) nodes.push(patch('mark', TARGETS[pick(2)] ?? 't0', `m: "${pick(3)}"`));
  if (random() < 0.4)
    nodes.push(patch('note', TARGETS[pick(2)] ?? 't0', `n: "${pick(3)}"`, 'includeWhen: ["${d.on}"], '));
  if (random() < 0.5) {
    const inner = [map('x', `s${pick(2)}`, 'k: v'), patch('y', TARGETS[pick(2)] ?? 't0', 'y: "1"')];
    nodes.push(`- id: sub\n  graph:\n    nodes:\n    ${inner.join('\n    ')}`);
  }
  return nodes.join('\n');
}

/** Carries out a part of a decision and drops all memory, like a process that ends in the middle of a pass. */
function crash(graphs: GraphObjects, nodes: string, random: () => number): void {
  const key = 'Graph.kro.run/team-a/g';
  const object = graphs.cluster.get(key);
  if (object === undefined) return;
  const decision = decide(graphObjectOf(nodes), object, graphs.cluster);
  const some = <Each>(list: readonly Each[]): Each[] => list.filter(() => random() < 0.5);
  const part: Decision = {
    ...decision,
    apply: some(decision.apply),
    delete: some(decision.delete),
    release: some(decision.release ?? []),
  };
  carryOut(key, part, graphs.cluster);
  graphs.cluster.forget();
}

describe('any sequence of changes, failures and process crashes', () => {
  it.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    'leaves no object and no field after the deletion of the Graph, with seed %i',
    (seed) => {
      const random = randomOf(seed);
      const mode = seed % 2 === 0 ? 'projection' : 'whole';
      const graphs = new GraphObjects({}, { mode });
      for (const name of TARGETS) graphs.putMap(name, { theirs: '0' });
      let nodes = randomNodes(random);
      graphs.apply(nodes);
      for (let change = 0; change < 8; change += 1) {
        if (random() < 0.3)
          graphs.cluster.refuse.set(`ConfigMap/team-a/o${Math.floor(random() * 3)}`, {
            code: 403,
            reason: 'Forbidden',
            message: 'no',
          });
        if (random() < 0.3) graphs.cluster.refuse.clear();
        if (random() < 0.3) graphs.putMap('late', { v: '1' });
        if (random() < 0.2) graphs.cluster.remove('ConfigMap/team-a/late');
        if (random() < 0.3) graphs.cluster.remove(`ConfigMap/team-a/o${Math.floor(random() * 3)}`);
        nodes = randomNodes(random);
        graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
          object.spec = structuredClone(graphs.specOf(nodes));
        });
        if (random() < 0.6) crash(graphs, nodes, random);
        if (random() < 0.7) graphs.settle();
      }
      graphs.cluster.refuse.clear();
      graphs.cluster.forget();
      graphs.putMap('late', { v: '1' });
      graphs.settle();
      expect(graphs.condition('ResourcesConverged')).toMatch(/^True Applied|^False FieldManagerConflict/);
      const recorded = graphs.recorded().map((entry) => entry.split(' ')[1]);
      const made = graphs.maps().filter((name) => name !== 'late' && !TARGETS.includes(name));
      expect([...recorded].sort()).toEqual(made);
      expect(graphs.settle()).toMatchObject({ quiet: true, statusChanged: false });
      if (random() < 0.5) {
        graphs.cluster.remove('Graph.kro.run/team-a/g');
        crash(graphs, nodes, random);
      }
      if (graphs.get() !== undefined) graphs.delete();
      expect([graphs.get(), graphs.maps()]).toEqual([undefined, ['late', ...TARGETS]]);
      for (const name of TARGETS) expect(graphs.data(name)).toEqual({ theirs: '0' });
    },
  );
});
