import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { GRAPH_FINALIZER } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import { apiErrorsOf, refuseGraphs } from './api-errors.ts';
import { entriesOf, getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, NAMESPACE, ofGraphs, putGraph, template } from './case-world.ts';
import { type Findings, type WordRule, conditionList, listOf } from './words.ts';

const ANY = /./;

/**
 * Observes the deletion of a Graph whose inventory is a list of names. The Graph has written the objects in the order
 * of the list.
 */
const ofNames = ({ inventory, apiError }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const held = listOf(inventory).flatMap((words) => /^(\S+) with its own finalizer$/.exec(words)?.[1] ?? []);
    const names = listOf(inventory).map((words) => words.split(' ')[0] ?? '');
    await putGraph(world, graphObject([{ id: 'always', def: { x: 'y' } }, ...names.map((name) => template(name))]));
    const order = entriesOf(await getGraph(world), 'managedResources').map(({ name }) => String(name));
    for (const name of held) {
      await world.user.patch(mapRef(name), { metadata: { finalizers: ['example.com/held'] } });
      await world.settle();
    }
    for (const error of apiErrorsOf(apiError, ['DELETE'])) refuseGraphs(world, error);
    world.requests.length = 0;
    await world.user.delete(graphRef());
    await world.advance(5000);
    const deletions = world.requests.filter(ofGraphs('DELETE')).map(({ path }) => path.replace(/\?.*/, '').split('/').at(-1) ?? '');
    const [, reason = '', message = ''] = conditionList(await graphCondition(world, 'ResourcesConverged'));
    const left = (await getGraph(world))?.metadata.finalizers?.includes(GRAPH_FINALIZER) === true;
    const isWaiting = held.length > 0 && (await world.user.find(mapRef(held[0] ?? ''))) !== undefined;
    return {
      deleteOrder: [...new Set(deletions)],
      order,
      error: left ? message : null,
      reason,
      finalizer: left ? 'kept' : isWaiting ? `removed without waiting for ${held.join(', ')}` : 'removed',
    };
  });

/**
 * Observes the deletion of a Graph whose inventory is a list of status entries. Each entry also describes its object in
 * the cluster.
 */
const ofEntries = ({ inventory }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const entries = (Array.isArray(inventory) ? inventory : []).filter(isJsonObject);
    await putGraph(world, graphObject([{ id: 'always', def: { x: 'y' } }]));
    await world.controller.stop();
    const recorded: JsonValue[] = [];
    for (const { name, uid, live } of entries) {
      const isPresent = !String(live).startsWith('absent');
      if (isPresent) await world.user.create(liveMap(String(name)));
      const own = isPresent && !/other|another|different|recreated|replaced|new uid/.test(String(live));
      const present = own && uid !== '' ? (await world.user.get(mapRef(String(name)))).metadata.uid : uid;
      const kept = present === '' || present === undefined ? {} : { uid: present };
      recorded.push({ nodeID: 'n', apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: name ?? '', ...kept });
    }
    await world.user.patch(graphRef(), { status: { managedResources: recorded } }, { subresource: 'status' });
    await world.user.delete(graphRef());
    await world.restart();
    await world.advance(5000);
    const deleted: string[] = [];
    for (const { name, live } of entries) {
      if (String(live).startsWith('absent')) continue;
      if ((await world.user.find(mapRef(String(name)))) === undefined) deleted.push(String(name));
    }
    const left = await getGraph(world);
    return { error: left === undefined ? null : await graphCondition(world, 'ResourcesConverged'), deleted };
  });

/** The rules for the deletion of a Graph, by the form of its inventory. */
export const DELETE_RULES: readonly WordRule[] = [
  { input: { inventory: /^\[\{/ }, check: ofEntries },
  { input: { inventory: /^\[/, apiError: ANY }, check: ofNames },
  { input: { inventory: /^\[/, deleting: /^true$/ }, check: ofNames },
  { input: { inventory: /^\[/ }, check: ofNames },
];
