import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { GraphTracking } from '../../../../packages/engine/src/runtime/model.ts';
import { Tracking } from '@typekro/engine/runtime';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { anyCrd, config, entriesOf, getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, NAMESPACE, ofGraphs, putGraph, refuse, serve, template } from './case-world.ts';
import { type Findings, type WordRule, conditionList, listOf } from './words.ts';

const ANY = /./;
const LATE: JsonObject = { id: 'late', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } };

/** Parses entries such as `n:a`. Maps the id of a node to the names of its objects. */
function byNode(entries: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of entries) {
    const [id = '', name = ''] = entry.split(':');
    found.set(id, [...(found.get(id) ?? []), name]);
  }
  return found;
}

/** The nodes that write ConfigMaps with these names. A node with several names has a `forEach`. */
function nodesOf(entries: readonly string[], unresolved: readonly string[] = []): JsonObject[] {
  const nodes = [...byNode(entries)].map(([id, names]): JsonObject => {
    if (names.length === 1) return template(id, names[0]);
    return { id, forEach: [{ each1: `\${[${names.map((name) => `'${name}'`).join(', ')}]}` }], template: config('${each1}') };
  });
  const waiting = unresolved.map((id) => template(id, '${late.data.name}'));
  return [{ id: 'always', def: { x: 'y' } }, ...(waiting.length > 0 ? [LATE] : []), ...nodes, ...waiting];
}

const recorded = async (world: VirtualWorld): Promise<string[]> =>
  entriesOf(await getGraph(world), 'managedResources').map(({ nodeID, name }) => `${String(nodeID)}:${String(name)}`);

/**
 * Observes two passes. The first pass writes the objects of `previous`, and the second pass writes the objects of
 * `applied`.
 */
const twoPasses = ({ previous, applied, unresolvedNodes }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    await world.apply(liveMap('late', {}));
    const [first, second] = [listOf(previous), listOf(applied)];
    await putGraph(world, graphObject(nodesOf(first)));
    await putGraph(world, graphObject(nodesOf(second, listOf(unresolvedNodes))));
    const prune: string[] = [];
    for (const entry of first) {
      const live = await world.user.find(mapRef(entry.split(':')[1] ?? ''));
      if (live === undefined) prune.push(entry);
    }
    const inventory = await recorded(world);
    const inOrder = listOf([...second, ...first]).filter((entry, at, all) => all.indexOf(entry) === at);
    return { inventory: inOrder.filter((entry) => inventory.includes(entry)), prune };
  });

/** Observes an object that keeps its name while the Graph changes the version or the group of its kind. */
const otherVersion = ({ identity }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const [, before = '', after = ''] = /^(\S+) → (\S+?),/.exec(String(identity)) ?? [];
    const [from, to] = [inGroup(before), inGroup(after)];
    const isOneGroup = from.split('/')[0] === to.split('/')[0];
    await serve(world, anyCrd(from, 'Thing', isOneGroup ? [to.split('/')[1] ?? ''] : []));
    if (!isOneGroup) await serve(world, anyCrd(to, 'Thing'));
    const thing = (apiVersion: string): JsonObject => ({
      id: 'thing',
      template: { apiVersion, kind: 'Thing', metadata: { name: 'same' } },
    });
    await putGraph(world, graphObject([thing(from)]));
    world.requests.length = 0;
    await putGraph(world, graphObject([thing(to)]));
    const deletions = world.requests.filter(ofGraphs('DELETE'));
    return { prune: deletions.map(({ path }) => path.replace(/\?.*/, '').split('/').at(-1) ?? '') };
  });

/** Replaces a built-in group in an apiVersion by a group that a CRD may have. */
const inGroup = (apiVersion: string): string => apiVersion.replace(/^([a-z]+)\//, '$1.example.com/');

/**
 * Observes a Graph that patches some targets, and after a change patches other targets. Observes which of the first
 * targets lose the fields of the Graph.
 */
const released = ({ contributions }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const { previous, current } = isJsonObject(contributions) ? contributions : {};
    const [first, second] = [listOf(previous), listOf(current)];
    for (const name of new Set([...first, ...second])) await world.apply(liveMap(name, { theirs: '0' }));
    const patches = (names: readonly string[]): JsonObject[] => [
      { id: 'always', def: { x: 'y' } },
      ...names.map((name) => ({ id: `p${name}`, patch: config(name, { mine: '1' }) })),
    ];
    await putGraph(world, graphObject(patches(first)));
    await putGraph(world, graphObject(patches(second)));
    const release: string[] = [];
    for (const name of first) {
      const data = (await world.user.get(mapRef(name)))['data'];
      if (!isJsonObject(data) || data['mine'] === undefined) release.push(name);
    }
    return { release };
  });

