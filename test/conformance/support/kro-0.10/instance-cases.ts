import { type JsonObject, type JsonValue, type KubeObject, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import { APPLY_ORDER_ANNOTATION, CONTRIBUTIONS_ANNOTATION } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import { orphanOrderOf } from '../../../../packages/engine/src/runtime/objects/labels.ts';
import type { SeenRequest, VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapRef, mapResource, pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import { anyCrd, config, graphObject, inWorld, liveMap, putGraph, refuse, serve } from './case-world.ts';
import { compilations } from './compilations.ts';
import { type Findings, type WordRule, conditionList, listOf } from './words.ts';

const REVISIONS = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' } as const;

const MISSING: JsonObject = {
  id: 'e',
  externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'absent' } },
};
const MISSING_TEXT = 'apply "e" (ref): external ref ConfigMap "default/absent" not found: executor: node not ready';

/** Creates a definition with these resources, and an instance of the definition. */
export async function putInstance(world: VirtualWorld, resources: JsonObject[], status?: JsonObject): Promise<void> {
  const definition = potDefinition(resources);
  const schema = definition.spec?.['schema'];
  if (status !== undefined && isJsonObject(schema)) schema['status'] = status;
  await world.apply(definition);
  await world.advance(5000);
  await world.apply(pot('i'));
  await world.advance(5000);
}

export const instance = (world: VirtualWorld): Promise<KubeObject | undefined> => world.user.find(potRef('i'));

const conditionOf = async (world: VirtualWorld, type: string): Promise<string[]> =>
  conditionList(conditionText(await instance(world), type));

const ofChildren = ({ method, path }: SeenRequest): boolean => method === 'PATCH' && path.includes('/configmaps/i-');

/**
 * The outcome of the passes over an instance. Replaces the error message `text` by `word`, the word that the case uses
 * for it.
 */
async function outcome(world: VirtualWorld, text: string, word: string, mend: () => Promise<void>): Promise<Findings> {
  const [status = '', reason = '', message = ''] = await conditionOf(world, 'ResourcesReady');
  const state = (await instance(world))?.status?.['state'];
  await mend();
  await world.advance(600_000);
  const isTriedAgain = (await instance(world))?.status?.['state'] === 'ACTIVE';
  return {
    ResourcesReady: [status, reason, message.replaceAll(text, word)],
    state,
    // kro sets a timer. In this project, a watch event or a backoff starts the next pass. The case requires only that
    // there is a next pass.
    requeue: isTriedAgain ? 'timer' : null,
  };
}

const waiting = ({ apply }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    await putInstance(world, [MISSING, mapResource('c', { k: '${e.data.k}' })]);
    const mend = () => world.apply(liveMap('absent', { k: 'v' }, { namespace: 'default' }));
    return outcome(world, MISSING_TEXT, lastWord(apply), mend);
  });

const failing = ({ apply }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    refuse(world, ofChildren, 422, 'Invalid', 'no such object');
    await putInstance(world, [mapResource('c', { k: 'v' })]);
    const found = await outcome(world, 'apply "c": no such object', lastWord(apply), async () => {
      world.intercept = undefined;
      await world.settle();
    });
    return { ...found, requeue: found['requeue'] === 'timer' ? 'timer (backoff)' : null };
  });

const lastWord = (words: JsonValue | undefined): string => String(words).split(' ').at(-1) ?? '';

/** Observes an instance of a definition whose newest revision is missing or does not compile. */
const unresolved = (input: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const number = /^(\d+), failed$/.exec(String(input['latest revision']))?.[1];
    await putInstance(world, [mapResource('c', { k: 'v' })]);
    await world.controller.stop();
    const broken = potDefinition([mapResource('c', { k: '${nothing.here}' })]);
    const { items } = await world.user.list(REVISIONS, {});
    for (const { metadata } of items) {
      const ref = { ...REVISIONS, name: metadata.name ?? '' };
      await world.user.patch(ref, { metadata: { finalizers: null } });
      await world.user.delete(ref);
    }
    const [revision] = items;
    await world.user.apply(broken, { fieldManager: 'user', force: true });
    if (number !== undefined && revision !== undefined) await createRevision(world, revision, Number(number), broken.spec ?? {});
    await world.restart();
    await world.advance(20_000);
    const condition = await conditionOf(world, 'GraphResolved');
    world.requests.length = 0;
    await world.advance(600_000);
    const isAsked = world.requests.some(({ path }) => path.includes('/pots/'));
    return { GraphResolved: condition, requeue: isAsked ? 'timer' : null };
  });

