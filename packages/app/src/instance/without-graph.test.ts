import { assumedSettings } from '@typekro/controller/controller';
import type { JsonObject } from '@typekro/kit/core';
import { afterEach, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { parse } from 'yaml';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import { withoutTimes } from '../../test-support/without-times.ts';
import * as sim from '@typekro/testing/test-support/virtual-world';
import { type KubernetesApi, readSession } from '@typekro/kube';
import { whyOf } from './evidence.ts';
import { reportHead } from './instance-head.ts';
import { observe } from './observation.ts';
import { withRefusedWrites } from './pending-writes.ts';
import { statusLines, statusView } from './status-view.ts';
import { treeLines, treeNodes } from './tree-view.ts';
import { explainDefinition } from './why-definition.ts';
import { whyReport } from './why-report.ts';
import { whyLines } from './why-view.ts';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;

async function why(text: string, api: KubernetesApi = world.user): Promise<string[]> {
  const session = readSession(api);
  const seen = await observe(session, text, 'default', NEVER, { settings: assumedSettings('this test') });
  return withoutTimes(whyLines(seen, await whyOf(seen, session, NEVER), world.clock.now(), false));
}

const held = sim.mapResource('map', { a: 'b' }, { finalizers: ['example.com/hold'] });

/** Starts the deletion of an instance whose child is kept by the finalizer of another program. */
async function heldInDeletion(): Promise<void> {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([held, sim.mapResource('low', { a: '${map.data.a}' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  await world.user.delete(sim.potRef('shop'));
  await world.advance(60_000);
}

test('the views explain the stuck deletion of an instance whose definition is gone', async () => {
  await heldInDeletion();
  await world.controller.stop();
  await world.user.patch(sim.potsRef, { metadata: { finalizers: null } });
  await world.user.delete(sim.potsRef);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   DELETING AGE   being deleted for AGE   0 of 1 nodes deleted",
      "note: the definition pots is gone",
      "note: nodes are known only by the labels of their objects: readyWhen is not evaluated, and nodes without objects are missing",
      "  blocked by  the definition pots is gone, so no controller deletes the objects and removes the finalizer kro.run/finalizer",
      "   do         apply the definition pots again; its controller then completes the deletion. To remove the instance and keep its objects: kubectl patch pot.acme.test shop -n default --type merge -p '{"metadata":{"finalizers":null}}'",
      "",
      "… map  deleting: waits until ConfigMap v1 default/shop-map is gone (deleted at TIME, held by example.com/hold)",
      "   do         find out which controller must remove example.com/hold, and why it does not",
      "   look       kubectl describe configmap shop-map -n default",
      "",
      "the controller reports: deleting resources: waiting for ConfigMap v1 default/shop-map (finalizers example.com/hold; deleted at TIME)",
    ]
  `);
  expect(await why('pots/shop/map')).toEqual(await why('shop'));
});

test('the views explain an instance whose definition is being deleted and kept by the finalizer of another program', async () => {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  await world.user.patch(sim.potsRef, { metadata: { finalizers: ['kro.run/finalizer', 'example.com/hold'] } });
  await world.user.delete(sim.potsRef);
  await world.advance(5000);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   revision 1   1 of 1 nodes ready",
      "note: the definition pots is being deleted (since TIME, held by example.com/hold): no controller works on its instances",
      "",
      "the instance waits for nothing: every node is ready",
    ]
  `);
  await world.user.delete(sim.potRef('shop'));
  await world.advance(60_000);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   being deleted for AGE   revision 1   0 of 1 nodes deleted",
      "note: the definition pots is being deleted (since TIME, held by example.com/hold): no controller works on its instances",
      "  blocked by  the definition pots is being deleted (since TIME, held by example.com/hold), so no controller deletes the objects and removes the finalizer kro.run/finalizer",
      "   do         typekro why rgd/pots says how to end the deletion of the definition. When it is gone, apply it again; its controller then completes the deletion. To remove the instance and keep its objects: kubectl patch pot.acme.test shop -n default --type merge -p '{"metadata":{"finalizers":null}}'",
    ]
  `);
  const { notes } = await explainDefinition(
    readSession(world.user),
    await world.user.get(sim.potsRef),
    NEVER,
    assumedSettings('this test'),
  );
  expect(withoutTimes([...notes])).toMatchInlineSnapshot(`
    [
      "the definition pots is being deleted (since TIME, held by example.com/hold)",
      "find out why the program that owns example.com/hold does not finish; only if no such program exists any more, remove the finalizer: kubectl patch resourcegraphdefinition.kro.run pots --type merge -p '{"metadata":{"finalizers":null}}'",
      "the controller has seen generation 1 of 2: its report is about the state before the deletion",
    ]
  `);
});

test('the views explain the deletion of an instance whose definition does not compile', async () => {
  await heldInDeletion();
  await world.controller.stop();
  const { items } = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' });
  for (const { metadata } of items) {
    const ref = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', name: metadata.name ?? '' };
    await world.user.patch(ref, { metadata: { finalizers: null } });
    await world.user.delete(ref);
  }
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: '${schema.spec.nothing}' })]));
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   DELETING AGE   being deleted for AGE   0 of 1 nodes deleted",
      "error: undefined field 'nothing' [cel/unknown-field]
      at spec.resources[0].template.data.a
      hint: known fields: text, count",
      "",
      "… map  deleting: waits until ConfigMap v1 default/shop-map is gone (deleted at TIME, held by example.com/hold)",
      "   do         find out which controller must remove example.com/hold, and why it does not",
      "   look       kubectl describe configmap shop-map -n default",
      "",
      "the controller reports: deleting resources: waiting for ConfigMap v1 default/shop-map (finalizers example.com/hold; deleted at TIME)",
    ]
  `);
});

test('without the right to list definitions, the views find the nodes of an instance by the labels of its objects', async () => {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  const { client } = refusingClient(world.cluster, {
    refuses: /resourcegraphdefinitions|customresourcedefinitions/,
    clock: world.clock,
  });
  const seen = await observe(readSession(client), 'pot/shop', 'default', NEVER, {
    settings: assumedSettings('this test'),
  });
  expect(withoutTimes(treeLines(seen, world.clock.now(), false))).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   0 of 1 nodes ready, 1 unknown",
      "note: the definition pots cannot be read: resourcegraphdefinitions.kro.run is forbidden: User "dev" cannot list resource "resourcegraphdefinitions" in API group "kro.run" at the cluster scope",
      "note: nodes are known only by the labels of their objects: readyWhen is not evaluated, and nodes without objects are missing",
      "└─ ? map  ConfigMap default/shop-map  unknown: cannot be judged without its graph: it is not known whether it is as wanted and ready",
    ]
  `);
  const error: unknown = await why('shop', client).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ remedy: expect.stringContaining('name its kind: KIND/shop') as string });
});

test('a node that the user may not read is unknown instead of failed, and its dependents are unknown too', async () => {
  world = await sim.virtualWorld();
  await world.apply(
    sim.potDefinition([sim.mapResource('map', { a: 'b' }), sim.mapResource('after', { a: '${map.data.a}' })]),
  );
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  const { client } = refusingClient(world.cluster, { refuses: /configmaps/, clock: world.clock });
  const seen = await observe(readSession(client), 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
  expect(withoutTimes(treeLines(seen, world.clock.now(), false))).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   revision 1   0 of 2 nodes ready, 2 unknown",
      "├─ ? map    ConfigMap default/shop-map    unknown: cannot be read with your rights: ConfigMap v1 default/shop-map: configmaps "shop-map" is forbidden: User "dev" cannot get resource "configmaps" in API group "" in the namespace "default" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["get"]} in namespace default)",
      "└─ ? after  ConfigMap default/shop-after  unknown: depends on map (unknown)",
    ]
  `);
  const open = statusLines(seen, statusView(seen), world.clock.now(), false).slice(-3);
  expect(withoutTimes(open)).toMatchInlineSnapshot(`
    [
      "  ? map  unknown: cannot be read with your rights: ConfigMap v1 default/shop-map: configmaps "shop-map" is forbidden: User "dev" cannot get resource "configmaps" in API group "" in the namespace "default" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["get"]} in namespace default)",
      "     do  to see more, ask for the missing right; the controller reads with its own rights",
      "  ? after  unknown: depends on map (unknown)",
    ]
  `);
  expect(await why('shop', client)).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   revision 1   0 of 2 nodes ready, 2 unknown",
      "",
      "? map  unknown: cannot be read with your rights: ConfigMap v1 default/shop-map: configmaps "shop-map" is forbidden: User "dev" cannot get resource "configmaps" in API group "" in the namespace "default" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["get"]} in namespace default)",
      "   do         to see more, ask for the missing right; the controller reads with its own rights",
      "   dependents after",
    ]
  `);
});

test('why reports a False condition of the instance itself', async () => {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.controller.stop();
  await world.apply(sim.pot('shop'));
  const conditions = [
    {
      type: 'InstanceManaged',
      status: 'False',
      reason: 'ManagementFailed',
      message:
        'finalizer/labeling failed: pots.acme.test "shop" is forbidden: User "system:serviceaccount:kro-system:kro" cannot patch resource "pots" in API group "acme.test" in the namespace "default"',
    },
  ];
  await world.user.patch(sim.potRef('shop'), { status: { state: 'ERROR', conditions } }, { subresource: 'status' });
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ERROR   revision 1   0 of 1 nodes ready",
      "",
      "✗ InstanceManaged  False: finalizer/labeling failed: pots.acme.test "shop" is forbidden: User "system:serviceaccount:kro-system:kro" cannot patch resource "pots" in API group "acme.test" in the namespace "default"",
      "   do         give system:serviceaccount:kro-system:kro the missing right: typekro rbac prints all rules that a definition or a Graph needs",
      "",
      "> map  applying: creates its object",
      "   └ because  the API server would accept the write of ConfigMap default/shop-map now, but no controller has sent it",
      "   do         make sure that the controller runs and may write this kind; its log and events name the requests that were refused",
    ]
  `);
});

