import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBasics } from '../../packages/app/src/plan/cluster-basics.ts';
import { assumedSettings, previewDefinition } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type Graph, compile } from '@typekro/engine/graph';
import { builtinSource } from '../../packages/engine/src/schema/index.ts';
import { combineSources, crdSource } from '@typekro/engine/schema';
import { keys } from '@typekro/engine/runtime';
import { storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';
import { numbersOf } from '@typekro/kit/test-support/budget';
import type { Random } from '../support/planned-graphs.ts';
import {
  changedNodes,
  generatedNodes,
  KINDS_BY_PLURAL,
  lidDefinition,
  pick,
  sharedSettings,
} from '../support/planned-graphs.ts';
import type { ChildDecision, Decisions } from '../support/mode-decisions.ts';
import {
  asJson,
  ControllerWrites,
  decisionsOfDirectMode,
  decisionsOfPlan,
  waitingInController,
} from '../support/mode-decisions.ts';
import { pot, potDefinition, potRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';

let world: VirtualWorld;
const writes = new ControllerWrites();
beforeAll(async () => {
  world = await virtualWorld({ onAnswer: writes.onAnswer });
  await world.apply(sharedSettings, lidDefinition);
  await world.advance(3000);
});
afterAll(() => world.close());

/** The kinds of decisions that the cases have caused. The last test fails if a kind is missing. */
const caused = new Set<string>();

const cases = numbersOf('equalDecisions');

test.each(cases)(
  'graph %i: plan, direct mode and the controller make the same decisions in the same order',
  async (seed) => {
    const random = storyRandom(seed + 1);
    const name = `pot${seed}`;
    const nodes = generatedNodes(random);
    const isSuspended = random() < 0.1;
    await world.apply(potDefinition(nodes));
    await world.advance(3000);
    await world.apply(pot(name, { text: pick(random, ['x', 'y']), count: Math.floor(random() * 4) }));
    await world.advance(3000);
    if (random() < 0.5) await disturb(random, name);
    else await world.controller.stop();

    const next = potDefinition(changedNodes(random, nodes));
    const before = await world.user.get(potRef(name));
    const spec: JsonObject = random() < 0.3 ? { ...before.spec, count: Math.floor(random() * 4) } : { ...before.spec };
    const isDeleted = random() < 0.15;
    const annotations = isSuspended ? { [keys.RECONCILE_ANNOTATION]: 'suspended' } : {};
    const instance: KubeObject = {
      ...before,
      metadata: {
        ...before.metadata,
        annotations: { ...before.metadata.annotations, ...annotations },
        ...(isDeleted ? { deletionTimestamp: new Date(world.clock.now()).toISOString() } : {}),
      },
      spec,
    };
    const task = await taskOf(next, instance);
    const planned = await decisionsOfPlan(world, task);
    const direct = await decisionsOfDirectMode(world, task);
    writes.forget();
    await world.apply(next, pot(name, spec, annotations));
    if (isDeleted) await world.user.delete(potRef(name));
    await world.restart();
    await world.advance(5000);
    const children = writes.of(name);
    const controlled = { children, waiting: waitingInController(world, potRef(name)) };
    expect(asJson(direct)).toEqual(asJson(planned));
    const comparable = waitsForRelease(planned.children) ? writesAndDeletions : asJson;
    expect(comparable(controlled)).toEqual(comparable(planned));
    expect(tooEarly(task.graph, children)).toEqual([]);
    note(planned.children, planned.waiting);
    if (isSuspended) await world.apply(pot(name, spec));
    if (!isDeleted) await world.user.delete(potRef(name));
    await world.advance(3000);
  },
);

test('the graphs cause decisions of all kinds', () => {
  expect([...caused].sort()).toEqual(
    expect.arrayContaining([...Object.values(KINDS_BY_PLURAL), 'create', 'change', 'delete', 'waiting', 'suspended']),
  );
});

function note(children: readonly ChildDecision[], waiting: readonly { readonly because: { readonly kind: string } }[]) {
  for (const { action, object } of children) {
    caused.add(action);
    caused.add(object.split(' ')[0] ?? '');
  }
  if (waiting.length > 0) caused.add('waiting');
  for (const { because } of waiting) caused.add(because.kind);
}

/**
 * Does a decision delete an object that has a finalizer of another controller? A plan cannot know when that controller
 * removes the finalizer, and later deletions wait for the removal.
 */
const waitsForRelease = (children: readonly ChildDecision[]): boolean =>
  children.some(({ action, object }) => action === 'delete' && object.startsWith('Lid '));

/**
 * Splits the decisions into a list of writes and a list of deletions, so that the order between a write and a deletion
 * is ignored.
 */
const writesAndDeletions = ({ children, waiting }: Decisions) =>
  asJson({
    writes: children.filter(({ action }) => action !== 'delete'),
    deletions: children.filter(({ action }) => action === 'delete'),
    waiting,
  });

/** The input of a step for the instance: the graph of its next definition, and the options of the controller. */
async function taskOf(next: KubeObject, instance: KubeObject) {
  const lidCrd = await world.user.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'lids.acme.test',
  });
  const sources = combineSources(builtinSource(), crdSource([lidCrd]));
  const { graph, diagnostics } = compile(next, { sources, target: 'typekro' });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (graph === undefined) throw new Error('the generated graph does not compile');
  const basics = await readBasics(world.user, new AbortController().signal);
  const live = basics.definitions.find(({ metadata }) => metadata.name === 'pots');
  const object = { ...next, metadata: { ...live?.metadata, ...next.metadata }, status: live?.status ?? {} };
  const crd = basics.crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
  const settings = assumedSettings('this test');
  const preview = previewDefinition({
    object,
    graph,
    revisions: basics.revisions,
    crd,
    instances: [instance],
    settings,
  });
  expect(preview.refusal).toBeUndefined();
  return { graph, instance, step: preview.stepOf(instance) };
}

/** Pairs of writes in which a node is applied before a node that it reads. */
function tooEarly(graph: Graph, children: readonly ChildDecision[]): string[] {
  const ids = children.flatMap(({ body }) => {
    const labels = body === null ? undefined : (body as KubeObject).metadata.labels;
    return labels === undefined ? [] : [labels['kro.run/node-id'] ?? ''];
  });
  return ids.flatMap((id, at) =>
    (graph.nodes.get(id)?.dependsOn ?? [])
      .filter((other) => ids.slice(at).includes(other))
      .map((other) => `${id} before ${other}`),
  );
}

/** Changes or deletes a child as another client, while no controller runs. */
async function disturb(random: Random, name: string): Promise<void> {
  const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  const own = items.filter(({ metadata }) => metadata.name?.startsWith(`${name}-`) === true);
  await world.controller.stop();
  if (own.length === 0) return;
  const { name: child = '' } = pick(random, own).metadata;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: child };
  if (random() < 0.3) await world.user.delete(ref);
  else await world.user.patch(ref, { data: { v: 'edited' } }, { fieldManager: 'kubectl-edit' });
}
