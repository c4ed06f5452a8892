import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveSource } from '../../src/cli/plan/live-source.ts';
import { LazyRules } from '../../src/cli/plan/rules-server.ts';
import type { SimulationResult } from '../../src/cli/plan/simulate.ts';
import { simulateAll } from '../../src/cli/plan/simulate-all.ts';
import { readBasics } from '../../src/cli/plan/cluster-basics.ts';
import { WriteChecker } from '../../src/cli/plan/write-checker.ts';
import { previewDefinition } from '../../src/controller/index.ts';
import type { JsonObject, JsonValue, KubeObject } from '../../src/core/index.ts';
import { isJsonObject, parseJson } from '../../src/core/index.ts';
import { DirectRun } from '../../src/deploy/direct-run.ts';
import { targetOfObject } from '../../src/deploy/index.ts';
import { builtinSource, compile } from '../../src/graph/index.ts';
import type { Graph } from '../../src/graph/index.ts';
import { RETRY_POLICIES } from '../../src/core/index.ts';
import type { StepOptions } from '../../src/runtime/index.ts';
import { refOfTarget } from '../../src/runtime/index.ts';
import { budget } from '../support/budget.ts';
import { mapResource, pot, potDefinition, potRef, virtualWorld } from '../support/virtual-world.ts';
import type { VirtualWorld } from '../support/virtual-world.ts';
import { seededRandom } from '../../src/testing/simulation/sim-clock.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
});
afterAll(() => world.close());

type Random = () => number;
const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

/** A node of a generated graph, which reads some of those before it. */
function generatedNode(random: Random, id: string, before: readonly string[]): JsonObject {
  const value = (): string => {
    const reads = [
      'fixed',
      String(Math.floor(random() * 3)),
      '${schema.spec.text}',
      '${string(schema.spec.count)}',
      ...before.filter((each) => !each.startsWith('each')).map((each) => `\${${each}.data.v}`),
    ];
    return pick(random, reads);
  };
  const data: JsonObject = { v: value(), ...(random() < 0.5 ? { w: value() } : {}) };
  const node = mapResource(id, data, random() < 0.2 ? { labels: { tier: pick(random, ['a', 'b']) } } : {});
  if (id.startsWith('each')) {
    const template = node['template'] as JsonObject;
    const metadata = { ...(template['metadata'] as JsonObject), name: `\${schema.metadata.name}-${id}-\${string(n)}` };
    return { ...node, template: { ...template, metadata }, forEach: [{ n: '${lists.range(schema.spec.count)}' }] };
  }
  return random() < 0.25 ? { ...node, includeWhen: ['${schema.spec.count > 1}'] } : node;
}

function generatedNodes(random: Random): JsonObject[] {
  const ids = ['a', 'b', 'c', 'd', 'each1'].slice(0, 1 + Math.floor(random() * 5));
  return ids.map((id, index) => generatedNode(random, id, ids.slice(0, index)));
}