/** Observes a Graph that changes between the decision of a pass and its status write. */
const newGeneration = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('a')]));
    const before = entriesOf(await getGraph(world), 'managedResources');
    const bodies: string[] = [];
    let changed = false;
    world.intercept = ({ method, path, body }) => {
      if (method !== 'PATCH' || !path.includes('/graphs/g/status')) return undefined;
      if (!changed && String(body).includes('conditions')) {
        changed = true;
        void world.user.patch(graphRef(), { spec: { nodes: [template('a'), template('b'), template('c')] } });
      } else if (changed && bodies.length === 0) bodies.push(String(body));
      return undefined;
    };
    await putGraph(world, graphObject([template('a'), template('b')]));
    const names = (await recorded(world)).map((entry) => entry.split(':')[1]);
    const isKept = changed && before.length === 1 && ['a', 'b', 'c'].every((name) => names.includes(name));
    const conditions = (await getGraph(world))?.status?.['conditions'];
    const generation = (await getGraph(world))?.metadata.generation;
    const areNew = Array.isArray(conditions) && conditions.every((each) => isJsonObject(each) && each['observedGeneration'] === generation);
    return {
      conditionsWritten: !areNew || (bodies[0] ?? '').includes('"conditions"'),
      managedResources: isKept ? 'union kept' : `lost: ${names.join(', ')}`,
    };
  });

const failedPrune = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('old')]));
    refuse(world, ofGraphs('DELETE'), 500, 'InternalError', 'no deletion');
    await putGraph(world, graphObject([template('new')]));
    const inventory = await recorded(world);
    const both = ['new:new', 'old:old'].every((entry) => inventory.includes(entry));
    const [, reason = ''] = conditionList(await graphCondition(world, 'ResourcesConverged'));
    return { inventory: both ? 'previous and applied entries both kept' : inventory.join(', '), reason };
  });

const writeAhead = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('a')]));
    const writes = world.requests.filter(({ method, path }) => method === 'PATCH' && /\/graphs\/g\/status|\/configmaps\/a/.test(path));
    const first = writes.findIndex(({ path }) => path.includes('/configmaps/'));
    const ahead = writes.slice(0, first).map(({ body }) => String(body)).find((body) => body.includes('"managedResources"'));
    const [entry] = entriesOf(await getGraph(world), 'managedResources');
    return {
      inventoryBeforeApply: ahead === undefined ? 'nothing' : `entry ${/"uid"/.test(ahead.slice(ahead.indexOf('managedResources'))) ? 'with' : 'without'} uid`,
      after: `entry ${entry?.['uid'] === undefined ? 'without' : 'with'} uid`,
    };
  });

function united({ union }: JsonObject): Findings {
  const lists: JsonObject = isJsonObject(union) ? union : {};
  const entries = (list: JsonValue | undefined): GraphTracking => ({
    contributions: [],
    managedResources: listOf(list).map((text) => {
      const [nodeID = '', name = ''] = text.split(':');
      return { nodeID, apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name };
    }),
  });
  const { managedResources } = Tracking.merge(entries(lists['previous']), entries(lists['applied'] ?? lists['current']));
  return { result: managedResources.map(({ nodeID, name }) => `${nodeID}:${name}`) };
}

/** The rules for a Graph's record of objects and fields, and for the writes that the record causes. */
export const TRACKING_RULES: readonly WordRule[] = [
  { input: { previous: ANY, applied: ANY, unresolvedNodes: ANY }, check: twoPasses },
  { input: { previous: ANY, applied: ANY }, check: twoPasses },
  { input: { union: /previous/ }, check: united },
  { input: { identity: / → .*same name/ }, check: otherVersion },
  { input: { contributions: /previous/ }, check: released },
  { input: { generationAtRead: /^\d+$/, generationAtWrite: /^\d+$/ }, check: newGeneration },
  { input: { prune: /^fails$/ }, check: failedPrune },
  { input: { pass: /^about to create/ }, check: writeAhead },
];
