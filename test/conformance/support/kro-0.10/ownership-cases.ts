import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { PART_OF_LABEL } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapResource, pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import { config, getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, putGraph, template } from './case-world.ts';
import { UnknownForm } from './graph-input.ts';
import { type Findings, type WordRule, conditionList } from './words.ts';

const ANY = /./;

/**
 * Observes the write of an object that may already exist. `livePartOf` is null (no object exists), "no label", or a
 * letter that stands for an ApplySet. `desiredPartOf` is empty when a Graph writes, because a Graph has no ApplySet.
 * When an instance writes, it is the letter of the instance's ApplySet. If the letters are equal, the instance wrote
 * the object before.
 */
const applySets = ({ livePartOf, desiredPartOf }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const isGraph = desiredPartOf === '';
    const namespace = isGraph ? 'team' : 'default';
    const name = isGraph ? 's' : 'i-s';
    const write = () => (isGraph ? putGraph(world, graphObject([template('s')])) : writeInstance(world, 's'));
    if (livePartOf === desiredPartOf) await write();
    else if (livePartOf !== null) {
      const labels: JsonObject = livePartOf === 'no label' ? {} : { [PART_OF_LABEL]: `applyset-${String(livePartOf)}` };
      await world.apply(liveMap(name, { k: 'old' }, { namespace, labels }));
    }
    const before = await world.user.find(mapRef(name, namespace));
    if (before !== undefined && livePartOf === desiredPartOf) {
      await world.user.patch(mapRef(name, namespace), { data: { k: 'drift' } });
      await world.advance(5000);
    } else await write();
    const after = await world.user.find(mapRef(name, namespace));
    const text = isGraph ? await graphCondition(world, 'ResourcesConverged') : await instanceText(world);
    const [status, reason = '', message = ''] = conditionList(text);
    const isConflict = message.includes('ApplySet');
    const isHard = isGraph ? reason === 'ApplyFailed' : (await world.user.get(potRef('i'))).status?.['state'] === 'ERROR';
    return {
      conflict: isConflict || status !== 'True',
      hard: isHard,
      // Only a Graph has the reason ApplyFailed. An instance has the state ERROR instead.
      reason: !isGraph && isHard ? 'ApplyFailed' : reason,
      message,
      object: after?.metadata.resourceVersion === before?.metadata.resourceVersion ? 'unchanged' : 'changed',
    };
  });

/** Creates an instance of a definition with one ConfigMap. */
async function writeInstance(world: VirtualWorld, id: string): Promise<void> {
  await world.apply(potDefinition([mapResource(id, { k: 'v' })]));
  await world.advance(5000);
  await world.apply(pot('i'));
  await world.advance(5000);
}

const instanceText = async (world: VirtualWorld): Promise<string> =>
  conditionText(await world.user.find(potRef('i')), 'ResourcesReady');

/** Observes a Graph whose template names an object that another client wrote before. */
const takeOver = ({ live }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const manager = /fields owned by ([\w-]+)/.exec(String(live))?.[1] ?? 'another';
    await world.user.apply(liveMap('s', { k: 'theirs' }), { fieldManager: manager, force: true });
    await world.settle();
    await putGraph(world, graphObject([template('s')]));
    const taken = (await world.user.get(mapRef('s')))['data'] as JsonObject;
    const writes = world.requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/configmaps/s'));
    const converged = (await graphCondition(world, 'Ready')).startsWith('True');
    await putGraph(world, graphObject([{ id: 'rest', def: { x: 'y' } }]));
    return {
      forcedRetry: taken['k'] === 'v' && writes.some(({ path }) => path.includes('force=true')),
      converged,
      adopted: taken['k'] === 'v' && converged,
      deletedOnPrune: (await world.user.find(mapRef('s'))) === undefined,
    };
  });

/** Observes two Graphs whose templates name the same object. */
const oneObject = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('s', 'shared')], 'g1'));
    await putGraph(world, graphObject([template('s', 'shared', { k: 'other' })], 'g2'));
    const [first, second] = [await graphCondition(world, 'Ready', 'g1'), await graphCondition(world, 'ResourcesConverged', 'g2')];
    const [, reason] = conditionList(second);
    return {
      first: first.startsWith('True') ? 'Ready True' : first,
      second: reason === 'FieldManagerConflict' ? 'not Ready, conflict reported' : second,
    };
  });

