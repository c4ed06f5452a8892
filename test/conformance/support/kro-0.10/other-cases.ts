import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { compileGraphObject } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { isPendingText } from '../../../../packages/cel/src/plan/program.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapResource, pot, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';
import { argoHealth } from './argo-health.ts';
import { acceptedText } from './compile-cases.ts';
import { config, entriesOf, getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, ofGraphs, putGraph, refuse, template } from './case-world.ts';
import { UnknownForm } from './graph-input.ts';
import { instance, putInstance } from './instance-cases.ts';
import { type Findings, type WordRule, listOf } from './words.ts';

const ANY = /./;

/** Observes a definition with a value at a path of a template. */
const inDefinition = ({ rgdTemplateField }: JsonObject): Promise<Findings> =>
  inWorld(async (world) => {
    const { path, value } = isJsonObject(rgdTemplateField) ? rgdTemplateField : {};
    const [top = '', key = ''] = String(path).split('.');
    const made = mapResource('c', {});
    const object = isJsonObject(made['template']) ? made['template'] : {};
    object[top] = { [key]: value ?? null };
    await world.apply(potDefinition([made]));
    await world.advance(5000);
    // The condition has kro's message. The events name the path of each problem.
    const definition = await world.user.get(potsRef);
    return { rgd: { state: definition.status?.['state'] ?? '' }, error: [conditionText(definition, 'Ready'), ...(await world.eventsOf('pots'))].join('\n') };
  });

/** The rules for strings that the expression scanner reads. Each string is the value at a path of a template. */
export const SCANNER_RULES: readonly WordRule[] = [{ input: { rgdTemplateField: ANY }, check: inDefinition }];

