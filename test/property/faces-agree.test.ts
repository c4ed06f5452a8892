import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DiffReport, InspectCall, Plan, TreeReport, WhyReport } from '@typekro/controller/inspect';
import { indexOfReports, ownViewer, withCommand } from '@typekro/controller/inspect';
import { type JsonObject, type KubeObject, objectName } from '@typekro/kit/core';
import { Explanation, keys, NodeReport } from '@typekro/engine/runtime';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { type ClusterDetailsOptions, ClusterDetails } from '../../packages/cli/src/dashboard/cluster-details.ts';
import { controllerSettings } from '../../packages/app/src/controllers/controller-settings.ts';
import type { StatusView } from '../../packages/app/src/instance/status-view.ts';
import { diff } from '../../packages/cli/src/commands/instance/diff-command.ts';
import { status } from '../../packages/cli/src/commands/instance/status-command.ts';
import { tree } from '../../packages/cli/src/commands/instance/tree-command.ts';
import { why } from '../../packages/cli/src/commands/instance/why-command.ts';
import { storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { type PlanWorld, planWorld } from '@typekro/cli/test-support/plan-world';
import { pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import type { Random } from '../support/planned-graphs.ts';
import { changedNodes, generatedNodes, lidDefinition, pick, sharedSettings } from '../support/planned-graphs.ts';

/** Refuses ConfigMaps and Services whose value is `2`, so that some writes of a graph fail. */
const policy = (kind: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'no-two' },
  spec,
});
const POLICY: readonly KubeObject[] = [
  policy('ValidatingAdmissionPolicy', {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
      ],
    },
    validations: [{ expression: 'object.?data.v.orValue("") != "2"', message: 'two is not allowed' }],
  }),
  policy('ValidatingAdmissionPolicyBinding', { policyName: 'no-two', validationActions: ['Deny'] }),
];

let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
  await place.world.apply(sharedSettings, lidDefinition, ...POLICY);
  await place.world.advance(3000);
});
afterAll(() => place.close());

/** A change of the live state, after which the controller is at rest again. */
const LIVES = [
  'as applied',
  'new definition',
  'suspended',
  'deleted, and held',
  'edited',
  'edited while suspended',
] as const;
type Live = (typeof LIVES)[number];

const seen = new Set<string>();

test.each(numbersOf('agreeingFaces'))('graph %i: all faces say what the controller decided', async (seed) => {
  const random = storyRandom(seed + 1);
  const { world, cwd } = place;
  const name = `pot${seed}x`;
  const nodes = generatedNodes(random);
  await world.apply(potDefinition(nodes));
  await world.advance(3000);
  const instance = pot(name, { text: pick(random, ['x', '2']), count: Math.floor(random() * 4) });
  await world.apply(instance);
  await world.advance(3000);
  const live = pick<Live>(random, LIVES);
  seen.add(live);
  const definition = await enter(live, random, name, nodes);
  await world.advance(70_000);

  const ref = `acme.test/v1/Pot/default/${name}`;
  const report = world.controller.reports.report(ref);
  if (report === undefined) {
    expect(await world.user.find(potRef(name))).toBeUndefined();
    return;
  }
  const decided = report.nodes;
  const run = commandRunner([why, tree, diff, status], cwd);
  const face = async <Data>(line: string): Promise<Data> => {
    const { code, out, err } = await run(`${line} pot/default/${name} -o json --kubeconfig kubeconfig`);
    expect(`${line} ${code} ${err}`).toMatch(/^\w+ [014] $/);
    return JSON.parse(out) as Data;
  };
  const shownTree = await face<TreeReport>('tree');
  const shownWhy = await face<WhyReport>('why');
  const shownDiff = await face<DiffReport>('diff');
  const shownStatus = await face<StatusView>('status');
  const page = await detailsOf().instance(ref, call());
  const planned = JSON.parse((await place.run('plan FILE -o json', definition, instance)).out) as Plan;

  const states = decided.map((node) => ({
    id: node.id,
    state: node.state,
    reason: reasonOf(Explanation.of(node).reason),
  }));
  for (const { state } of states) seen.add(state);
  const stateOf = ({ id, state, reason }: { id: string; state: string; reason: string }) => ({ id, state, reason });
  expect(shownTree.nodes.map(stateOf)).toEqual(states);
  expect(page?.nodes.map(stateOf)).toEqual(states);
  const open = decided.filter((node) => !NodeReport.isDone(node));
  expect(shownStatus.open.map(({ node }) => node)).toEqual(open.map(({ id }) => id));
  expect(shownStatus.state).toBe(report?.state);
  expect([shownWhy.ready, shownWhy.nodes, shownWhy.skipped]).toEqual([
    shownStatus.ready,
    shownStatus.nodes,
    shownStatus.skipped,
  ]);
  expect(shownWhy.state).toBe(report?.state);
  const openIds = new Set(open.map(({ id }) => id));
  for (const { node } of shownWhy.causes) expect(openIds).toContain(node);
  expect(shownWhy.causes.length > 0).toBe(openIds.size > 0);
  const reasons = new Map(states.map(({ id, reason }) => [id, reason]));
  if (shownDiff.suspended !== true) {
    for (const { node, reason } of shownDiff.notCompared) expect([node, reason]).toEqual([node, reasons.get(node)]);
  }
  const written = shownDiff.changes.map(({ object }) => objectName(object));
  const own = planned.instances.filter(({ instance: of }) => of.kind === 'Pot' && of.name === name);
  const advised = own.flatMap((each) => [each, ...each.writes, ...each.later, ...each.blocked]);
  expect(advised.map(withCommand)).toEqual(advised);
  const plannedWrites = own.flatMap(({ writes }) => writes.filter(({ action }) => action !== 'labels'));
  if (live !== 'suspended' && live !== 'edited while suspended' && live !== 'deleted, and held') {
    expect(shownDiff.changes.filter(({ refused }) => refused === undefined)).toEqual([]);
    expect(plannedWrites.filter(({ refusal, after }) => refusal === undefined && after === undefined)).toEqual([]);
    expect(
      plannedWrites.filter(({ refusal }) => refusal !== undefined).map(({ object }) => objectName(object)),
    ).toEqual(written);
  }
  await leave(name);
});