async function createRevision(world: VirtualWorld, like: KubeObject, revision: number, spec: JsonObject): Promise<void> {
  const { labels = {}, ownerReferences } = like.metadata;
  const snapshot = isJsonObject(like.spec?.['snapshot']) ? like.spec['snapshot'] : {};
  await world.user.create({
    ...REVISIONS,
    metadata: { name: `pots-r${String(revision).padStart(5, '0')}`, labels, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
    spec: { ...like.spec, revision, snapshot: { ...snapshot, spec } },
  });
}

const MARKED: JsonObject = { color: '${c.data.k}' };

/** Observes the deletion of an instance with a valid record (an annotation) of the status fields that were written. */
const released = ({ release }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    await putInstance(world, [mapResource('c', { k: 'v' })], MARKED);
    const recorded = (await instance(world))?.metadata.annotations?.[CONTRIBUTIONS_ANNOTATION];
    if (release === 'fails') {
      refuse(world, ({ method, path }) => method === 'PATCH' && /\/pots\/i(\?|$)/.test(path), 500, 'InternalError', 'storage is broken');
    }
    world.requests.length = 0;
    await world.user.delete(potRef('i'));
    await world.advance(20_000);
    const writes = world.requests.filter(({ method }) => method !== 'GET');
    const child = writes.findIndex(({ method, path }) => method === 'DELETE' && path.includes('/configmaps/i-c'));
    const last = writes.findLastIndex(({ method, path }) => method === 'PATCH' && /\/pots\/i(\?|$)/.test(path));
    const left = await instance(world);
    const isGone = left === undefined && (await world.user.find(mapRef('i-c'))) === undefined;
    const message = conditionList(conditionText(left, 'ResourcesReady'))[2] ?? '';
    return {
      order: isGone && child < last && recorded !== undefined ? ['children gone', 'contributions released', 'finalizer removed'] : [],
      finalizer: left === undefined ? 'removed' : 'kept',
      message,
    };
  });

/**
 * Observes the error and the deletion of an instance with a malformed record of the status fields that were written.
 */
export const malformedContributions = (): Promise<Findings> =>
  inWorld(async (world) => {
    await putInstance(world, [mapResource('c', { k: 'v' })], MARKED);
    await world.controller.stop();
    await world.user.patch(potRef('i'), { metadata: { annotations: { [CONTRIBUTIONS_ANNOTATION]: 'not json' } } });
    await world.restart();
    await world.advance(5000);
    const message = (await conditionOf(world, 'ResourcesReady'))[2] ?? '';
    await world.user.delete(potRef('i'));
    await world.advance(20_000);
    const left = await instance(world);
    return {
      error: message.includes(CONTRIBUTIONS_ANNOTATION) ? 'read patch contributions' : message,
      finalizer: left === undefined ? 'removed' : 'kept',
    };
  });

/**
 * Deletes an instance whose objects have these apply orders, and returns the waves of the deletion. A finalizer keeps
 * each object until its wave is known. With `isHeld`, the finalizers stay, and only the first wave is returned.
 */
const waves = (orders: readonly string[], isHeld = false): Promise<string[][]> =>
  inWorld(async (world) => {
    await putInstance(world, orders.map((_, at) => mapResource(`n${at}`, { k: 'v' })));
    await world.controller.stop();
    const refs: ObjectRef[] = orders.map((_, at) => mapRef(`i-n${at}`));
    for (const [at, ref] of refs.entries()) {
      const order = orders[at] === 'missing' ? null : (orders[at] ?? null);
      await world.user.patch(ref, { metadata: { finalizers: ['example.com/held'], annotations: { [APPLY_ORDER_ANNOTATION]: order } } });
    }
    await world.user.delete(potRef('i'));
    await world.restart();
    const found: string[][] = [];
    for (let left = refs.length; left > 0; ) {
      await world.advance(60_000);
      const wave: number[] = [];
      for (const [at, ref] of refs.entries()) {
        if ((await world.user.find(ref))?.metadata.deletionTimestamp !== undefined) wave.push(at);
      }
      found.push(wave.map((at) => orders[at] ?? ''));
      if (wave.length === 0 || isHeld) break;
      for (const at of wave) await world.user.patch(refs[at] ?? mapRef(''), { metadata: { finalizers: null } });
      left -= wave.length;
    }
    return found;
  });