/** The rules for the shape of Graphs. */
export const SHAPE_RULES: readonly WordRule[] = [
  {
    input: { graph: /^null$/ },
    check: () => ({ error: acceptedText(compileGraphObject(null, { sources: builtinSource() })) }),
  },
  {
    input: { apiServerCreate: /^\{/ },
    check: ({ apiServerCreate }) =>
      inWorld(async (world) => {
        const spec = isJsonObject(apiServerCreate) ? apiServerCreate : {};
        const created = world.user.create({ ...graphObject([]), spec });
        const rejected = await created.then(() => null, (error: Error) => error.message);
        const rule = 'exactly one of template, ref, def, graph, patch must be set';
        return { rejected: rejected?.includes(rule) === true ? rule : rejected, accepted: rejected === null };
      }),
  },
];

/** The rules for every Graph in a folder of this repository. */
export const COMPILE_RULES: readonly WordRule[] = [
  {
    input: { every: /^Graph under examples\/$/ },
    check: () => {
      const folder = new URL('../../../../examples/golden/', import.meta.url);
      const graphs = readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .flatMap((name) => parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')))
        .map((document) => document.toJSON() as JsonValue)
        .filter((value) => isJsonObject(value) && value['kind'] === 'Graph');
      const problems = graphs.map((value) => acceptedText(compileGraphObject(value, { sources: builtinSource() })));
      return { compiles: graphs.length > 0 && problems.every((text) => text === '') };
    },
  },
];

/** Observes a collection with these lists as its dimensions. */
const product = (lists: readonly (readonly string[])[]): Promise<Findings> =>
  inWorld(async (world) => {
    const names = lists.map((_, at) => `axis${at}`);
    const defs = lists.map((list, at): JsonObject => ({ id: `list${at}`, def: { l: [...list] } }));
    const forEach = names.map((name, at) => ({ [name]: `\${list${at}.l}` }));
    const name = ["'c'", ...names].join(" + '-' + ");
    const node: JsonObject = { id: 'c', ...(forEach.length === 0 ? {} : { forEach }), template: config(`\${${name}}`) };
    await putGraph(world, graphObject([...defs, node]));
    const text = await graphCondition(world, 'ResourcesConverged');
    return {
      rows: entriesOf(await getGraph(world), 'managedResources').length,
      hard: text.startsWith('False ApplyFailed'),
      message: text,
    };
  });

/** The rules for cases about the dimensions of a collection. */
export const FOREACH_RULES: readonly WordRule[] = [
  {
    input: { dimensions: /^\[/ },
    check: ({ dimensions }) => product((Array.isArray(dimensions) ? dimensions : []).map(listOf)),
  },
  {
    input: { product: /^larger than int$/ },
    check: () => product(Array.from({ length: 10 }, () => Array.from({ length: 100 }, (_, at) => `i${at}`))),
  },
];

/** The rules for a node with an expression that fails. */
export const PENDING_RULES: readonly WordRule[] = [
  {
    input: { celErrors: /^\[/ },
    check: ({ celErrors }) => {
      const all = listOf(celErrors).map(isPendingText);
      const isOne = all.every((each) => each === all[0]);
      return { class: !isOne ? 'mixed' : all[0] === true ? 'data pending (soft)' : 'hard' };
    },
  },
  {
    input: { tolerantNode: /^instance status$/, fields: /^\{/ },
    check: ({ fields }) =>
      inWorld(async (world): Promise<Findings> => {
        const wanted = Object.entries(isJsonObject(fields) ? fields : {});
        const status = wanted.map(([name, value]): [string, string] => [name, value === 'pending' ? '${c.data.later}' : `\${c.data.${name}}`]);
        const data = wanted.map(([name, value]): [string, JsonValue] => [name, value ?? null]);
        await putInstance(world, [mapResource('c', Object.fromEntries(data))], Object.fromEntries(status));
        const found = (await instance(world))?.status ?? {};
        const written = wanted.filter(([name]) => found[name] !== undefined);
        return {
          written: Object.fromEntries(written.map(([name]) => [name, found[name] ?? null])),
          omitted: wanted.filter(([name]) => found[name] === undefined).map(([name]) => name),
        };
      }),
  },
];

/** The rules for a dynamic template that renders an incomplete apiVersion or kind. */
export const RENDERED_RULES: readonly WordRule[] = [
  {
    input: { rendered: /^\{/ },
    check: ({ rendered }) =>
      inWorld(async (world): Promise<Findings> => {
        const object: JsonObject = isJsonObject(rendered) ? rendered : {};
        const header = { apiVersion: '${d.apiVersion}', kind: '${d.kind}', metadata: { name: 'x' } };
        await putGraph(world, graphObject([{ id: 'd', def: object }, { id: 'x', template: header }]));
        const text = await graphCondition(world, 'ResourcesConverged');
        return { hard: text.startsWith('False ApplyFailed'), message: text };
      }),
  },
];

/** Creates an instance of a kind in kro's group. The API server refuses the instance's ConfigMap. */
const failedInstance = (world: VirtualWorld): Promise<KubeObject | undefined> => {
  refuse(world, ({ method, path }) => method === 'PATCH' && path.includes('/configmaps/i-'), 422, 'Invalid', 'no such object');
  return inKroGroup(world);
};

async function inKroGroup(world: VirtualWorld): Promise<KubeObject | undefined> {
  const definition = potDefinition([mapResource('c', { k: 'v' })]);
  const schema = definition.spec?.['schema'];
  if (isJsonObject(schema)) schema['group'] = 'kro.run';
  await world.apply(definition);
  await world.advance(5000);
  await world.apply({ ...pot('i'), apiVersion: 'kro.run/v1' });
  await world.advance(5000);
  return world.user.find({ ...potRef('i'), apiVersion: 'kro.run/v1' });
}

/** The rules for the state that Argo CD shows for the objects that this controller writes. */
export const READER_RULES: readonly WordRule[] = [
  {
    input: { kind: /^instance of group kro\.run$/, state: /^ERROR$/, ResourcesReady: /^False, message \w+$/ },
    check: ({ ResourcesReady }) =>
      inWorld(async (world) => {
        const live = await failedInstance(world);
        const { health, message } = argoHealth(live);
        const own = conditionText(live, 'ResourcesReady').replace(/^\w+ \w+: /, '');
        const letter = String(ResourcesReady).split(' ').at(-1) ?? '';
        return { health, message: message === own && own !== '' ? letter : message };
      }),
  },
  {
    input: { kind: /^instance of group kro\.run$/, state: /^IN_PROGRESS$/, ResourcesReady: /^False, message \w+$/ },
    check: ({ ResourcesReady }) =>
      inWorld(async (world) => {
        await putInstance(world, [{ id: 'e', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'absent' } } }]);
        const live = await instance(world);
        const { health, message } = argoHealth(live);
        const own = conditionText(live, 'ResourcesReady').replace(/^\w+ \w+: /, '');
        return { health, message: message === own && own !== '' ? (String(ResourcesReady).split(' ').at(-1) ?? '') : message };
      }),
  },
  {
    input: { Ready: /^True$/, observedGeneration: /^older than generation$/ },
    check: () =>
      inWorld(async (world) => {
        const live = await inKroGroup(world);
        if (live === undefined) throw new UnknownForm('the instance does not exist');
        const now = argoHealth(live).health;
        const later = argoHealth({ ...live, metadata: { ...live.metadata, generation: (live.metadata.generation ?? 0) + 1 } });
        return { health: now === 'Healthy' ? later.health : `${now} before the change` };
      }),
  },
  {
    input: { Ready: /^True$/, observedGeneration: /^(equal|current|generation)/ },
    check: () => inWorld(async (world) => ({ ...argoHealth(await inKroGroup(world)) })),
  },
  {
    input: { kind: /^Graph$/, Ready: /^(True|False)$/ },
    check: ({ Ready }) =>
      inWorld(async (world) => {
        const waits = { ...template('a'), readyWhen: ["${a.data.k == 'later'}"] };
        await putGraph(world, graphObject([Ready === 'True' ? template('a') : waits]));
        return { ...argoHealth(await getGraph(world)) };
      }),
  },
  {
    input: { 'status.conditions': /none|absent|missing|\[\]/ },
    check: () => ({ ...argoHealth(liveMap('x')) }),
  },
  {
    input: { deletionTimestamp: /^true$/, finalizers: /^\["kro\.run\/graph-finalizer"\]$/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('a')]));
        refuse(world, ofGraphs('DELETE'), 500, 'InternalError', 'no deletion');
        await world.user.delete(graphRef());
        await world.advance(5000);
        const isHeld = (await world.user.find(mapRef('a'))) !== undefined;
        return isHeld ? { ...argoHealth(await getGraph(world)) } : {};
      }),
  },
];