/** Observes two Graphs with objects of one kind. Another client changes one object. */
const twoObjects = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('s', 'first')], 'g1'));
    await putGraph(world, graphObject([template('s', 'second')], 'g2'));
    world.requests.length = 0;
    await world.user.patch(mapRef('first'), { data: { k: 'drift' } });
    await world.advance(5000);
    const written = world.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
    const isOnlyOwnerWoken = written.some((path) => path.includes('/configmaps/first')) && !written.some((path) => /second|g2/.test(path));
    return { woken: isOnlyOwnerWoken ? 'only the owner of the object' : written.join(', ') };
  });

/** The rules for owners of objects. */
export const OWNERSHIP_RULES: readonly WordRule[] = [
  { input: { livePartOf: ANY, desiredPartOf: /^/ }, check: applySets },
  { input: { live: /owned by kubectl|owned by [\w-]+$/, writer: /^Graph template$/, apply: /^409$/ }, check: takeOver },
  { input: { live: /^pre-existing, no kro marks$/, writer: /^Graph template$/ }, check: takeOver },
  { input: { 'two Graphs': /^template the same object$/ }, check: oneObject },
  { input: { 'two Graphs': /^different objects of one kind; one object is changed$/ }, check: twoObjects },
];


/** Observes the metadata of an object of a Graph node without `forEach`. */
const ofSingle = (_input: JsonObject, expect: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    await putGraph(world, graphObject([template('s')]));
    const { labels = {}, annotations = {}, ownerReferences } = (await world.user.get(mapRef('s'))).metadata;
    const owners: JsonObject = ownerReferences === undefined ? {} : { ownerReferences: 'set' };
    const all: JsonObject = { ...labels, ...annotations, ...owners };
    const absent = Array.isArray(expect['absent']) ? expect['absent'].map(String) : [];
    return {
      labels: Object.keys(labels),
      annotations: Object.keys(annotations).toSorted((a, b) => b.localeCompare(a)),
      absent: absent.filter((name) => all[name] === undefined),
    };
  });

/** Observes the labels of an item of a collection. The case counts items from 0. */
const ofItem = ({ graphChild }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const [, index = '0', count = '0'] = /^forEach item (\d+) of (\d+)$/.exec(String(graphChild)) ?? [];
    const names = Array.from({ length: Number(count) }, (_, at) => `'n${at}'`);
    const collection = { id: 'each1', forEach: [{ n: `\${[${names.join(', ')}]}` }], template: config('${n}') };
    await putGraph(world, graphObject([collection]));
    const { labels = {} } = (await world.user.get(mapRef(`n${index}`))).metadata;
    const uid = (await getGraph(world))?.metadata.uid;
    if (labels['kro.run/instance-id'] !== uid) throw new UnknownForm('the label has another UID');
    return { labels: labels as JsonValue };
  });

/** The rules for labels and annotations of the objects of a Graph. */
export const LABEL_RULES: readonly WordRule[] = [
  { input: { graphChild: /^scalar$/ }, check: ofSingle },
  { input: { graphChild: /^forEach item \d+ of \d+$/ }, check: ofItem },
];

/** The rules for drift of objects, and for the watches that report it. */
export const DRIFT_RULES: readonly WordRule[] = [
  {
    input: { child: /^owned field changed/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('s')]));
        await world.user.patch(mapRef('s'), { data: { k: 'drift' } }, { fieldManager: 'kubectl-edit' });
        await world.advance(5000);
        return { restored: valueOfK(await world.user.get(mapRef('s'))) === 'v' };
      }),
  },
  {
    input: { child: /^deleted/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('s')]));
        await world.user.delete(mapRef('s'));
        await world.advance(5000);
        const isBack = (await world.user.find(mapRef('s'))) !== undefined;
        return { restored: isBack, recreated: isBack };
      }),
  },
  {
    input: { graph: /^deleted$/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('s')]));
        await world.user.delete(graphRef());
        await world.advance(60_000);
        const gauge = /^graphengine_watch_owner_count (\d+)$/m.exec(world.controller.metricsText())?.[1];
        return { watches: gauge === undefined ? null : Number(gauge) };
      }),
  },
  {
    input: { graph: /^first node not ready, second node/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(
          world,
          graphObject([
            { ...template('a'), readyWhen: ["${a.data.k == 'later'}"] },
            template('b'),
            template('c', 'c', { of: '${a.metadata.name}' }),
          ]),
        );
        const back: string[] = [];
        for (const name of ['a', 'b', 'c']) {
          await world.user.delete(mapRef(name));
          await world.advance(2000);
          if ((await world.user.find(mapRef(name))) !== undefined) back.push(name);
        }
        return { watchesFor: back.length === 3 ? 'both' : back.join(', ') };
      }),
  },
];

/** The member `k` of the object's data. */
const valueOfK = (object: KubeObject): JsonValue | undefined => (object['data'] as JsonObject | undefined)?.['k'];