test('an instance can be named with the short name of its kind, even after the definition is gone', async () => {
  world = await sim.virtualWorld();
  const definition = sim.potDefinition([sim.mapResource('map', { a: 'b' })]);
  const schema = { ...(definition.spec?.['schema'] as JsonObject), shortNames: ['po2'] };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  expect(await why('po2/shop/map')).toEqual(await why('pot/shop/map'));
  await world.controller.stop();
  await world.user.patch(sim.potsRef, { metadata: { finalizers: null } });
  await world.user.delete(sim.potsRef);
  const gone = await why('po2/default/shop');
  expect(gone).toContain('note: the definition pots is gone');
  expect(gone).toEqual(await why('pot/default/shop'));
});

test('every view of a deletion without a definition says that no controller deletes the objects', async () => {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  await world.controller.stop();
  await world.user.patch(sim.potsRef, { metadata: { finalizers: null } });
  for (const ref of [sim.potsRef, sim.potRef('shop')]) await world.user.delete(ref);
  const observed = await observe(world.user, 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
  const seen = await withRefusedWrites(world.user, observed, NEVER);
  const { reason, remedy } = whyReport(seen, []).blocked[0] ?? {};
  expect(reason).toContain('no controller deletes the objects');
  for (const nodes of [treeNodes(seen), statusView(seen).open])
    expect(nodes).toMatchObject([{ state: 'failed', reason, remedy }]);
});

test.each([
  ['does not compile any more', 'type: string', ['b', 'out'], 'readyWhen is not evaluated'],
  ['is deleted', undefined, ['b'], 'nodes without objects are missing'],
])('no view calls a node ready whose definition %s', async (_title, changed, ids, note) => {
  world = await sim.virtualWorld();
  const bucket = (size: string) =>
    crdOf(
      'Bucket',
      parse(`{ type: object, properties: { spec: { type: object, properties: { size: { ${size} } } } } }`),
    );
  const template = {
    apiVersion: 'example.com/v1',
    kind: 'Bucket',
    metadata: { name: 'b' },
    spec: { size: '${schema.spec.count}' },
  };
  const waits = { id: 'b', readyWhen: ['${b.spec.size > 5}'], template };
  await world.apply(
    bucket('type: integer'),
    sim.potDefinition([waits, sim.mapResource('out', { size: '${string(b.spec.size)}' })]),
  );
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(5000);
  if (changed === undefined) {
    await world.controller.stop();
    await world.user.patch(sim.potsRef, { metadata: { finalizers: null } });
    await world.user.delete(sim.potsRef);
  } else await world.apply(bucket(changed));
  await world.advance(5000);
  const api = readSession(world.user);
  const settings = assumedSettings('this test');
  const seen = await withRefusedWrites(api, await observe(api, 'shop', 'default', NEVER, { settings }), NEVER);
  const now = world.clock.now();
  const status = statusView(seen);
  expect(treeNodes(seen).map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, 'unknown']));
  expect([status.ready, status.open.map(({ node }) => node)]).toEqual([0, ids]);
  const report = whyReport(seen, []);
  for (const { notes = [], problems = [] } of [status, report, reportHead(seen)]) {
    expect(notes.join()).toContain(note);
    expect(problems.length > 0).toBe(changed !== undefined);
    for (const lines of [
      statusLines(seen, status, now, false),
      whyLines(seen, report, now, false),
      treeLines(seen, now, false),
    ])
      for (const each of notes) expect(lines).toContain(`note: ${each}`);
  }
});
