import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveSource } from '../../src/cli/plan/live-source.ts';
import { LazyRules } from '../../src/cli/plan/rules-server.ts';
import type { SimulationResult } from '../../src/cli/plan/simulate.ts';
import { simulateAll } from '../../src/cli/plan/simulate-all.ts';
import { readBasics } from '../../src/cli/plan/cluster-basics.ts';
import { WriteChecker } from '../../src/cli/plan/write-checker.ts';
import { previewDefinition } from '../../src/controller/index.ts';
import type { JsonValue, KubeObject } from '../../src/core/index.ts';
import { isJsonObject, parseJson } from '../../src/core/index.ts';
import { DirectRun } from '../../src/deploy/direct-run.ts';
import { targetOfObject } from '../../src/deploy/index.ts';
import { builtinSource, compile } from '../../src/graph/index.ts';
import type { SchemaSource } from '../../src/schema/index.ts';
import { combineSources, crdSource } from '../../src/schema/index.ts';
import type { Graph } from '../../src/graph/index.ts';
import { RETRY_POLICIES } from '../../src/core/index.ts';
import type { StepOptions } from '../../src/runtime/index.ts';
import { refOfTarget } from '../../src/runtime/index.ts';
import { budget } from '../support/budget.ts';
import type { Random } from '../support/planned-graphs.ts';
import {
  changedNodes,
  generatedNodes,
  KINDS_BY_PLURAL,
  lidDefinition,
  pick,
  sharedSettings,
} from '../support/planned-graphs.ts';
import { pot, potDefinition, potRef, virtualWorld } from '../support/virtual-world.ts';
import type { VirtualWorld } from '../support/virtual-world.ts';
import { seededRandom } from '../../src/testing/simulation/sim-clock.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
  await world.apply(sharedSettings, lidDefinition);
  await world.advance(3000);
});
afterAll(() => world.close());

/** One write of a child, without the parts that differ between clients. */
interface Write {
  readonly path: string;
  readonly body: JsonValue;
}

const pathOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ''}/${name}`;

/** The writes of a plan, wave by wave. */
function wavesOf({ writes }: SimulationResult): Write[][] {
  const waves: Write[][] = [];
  for (const { wave, after, apply, delete: deletion } of writes) {
    // A write with `after` waits for nodes that are not ready: the controller does not carry it out yet.
    if (after.length > 0) continue;
    const target = apply?.target ?? deletion?.target;
    if (target === undefined) continue;
    const path = pathOf(target.type.kind, target.namespace, target.name);
    (waves[wave] ??= []).push({ path, body: apply === undefined ? null : (apply.desired as unknown as JsonValue) });
  }
  return waves.filter((each) => each !== undefined);
}

/** The controller's writes for an instance, in order. */
function writesOfController(instance: string): Write[] {
  return world.requests.flatMap(({ method, path, body }) => {
    const match = CHILD_PATH.exec(path);
    const [, namespace, plural = '', name = ''] = match ?? [];
    const kind = Object.hasOwn(KINDS_BY_PLURAL, plural) ? KINDS_BY_PLURAL[plural] : undefined;
    if (kind === undefined || !name.startsWith(`${instance}-`)) return [];
    // The controller also reconciles the Lids, as instances of their own definition.
    if (method !== 'DELETE' && !path.includes('fieldManager=kro.run%2Fapplyset&')) return [];
    const sent =
      method === 'DELETE' ? null : parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body));
    return [{ path: pathOf(kind, namespace, name), body: sent }];
  });
}

const CHILD_PATH = /^\/api(?:s\/[^/]+)?\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)\/([^/?]+)/;

/** The applies of direct mode, in the order of its decisions. Dry runs check each of them. */
async function directWrites(
  graph: Graph,
  instance: KubeObject,
  step: Omit<StepOptions, 'now' | 'memory'>,
): Promise<Write[][]> {
  const { group, version, kind, plural, namespaced } = graph.instance;
  const target = targetOfObject({ group, version, kind, plural, namespaced }, instance);
  const seen = new Set<string>();
  const waves: Write[][] = [];
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
      const wave: Write[] = [];
      for (const action of apply) {
        const { name, namespace } = refOfTarget(action.target);
        const path = pathOf(action.target.type.kind, namespace, name);
        if (!seen.has(path)) wave.push({ path, body: action.desired as unknown as JsonValue });
        seen.add(path);
      }
      if (wave.length > 0) waves.push(wave);
    },
  });
  await run.run(({ read, apply }) => read.length === 0 && apply.length === 0);
  return waves;
}

const sorted = (writes: readonly Write[]): Write[] => writes.toSorted((a, b) => (a.path < b.path ? -1 : 1));

const isDeletion = ({ body }: Write): boolean => body === null;

const nodeOf = ({ body }: Write): string => {
  const { metadata } = body as unknown as KubeObject;
  return metadata.labels?.['kro.run/node-id'] ?? '';
};

/**
 * The node of a deleted object. The object's name ends with the node's id, and with an index for an item of a
 * collection.
 */
const deletedNode = (instance: string, { path }: Write): string =>
  path.slice(path.indexOf(`${instance}-`) + instance.length + 1).replace(/-\d+$/, '');

/**
 * Pairs of deletions in which a node is deleted before, or together with, a node that reads it. The next graph decides
 * about readers that it has, and the former graph about all others.
 */
function deletedTooEarly(
  instance: string,
  { former, next }: { readonly former: Graph; readonly next: Graph },
  deletions: readonly (readonly Write[])[],
): string[] {
  return deletions.flatMap((together, at) =>
    together.flatMap((write) => {
      const id = deletedNode(instance, write);
      const later = deletions.slice(at).flat();
      return later
        .map((each) => deletedNode(instance, each))
        .filter((other) => {
          const graph = next.nodes.has(other) ? next : former;
          return graph.nodes.get(other)?.dependsOn.includes(id) === true;
        })
        .map((other) => `${id} before ${other}`);
    }),
  );
}

/**
 * Pairs of writes in which a node is applied before, or together with, a node that it reads. Only such dependencies
 * order the applies: the controller follows the branches of a graph independently.
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

function compiled(definition: KubeObject, sources: SchemaSource): Graph {
  const { graph, diagnostics } = compile(definition as never, { sources, target: 'typekro' });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (graph === undefined) throw new Error('the generated graph does not compile');
  return graph;
}

/** Number of writes in all cases. A generator that changes nothing would show here. */
let compared = 0;
const kinds = new Set<string>();

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
    const isResized = random() < 0.3;
    const before = await world.user.get(potRef(name));
    const instance: KubeObject = isResized
      ? { ...before, spec: { ...before.spec, count: Math.floor(random() * 4) } }
      : before;
    const lidCrd = await world.user.get({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'lids.acme.test',
    });
    const sources = combineSources(builtinSource(), crdSource([lidCrd]));
    const graph = compiled(next, sources);
    const { signal } = new AbortController();
    const basics = await readBasics(world.user, signal);
    const live = basics.definitions.find(({ metadata }) => metadata.name === 'pots');
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

    if (isResized && !isEdited) await world.controller.stop();
    world.requests.length = 0;
    await world.apply(next);
    if (isResized) await world.apply(pot(name, instance.spec));
    if (isEdited || isResized) await world.restart();
    await world.advance(5000);
    const done = writesOfController(name);
    expect(sorted(done)).toEqual(sorted(waves.flat()));
    expect(tooEarly(graph, waves)).toEqual([]);
    const oneByOne = done.map((write) => [write]);
    expect(tooEarly(graph, oneByOne)).toEqual([]);
    const graphs = { former: compiled(potDefinition(nodes), sources), next: graph };
    expect(
      deletedTooEarly(
        name,
        graphs,
        waves.map((wave) => wave.filter(isDeletion)),
      ),
    ).toEqual([]);
    expect(
      deletedTooEarly(
        name,
        graphs,
        oneByOne.map((wave) => wave.filter(isDeletion)),
      ),
    ).toEqual([]);
    compared += done.length;
    for (const { path } of done) kinds.add(path.split(' ')[0] ?? '');
    expect(tooEarly(graph, direct)).toEqual([]);
    expect(sorted(direct.flat())).toEqual(sorted(waves.flat().filter(({ body }) => isJsonObject(body ?? undefined))));
    await world.user.delete(potRef(name));
    await world.advance(3000);
  },
);

test('the changes cause writes of all kinds', () => {
  expect([...kinds].sort()).toEqual(Object.values(KINDS_BY_PLURAL).sort());
  expect(compared).toBeGreaterThan(cases.length);
});

/** Changes a child as another client. */
async function edit(random: Random, name: string): Promise<void> {
  const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  const own = items.filter(({ metadata }) => metadata.name?.startsWith(`${name}-`) === true);
  await world.controller.stop();
  if (own.length === 0) return;
  const { name: child = '' } = pick(random, own).metadata;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: child };
  await world.user.patch(ref, { data: { v: 'edited' } }, { fieldManager: 'kubectl-edit' });
}
