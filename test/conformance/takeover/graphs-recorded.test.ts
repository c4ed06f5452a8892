import { afterEach, describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, isJsonObject, refOf } from '@typekro/kit/core';
import { Tracking } from '@typekro/engine/runtime';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { RecordedState } from './recorded-graphs.ts';
import { RECORDED_NAMESPACE, recordedGraphState, recordedGraphStates, restoreGraphs } from './recorded-graphs.ts';

/* Takes over the Graphs of each recorded state that kro's own controller left. */

let world: VirtualWorld;
let accepted: string[];
afterEach(() => world.close());

/** Restores a state in a cluster without a controller. */
async function restored(state: RecordedState): Promise<KubeObject[]> {
  accepted = [];
  world = await virtualWorld({
    controller: { features: { graphKind: true }, serviceAccount: { namespace: 'kro-system', name: 'kro' } },
    onAnswer: ({ method, path }, status) => {
      if (method !== 'GET' && status < 400 && !path.includes('/events')) accepted.push(`${method} ${path.split('?')[0]}`);
    },
  });
  await world.controller.stop();
  const objects = await restoreGraphs(world, state);
  accepted = [];
  return objects;
}

const find = (objects: readonly KubeObject[]) => Promise.all(objects.map((object) => world.user.find(refOf(object))));
/**
 * The field managers of an object. The list is empty for an object that another client created without fields, after
 * the Graph has released its own fields.
 */
const managersOf = ({ metadata }: KubeObject): string[] =>
  ((metadata.managedFields ?? []) as unknown as readonly { readonly manager: string }[]).map(({ manager }) => manager);
const rows = (states: readonly RecordedState[]) =>
  states.map((state) => [`${state.scenario}, ${state.checkpoint}`, state] as const);

const STATUS = 'PATCH /apis/kro.run/v1alpha1/namespaces/t-x/graphs/g/status';
/**
 * States whose Graph has errors. In kro, the order of the recorded objects of such a Graph depends on timing. In this
 * controller, the recorded objects have the order of the nodes.
 */
const REORDERED: ReadonlyMap<string, readonly string[]> = new Map([
  ['graph-account-named, secret forbidden', [STATUS]],
  ['graph-foreach-two-axes, collision', [STATUS]],
  ['graph-immutable-field, refused', [STATUS]],
  ['graph-object-refused, refused', [STATUS]],
  ['graph-two-graphs-one-object, contended', [STATUS.replace('/g/', '/g2/')]],
]);
/** The state in which kro had not noticed the deletion of an object that the account may not watch. */
const UNNOTICED = 'graph-watch-right-missing, not noticed';

/** Sorts the objects that the status of each Graph records, and removes the fields that every write changes. */
const withoutOrder = (objects: readonly (KubeObject | undefined)[]) =>
  objects.map((object) => {
    if (object?.kind !== 'Graph') return object;
    const { resourceVersion: _version, managedFields: _fields, ...metadata } = object.metadata;
    const { managedResources } = Tracking.read(object);
    const inventory = managedResources.map((entry) => Object.values(entry).sort().join(' ')).sort();
    return { ...object, metadata, status: { ...object.status, managedResources: inventory } };
  });

describe('the takeover of Graphs', () => {
  test.each(rows(recordedGraphStates()))('writes nothing, except for the states that this file lists: %s', async (name, state) => {
    const before = await restored(state);
    await world.restart();
    await world.advance(30_000);
    if (name === UNNOTICED) {
      expect(accepted).toEqual(['PATCH /api/v1/namespaces/t-x/configmaps/a', STATUS]);
      return;
    }
    const after = await find(before);
    if (REORDERED.has(name)) expect(withoutOrder(after)).toEqual(withoutOrder(before));
    else expect(after).toEqual(before);
    expect(accepted).toEqual(REORDERED.get(name) ?? []);
  });
});

const isReady = (object: RecordedState['contract'][string]): boolean => {
  const conditions = object.status?.['conditions'];
  const ready = isJsonObject(conditions) ? conditions['Ready'] : undefined;
  return object.deleting !== true && isJsonObject(ready) && ready['status'] === 'True';
};
/** For each scenario, the last recorded state in which all Graphs are ready. */
const ready = [
  ...new Map(
    recordedGraphStates()
      .filter(
        ({ scenario, checkpoint, contract }) =>
          `${scenario}, ${checkpoint}` !== UNNOTICED &&
          Object.entries(contract).every(([text, object]) => !text.startsWith('Graph ') || isReady(object)),
      )
      .map((state) => [state.scenario, state]),
  ).values(),
];

describe('the deletion of Graphs that kro made ready', () => {
  test.each(rows(ready))('deletes only their objects and releases only their fields: %s', async (_, state) => {
    const before = await restored(state);
    await world.restart();
    await world.advance(1000);
    const graphs = before.filter(({ kind }) => kind === 'Graph');
    const recorded = graphs.map(Tracking.read);
    const owned = new Set(recorded.flatMap(({ managedResources }) => managedResources.map(({ uid }) => uid)));
    const managers = recorded.flatMap(({ contributions }) => contributions.map(({ fieldManager }) => fieldManager));
    for (const graph of graphs) if (await world.user.find(refOf(graph))) await world.user.delete(refOf(graph));
    await world.advance(60_000);
    const after = (await find(before)).filter((object) => object !== undefined);
    const kept = before.filter(({ kind, metadata: { uid } }) => kind !== 'Graph' && !owned.has(uid));
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(kept.map(({ metadata }) => metadata.uid));
    const left = after.flatMap(managersOf);
    expect(left.filter((manager) => managers.includes(manager))).toEqual([]);
  });
});

describe('a change after the takeover', () => {
  /** Restores a state, starts the controller, and changes the nodes of the Graph. Returns the writes that follow. */
  async function changed(scenario: string, checkpoint: string, change: (nodes: JsonObject[]) => JsonObject[]) {
    const before = await restored(recordedGraphState(scenario, checkpoint));
    await world.restart();
    await world.advance(1000);
    const graph = before.find(({ kind }) => kind === 'Graph') as KubeObject;
    const nodes = graph.spec?.['nodes'] as JsonObject[];
    await world.user.patch(refOf(graph), { spec: { nodes: change(nodes) } });
    await world.advance(1000);
    return accepted;
  }

  test('a removed node causes two writes: the deletion of its object, and the status', async () => {
    const writes = await changed('graph-order-diamond', 'ready', (nodes) => nodes.filter(({ id }) => id !== 'bottom'));
    expect(writes).toMatchInlineSnapshot(`
      [
        "DELETE /api/v1/namespaces/t-x/configmaps/bottom",
        "PATCH /apis/kro.run/v1alpha1/namespaces/t-x/graphs/g/status",
      ]
    `);
  });

  test('a removed patch in a subgraph causes two writes: the release of its fields, and the status', async () => {
    const writes = await changed('graph-patch-in-subgraph', 'patched', () => [{ id: 'other', def: { x: 'y' } }]);
    expect(writes).toMatchInlineSnapshot(`
      [
        "PATCH /api/v1/namespaces/t-x/configmaps/target",
        "PATCH /apis/kro.run/v1alpha1/namespaces/t-x/graphs/g/status",
      ]
    `);
    const target = { apiVersion: 'v1', kind: 'ConfigMap', namespace: RECORDED_NAMESPACE, name: 'target' };
    expect(managersOf(await world.user.get(target))).toEqual(['suite']);
  });
});