/** Observes two instances of one definition, and the changes after which the controller compiles again. */
const shared = (): Promise<Findings> =>
  inWorld(async (world) => {
    const crd = anyCrd('ex.io/v1', 'Widget');
    const [version = {}] = (crd.spec as { versions: JsonObject[] }).versions;
    await serve(world, crd);
    const widget = { id: 'w', template: { apiVersion: 'ex.io/v1', kind: 'Widget', metadata: { name: '${schema.metadata.name}' } } };
    await putInstance(world, [mapResource('c', { k: '${schema.spec.text}' }), widget]);
    const first = compilations(world);
    await world.apply(pot('j', { text: 'other' }));
    await world.advance(5000);
    const isOne = compilations(world) === first;
    const data = async (name: string) => (await world.user.find(mapRef(name)))?.['data'] as JsonObject | undefined;
    const isOwn = (await data('i-c'))?.['k'] === 'x' && (await data('j-c'))?.['k'] === 'other';
    await world.apply(potDefinition([mapResource('c', { k: '${schema.spec.text}', more: 'y' }), widget]));
    await world.advance(5000);
    const recompileOn: string[] = compilations(world) > first && isOne ? ['spec change'] : [];
    const before = compilations(world);
    await world.user.patch(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'widgets.ex.io' },
      { spec: { versions: [{ ...version, schema: { openAPIV3Schema: { type: 'object' } } }] } },
    );
    await world.advance(5000);
    if (compilations(world) > before) recompileOn.push('schema change');
    return { leakBetweenInstances: !isOwn, recompileOn };
  });

/** Observes an instance whose object belongs to a Graph. */
const taken = (): Promise<Findings> =>
  inWorld(async (world) => {
    const other = { ...config('i-c'), metadata: { name: 'i-c', namespace: 'default' } };
    await putGraph(world, graphObject([{ id: 's', template: other }], 'other'));
    await putInstance(world, [mapResource('c', { k: 'v' })]);
    return { ResourcesReady: await conditionOf(world, 'ResourcesReady') };
  });

const ANY = /^/;

/** The checks of the cases about instances of definitions. Each matches the words of a case's input. */
export const INSTANCE_RULES: readonly WordRule[] = [
  { input: { 'latest revision': /^missing$|^\d+, failed$/ }, check: unresolved },
  { input: { apply: /^soft error \w+$/ }, check: waiting },
  { input: { apply: /^hard error \w+$/ }, check: failing },
  {
    input: { apply: /^(ok|clean)$/ },
    check: () =>
      inWorld(async (world) => {
        await putInstance(world, [mapResource('c', { k: 'v' })]);
        return { ResourcesReady: await conditionOf(world, 'ResourcesReady'), state: (await instance(world))?.status?.['state'], requeue: null };
      }),
  },
  {
    input: { apply: /^duplicate identity$/ },
    check: () =>
      inWorld(async (world) => {
        const same = (id: string) => ({ ...mapResource(id, { k: 'v' }), template: config('${schema.spec.text}') });
        await putInstance(world, [same('a'), same('b')]);
        return { ResourcesReady: await conditionOf(world, 'ResourcesReady') };
      }),
  },
  { input: { apply: /^owned by a foreign Graph$/ }, check: taken },
  { input: { contributions: /^\d+$/, deleting: /^true$/ }, check: released },
  { input: { contributions: /^\d+$/, deleting: /^true$/, release: /^fails$/ }, check: released },
  { input: { contributions: /^malformed$/, deleting: /^true$/ }, check: malformedContributions },
  {
    input: { rgdStatus: /^\{/ },
    check: ({ rgdStatus = {} }) =>
      inWorld(async (world) => {
        // The case describes the values of `rgdStatus` in words. Here each field gets an expression that reads a node,
        // and `conditions` gets a list.
        const fields = Object.keys(rgdStatus as JsonObject).map((name): [string, JsonValue] => [name, valueOf(name)]);
        await putInstance(world, [mapResource('c', { k: 'v' })], Object.fromEntries(fields));
        const record = (await instance(world))?.metadata.managedFields ?? [];
        const own = (record as JsonObject[]).filter(({ manager }) => String(manager).startsWith('kro-graphengine.patch.'));
        const owned = own.flatMap(({ fieldsV1 }) => statusFields(fieldsV1));
        const { status = {} } = (await instance(world)) ?? {};
        const isKros = status['state'] === 'ACTIVE';
        const rest = Object.keys(status).filter((name) => !['conditions', 'state'].includes(name));
        return { authorFields: isKros ? (owned.length > 0 ? owned : rest) : [] };
      }),
  },
  { input: { 'children orders': /^\[/ }, check: async (input) => ({ deleteWaves: await waves(listOf(input['children orders'])) }) },
  {
    input: { 'wave 3': /^one object terminating$/ },
    check: async () => {
      const [first = []] = await waves(['3', '2'], true);
      return { 'wave 2': first.includes('2') ? 'deleted' : 'not touched' };
    },
  },
  {
    input: { gate: /^InstanceConditionEvents$/, transition: /^\w+ none → (True|False|Unknown)$/ },
    check: ({ transition }) =>
      inWorld(async (world) => {
        const [type = '', , , status = ''] = String(transition).split(' ');
        await putInstance(world, [mapResource('c', { k: 'v' })]);
        const { items } = await world.user.list({ apiVersion: 'v1', kind: 'Event' }, {});
        const event = items.find(({ reason, message }) => reason === type && String(message).includes(`-> ${status}: `));
        return { event: event === undefined ? [] : [String(event['type']), String(event['reason']), String(event['message']).replace(/^\w+ ->/, 'none ->')] };
      }, { conditionEvents: true }),
  },
  { input: { 'compiled program': /^shared by two instances of one RGD$/ }, check: shared },
  {
    input: { [APPLY_ORDER_ANNOTATION]: ANY },
    check: (input) => {
      const value = input[APPLY_ORDER_ANNOTATION];
      const annotations: Record<string, string> = typeof value === 'string' ? { [APPLY_ORDER_ANNOTATION]: value } : {};
      const order = orphanOrderOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { annotations } }, '0.10');
      return { pruneOrderValue: order === Number.POSITIVE_INFINITY ? 'max' : order };
    },
  },
];