/** Another version of the nodes: some changed, removed or added. Readers of removed nodes are written anew. */
function changedNodes(random: Random, nodes: readonly JsonObject[]): JsonObject[] {
  const ids = nodes.map(({ id }) => String(id)).filter(() => random() > 0.2);
  if (random() < 0.4) ids.push(pick(random, ['x', 'y', 'each2']));
  if (ids.length === 0) ids.push('x');
  const kept = new Map(nodes.map((node) => [String(node['id']), node]));
  return ids.map((id, index) => {
    const former = kept.get(id);
    const reads =
      former === undefined ? [] : [...JSON.stringify(former).matchAll(/\$\{(\w+)\.data/g)].map(([, name]) => name);
    const isWhole = former !== undefined && reads.every((name) => ids.includes(name ?? ''));
    return isWhole && random() > 0.4 ? former : generatedNode(random, id, ids.slice(0, index));
  });
}

/** One write of a child: what is sent, without what differs between clients. */
interface Write {
  readonly path: string;
  readonly body: JsonValue;
}

const pathOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ''}/${name}`;

/** The writes of each wave of a plan. */
function wavesOf({ writes }: SimulationResult): Write[][] {
  const waves: Write[][] = [];
  for (const { wave, apply, delete: deletion } of writes) {
    const target = apply?.target ?? deletion?.target;
    if (target === undefined) continue;
    const path = pathOf(target.type.kind, target.namespace, target.name);
    (waves[wave] ??= []).push({ path, body: apply === undefined ? null : (apply.desired as unknown as JsonValue) });
  }
  return waves.filter((each) => each !== undefined);
}

/** What the controller wrote, in its order. */
function writesOfController(instance: string): Write[] {
  return world.requests.flatMap(({ method, path, body }) => {
    const match = /\/namespaces\/([^/]+)\/configmaps\/([^/?]+)/.exec(path);
    if (match === null || method === 'GET' || !(match[2] ?? '').startsWith(`${instance}-`)) return [];
    const sent =
      method === 'DELETE' ? null : parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body));
    return [{ path: pathOf('ConfigMap', match[1], match[2] ?? ''), body: sent }];
  });
}

/** The ordered applies of direct mode, which dry runs check. */
async function directWrites(
  graph: Graph,
  instance: KubeObject,
  step: Omit<StepOptions, 'now' | 'memory'>,
): Promise<Write[]> {
  const { group, version, kind, plural, namespaced } = graph.instance;
  const target = targetOfObject({ group, version, kind, plural, namespaced }, instance);
  const seen = new Map<string, Write>();
  const run = new DirectRun({
    api: world.user,
    graph,
    instance,
    clock: world.clock,
    signal: new AbortController().signal,
    effects: 'dry-run',
    rules: { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 0, lasting: 'final' },
    step,
    record: { target, selector: '' },
    beforeWrite: () => Promise.resolve(),
    writeParent: (_parent, current) => Promise.resolve(current),
    report: ({ apply }) => {
      for (const action of apply) {
        const { name, namespace } = refOfTarget(action.target);
        const path = pathOf(action.target.type.kind, namespace, name);
        seen.set(path, { path, body: action.desired as unknown as JsonValue });
      }
    },
  });
  await run.run(({ read, apply }) => read.length === 0 && apply.length === 0);
  return [...seen.values()];
}

const sorted = (writes: readonly Write[]): Write[] => writes.toSorted((a, b) => (a.path < b.path ? -1 : 1));

const isDeletion = ({ body }: Write): boolean => body === null;

const nodeOf = ({ body }: Write): string => {
  const { metadata } = body as unknown as KubeObject;
  return metadata.labels?.['kro.run/node-id'] ?? '';
};

/** The same writes, grouped as another list groups them. */
function inWaves(writes: readonly Write[], waves: readonly (readonly Write[])[]): Write[][] {
  let at = 0;
  return waves.map((wave) => sorted(writes.slice(at, (at += wave.length))));
}

/**
 * Pairs of writes where a node comes before one that it reads. The controller follows each branch of a graph at its own
 * pace, so that nothing else orders the applies of nodes.
 */
function tooEarly(graph: Graph, writes: readonly (readonly Write[])[]): string[] {
  return writes.flatMap((together, at) => {
    const later = new Set(
      writes
        .slice(at)
        .flat()
        .filter((write) => !isDeletion(write))
        .map(nodeOf),
    );
    return together
      .filter((write) => !isDeletion(write))
      .flatMap((write) =>
        (graph.nodes.get(nodeOf(write))?.dependsOn ?? [])
          .filter((id) => later.has(id))
          .map((id) => `${nodeOf(write)} before ${id}`),
      );
  });
}

/** Writes of all cases, so that a generator that changes nothing is noticed. */
let compared = 0;

const cases = Array.from({ length: budget('plannedChanges') }, (_, index) => index);

test.each(cases)(
  'change %i: the plan, direct mode and the controller decide the same, in the same order',
  async (seed) => {
    const random = seededRandom(seed + 1);
    const name = `pot${seed}`;
    const nodes = generatedNodes(random);
    await world.apply(potDefinition(nodes));
    await world.advance(3000);
    await world.apply(pot(name, { text: pick(random, ['x', 'y']), count: Math.floor(random() * 4) }));
    await world.advance(3000);
    const isEdited = random() < 0.3;
    if (isEdited) await edit(random, name);

    const next = potDefinition(changedNodes(random, nodes));
    const { graph, diagnostics } = compile(next as never, { sources: builtinSource(), target: 'typekro' });
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    if (graph === undefined) return;
    const { signal } = new AbortController();
    const basics = await readBasics(world.user, signal);
    const live = basics.definitions.find(({ metadata }) => metadata.name === 'pots');
    const instance = await world.user.get(potRef(name));
    const object = { ...next, metadata: { ...live?.metadata, ...next.metadata }, status: live?.status ?? {} };
    const crd = basics.crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
    const preview = previewDefinition({ object, graph, revisions: basics.revisions, crd, instances: [instance] });
    expect(preview.refusal).toBeUndefined();
    const source = new LiveSource({ api: world.user, signal, fallback: 'default' });
    const rules = new LazyRules(() => []);
    const checker = new WriteChecker({ api: world.user, checkedBy: 'server', rules, asks: true, signal });
    const step = { ...preview.stepOf(instance), now: world.clock.now() };
    let planned: SimulationResult | undefined;
    await simulateAll([{ graph, instance, step }], source, checker, (_index, result) => {
      planned = result;
    });
    if (planned === undefined) throw new Error('there is no plan');
    const waves = wavesOf(planned);
    const direct = await directWrites(graph, instance, preview.stepOf(instance));

    world.requests.length = 0;
    await world.apply(next);
    if (isEdited) await world.restart();
    await world.advance(5000);
    const done = writesOfController(name);
    expect(sorted(done)).toEqual(sorted(waves.flat()));
    expect(tooEarly(graph, waves)).toEqual([]);
    const oneByOne = done.map((write) => [write]);
    expect(tooEarly(graph, oneByOne)).toEqual([]);
    const deletions = waves.map((wave) => wave.filter(isDeletion)).filter(({ length }) => length > 0);
    expect(inWaves(done.filter(isDeletion), deletions)).toEqual(deletions.map(sorted));
    compared += done.length;
    expect(sorted(direct)).toEqual(sorted(waves.flat().filter(({ body }) => isJsonObject(body ?? undefined))));
    await world.user.delete(potRef(name));
    await world.advance(3000);
  },
);

test('the changes write something', () => {
  expect(compared).toBeGreaterThan(cases.length);
});

/** Another client changes a child. */
async function edit(random: Random, name: string): Promise<void> {
  const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  const own = items.filter(({ metadata }) => metadata.name?.startsWith(`${name}-`) === true);
  await world.controller.stop();
  if (own.length === 0) return;
  const { name: child = '' } = pick(random, own).metadata;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: child };
  await world.user.patch(ref, { data: { v: 'edited' } }, { fieldManager: 'kubectl-edit' });
}