const call = (): InspectCall => ({ viewer: ownViewer(place.world.user), signal: new AbortController().signal });

const detailsOf = () =>
  new ClusterDetails({
    index: indexOfReports(place.world.controller.reports),
    clock: place.world.clock,
    settings: (api, signal) => controllerSettings(api, signal),
  } as Partial<ClusterDetailsOptions> as ClusterDetailsOptions);

/** Faces leave out the time of the next try. */
const reasonOf = (text: string): string => text.replace(/; next try at \S+$/, '');

async function enter(live: Live, random: Random, name: string, nodes: readonly JsonObject[]): Promise<KubeObject> {
  const { world } = place;
  const suspend = (value: string | null) =>
    world.user.patch(potRef(name), { metadata: { annotations: { [keys.RECONCILE_ANNOTATION]: value } } });
  const maps = async () => {
    const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, {});
    return items.filter(({ metadata }) => metadata.name?.startsWith(`${name}-`) === true);
  };
  const edit = async (patch: JsonObject) => {
    for (const { metadata } of (await maps()).slice(0, 1)) {
      const target = { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name ?? '', namespace: 'default' };
      await world.user.patch(target, patch, { fieldManager: 'kubectl-edit' });
    }
  };
  const definition = potDefinition(live === 'new definition' ? changedNodes(random, nodes) : [...nodes]);
  if (live === 'new definition') await world.apply(definition);
  if (live === 'suspended' || live === 'edited while suspended') await suspend('suspended');
  await world.advance(3000);
  if (live === 'edited' || live === 'edited while suspended') await edit({ data: { v: 'other' } });
  if (live === 'deleted, and held') {
    await edit({ metadata: { finalizers: ['acme.test/hold'] } });
    await world.user.delete(potRef(name));
  }
  return definition;
}

/** Deletes the instance and what holds its objects. */
async function leave(name: string): Promise<void> {
  const { world } = place;
  const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, {});
  for (const { metadata } of items.filter(({ metadata: { finalizers } }) => finalizers?.includes('acme.test/hold'))) {
    const target = { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name ?? '', namespace: 'default' };
    await world.user.patch(target, { metadata: { finalizers: null } });
  }
  await world.advance(3000);
  if ((await world.user.find(potRef(name))) !== undefined) {
    await world.user.patch(potRef(name), { metadata: { annotations: { [keys.RECONCILE_ANNOTATION]: null } } });
    await world.user.delete(potRef(name));
  }
  await world.advance(3000);
}

test('the live states are of all kinds', () => {
  expect([...seen]).toEqual(expect.arrayContaining([...LIVES, 'ready', 'waiting', 'failed', 'skipped', 'blocked']));
});