const valueOf = (name: string): JsonValue =>
  name === 'conditions' ? ["${runtime.newCondition({type: 'Own', status: c.data.k == 'v' ? 'True' : 'False', reason: 'Own', message: c.data.k})}"] : '${c.data.k}';

const statusFields = (fields: JsonValue | undefined): string[] => {
  const status = isJsonObject(fields) ? fields['f:status'] : undefined;
  return isJsonObject(status) ? Object.keys(status).flatMap((name) => (name.startsWith('f:') ? [name.slice(2)] : [])) : [];
};

/**
 * The rules for a node that waits for another node of its instance. The objects of the waiting node stay, and its
 * `includeWhen` is not evaluated.
 */
export const GATING_RULES: readonly WordRule[] = [
  {
    input: { mode: /^RGD/, withheldNodes: /^\[/ },
    check: ({ withheldNodes }) => withheld(listOf(withheldNodes)),
  },
  {
    input: { mode: /^RGD/, node: /^depends on a not-ready node and has includeWhen reading it$/ },
    check: () =>
      inWorld(async (world) => {
        const nodes = (ready: string): JsonObject[] => [
          { ...mapResource('a', { k: ready }), readyWhen: ["${a.data.k == 'v'}"] },
          { ...mapResource('b', { k: '${a.data.k}' }), includeWhen: ["${a.data.k == 'v'}"] },
        ];
        await putInstance(world, nodes('v'));
        await world.apply(potDefinition(nodes('later')));
        await world.advance(60_000);
        return { gatingEvaluatedFirst: (await world.user.find(mapRef('i-b'))) !== undefined };
      }),
  },
];

const withheld = (ids: readonly string[]): Promise<Findings> =>
  inWorld(async (world) => {
    const nodes = (ready: string): JsonObject[] => [
      { ...mapResource('a', { k: ready }), readyWhen: ["${a.data.k == 'v'}"] },
      ...ids.map((id) => mapResource(id, { k: '${a.data.k}' })),
    ];
    await putInstance(world, nodes('later'));
    const early = await existing(world, ids);
    await world.apply(potDefinition(nodes('v')));
    await world.advance(60_000);
    const made = await existing(world, ids);
    await world.apply(potDefinition(nodes('later')));
    await world.advance(60_000);
    const left = await existing(world, ids);
    return { inInventoryAsApplied: early.length > 0, pruned: made.length !== ids.length || left.length !== ids.length };
  });

async function existing(world: VirtualWorld, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) if ((await world.user.find(mapRef(`i-${id}`))) !== undefined) found.push(id);
  return found;
}
