import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { kindsNamed } from '../../../../packages/controller/src/controller/graph/graph-object.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { anyCrd, config, graphCondition, graphObject, inWorld, liveMap, putGraph, serve, template } from './case-world.ts';
import { UnknownForm } from './graph-input.ts';
import { type Findings, type WordRule, listOf } from './words.ts';

const API = 'ex.io/v1';
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
const crdRef = (plural: string) => ({ ...CRD, name: `${plural}.ex.io` });

const STATIC: JsonObject = { id: 'w', template: { apiVersion: API, kind: 'Widget', metadata: { name: 'w' } } };
const DYNAMIC: readonly JsonObject[] = [
  { id: 'd', def: { kind: 'ConfigMap' } },
  { id: 'c', template: { apiVersion: 'v1', kind: '${d.kind}', metadata: { name: 'c' } } },
];

/** The nodes of each Graph, by the words with which a case names the Graph. */
const GRAPHS: Readonly<Record<string, readonly JsonObject[]>> = {
  subscribers: [STATIC],
  'all Graphs with dynamic GVK': DYNAMIC,
  'Graphs of other kinds': [template('a')],
};

/** The number of passes over Graphs until now, from the metrics of the controller. */
function passes(world: VirtualWorld): number {
  const lines = world.controller.metricsText().matchAll(/^controller_runtime_reconcile_total\{controller="graph"[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Changes a part of a CRD as another client. */
async function edit(world: VirtualWorld, plural: string, change: (crd: KubeObject, version: JsonObject) => void): Promise<void> {
  const crd = structuredClone(await world.user.get(crdRef(plural)));
  const versions = crd.spec?.['versions'];
  const [version] = Array.isArray(versions) ? versions : [];
  change(crd, isJsonObject(version) ? version : {});
  await world.user.update(crd);
  await world.advance(10_000);
}

const COLUMN: JsonObject = { name: 'A', type: 'string', jsonPath: '.spec.a' };

/** The changes of a CRD, each with a pattern that the words of a case match. */
const CHANGES: readonly (readonly [RegExp, (crd: KubeObject, version: JsonObject) => void])[] = [
  [/annotation|resourceVersion/, (crd) => void (crd.metadata.annotations = { note: '1' })],
  [/label/, (crd) => void (crd.metadata.labels = { note: '1' })],
  [/served/, (crd, version) => addVersion(crd, version, { served: false })],
  [/storage/, (crd, version) => addVersion(crd, version, {})],
  [/version/, (crd, version) => addVersion(crd, version, {})],
  [/printer column/, (_crd, version) => void (version['additionalPrinterColumns'] = [COLUMN])],
  [/subresource/, (_crd, version) => void (version['subresources'] = {})],
  [/conversion/, (crd) => void ((crd.spec ?? {})['preserveUnknownFields'] = false)],
  [/kind|names/, (crd) => void (crd.spec = { ...crd.spec, names: { ...names(crd), shortNames: ['wd'] } })],
  [/schema/, (_crd, version) => setSchema(version)],
];

const names = (crd: KubeObject): JsonObject => {
  const found = crd.spec?.['names'];
  return isJsonObject(found) ? found : {};
};

function addVersion(crd: KubeObject, version: JsonObject, more: JsonObject): void {
  const versions = crd.spec?.['versions'];
  if (Array.isArray(versions)) versions.push({ ...structuredClone(version), name: 'v2', storage: false, ...more });
}

function setSchema(version: JsonObject): void {
  const schema = version['schema'];
  const root = isJsonObject(schema) ? schema['openAPIV3Schema'] : undefined;
  if (isJsonObject(root)) root['properties'] = { spec: { type: 'object', properties: { size: { type: 'integer' } } } };
}

function changeOf(words: string): (crd: KubeObject, version: JsonObject) => void {
  const found = CHANGES.find(([pattern]) => pattern.test(words));
  if (found === undefined) throw new UnknownForm(`no change "${words}"`);
  return found[1];
}

/** Does a change of a CRD cause a pass of a Graph with these nodes? */
const isWoken = (nodes: readonly JsonObject[], applyChange: (world: VirtualWorld) => Promise<void>): Promise<boolean> =>
  inWorld(async (world) => {
    await serve(world, anyCrd(API, 'Widget'));
    await serve(world, anyCrd(API, 'Gadget'));
    await putGraph(world, graphObject([...nodes]), 20_000);
    const before = passes(world);
    await applyChange(world);
    return passes(world) > before;
  });

/** The Graphs that get a pass because of a change, by their names in `GRAPHS`. */
async function woken(expect: JsonObject, applyChange: (world: VirtualWorld) => Promise<void>, candidates = Object.keys(GRAPHS)): Promise<Findings> {
  const found: string[] = [];
  for (const name of candidates) if (await isWoken(GRAPHS[name] ?? [], applyChange)) found.push(name);
  const inOrder = listOf(expect['woken']);
  return { woken: [...inOrder.filter((name) => found.includes(name)), ...found.filter((name) => !inOrder.includes(name))] };
}

/**
 * Creates a Graph that names a missing kind, and then the CRD of the kind. Is the Graph refused before the CRD exists,
 * and accepted afterwards?
 */
const subscribes = (nodes: readonly JsonObject[]): Promise<boolean> =>
  inWorld(async (world) => {
    await world.apply(liveMap('any'));
    await putGraph(world, graphObject([...nodes]));
    const isRefused = (await graphCondition(world, 'Accepted')).startsWith('False');
    await serve(world, anyCrd(API, 'Widget'));
    await world.advance(2000);
    return isRefused && (await graphCondition(world, 'Accepted')).startsWith('True');
  });

const REFERRING: Readonly<Record<string, JsonObject>> = {
  template: STATIC,
  ref: { id: 'w', ref: { apiVersion: API, kind: 'Widget', metadata: { name: 'w' } } },
  patch: { id: 'w', patch: { apiVersion: API, kind: 'Widget', metadata: { name: 'w' }, spec: { a: 'b' } } },
  'a node inside a subgraph': { id: 's', graph: { nodes: [STATIC] } },
};

/** Parses the words for nodes: `def`, `template ConfigMap twice`, `ref Pod`, `dynamic`. */
function nodesInWords(words: string, at: number): JsonObject[] {
  const [kind = '', type = 'ConfigMap', times] = words.split(' ');
  const payload: JsonObject = { apiVersion: 'v1', kind: type, metadata: { name: 'x' } };
  const node = (id: string): JsonObject => {
    if (kind === 'def') return { id, def: { apiVersion: 'v1', kind: 'Secret' } };
    if (kind === 'dynamic') return { id, template: { ...payload, kind: '${d.kind}' } };
    if (['template', 'ref', 'patch'].includes(kind)) return { id, [kind]: payload };
    throw new UnknownForm(`no node "${words}"`);
  };
  return times === 'twice' ? [node(`n${at}a`), node(`n${at}b`)] : [node(`n${at}`)];
}

const nothing = (): Promise<void> => Promise.resolve();

/** The rules for cases about a change of a CRD, and about the Graphs that get a pass because of the change. */
export const SCHEMA_WATCH_RULES: readonly WordRule[] = [
  {
    input: { crdChange: /./ },
    check: async ({ crdChange }) => ({
      sameHash: !(await isWoken([STATIC], (world) => edit(world, 'widgets', changeOf(String(crdChange))))),
    }),
  },
  {
    input: { crd: /^subscribed kind, .* changed$/ },
    check: ({ crd }, expect) => woken(expect, (world) => edit(world, 'widgets', changeOf(String(crd).split(', ')[1] ?? ''))),
  },
  {
    input: { crd: /^other kind, .* changed$/ },
    check: ({ crd }, expect) => woken(expect, (world) => edit(world, 'gadgets', changeOf(String(crd).split(', ')[1] ?? ''))),
  },
  {
    input: { crd: /^deleted$/ },
    check: (_input, expect) =>
      woken(
        expect,
        async (world) => {
          await world.user.delete(crdRef('widgets'));
          await world.advance(10_000);
        },
        ['subscribers', 'Graphs of other kinds'],
      ),
  },
  {
    input: { crd: /^added after the Graph failed to compile$/ },
    check: async () => {
      const isAccepted = await subscribes([STATIC]);
      return { woken: isAccepted ? ['the Graph'] : [], then: isAccepted ? 'Accepted True' : 'Accepted False' };
    },
  },
  {
    input: { pass: /^committed$/, kindNoLongerUsed: /^true$/ },
    check: () =>
      inWorld(async (world): Promise<Findings> => {
        await serve(world, anyCrd(API, 'Widget'));
        await putGraph(world, graphObject([STATIC]));
        await putGraph(world, graphObject([template('a')]), 120_000);
        const before = passes(world);
        await edit(world, 'widgets', changeOf('schema'));
        return { subscriptions: passes(world) === before ? 'removed' : 'kept' };
      }),
  },
  {
    input: { 'missing CRD referenced by': /^\[/ },
    check: async (input) => {
      for (const words of listOf(input['missing CRD referenced by'])) {
        const node = REFERRING[words];
        if (node === undefined) throw new UnknownForm(`no node "${words}"`);
        if (!(await subscribes([node]))) return { subscribed: false };
      }
      return { subscribed: true };
    },
  },
  {
    input: { graph: /^has a dynamic node and does not compile$/ },
    check: async () => {
      const broken: JsonObject = { id: 'x', template: config('x', { v: '${nowhere.a}' }) };
      const isSubscribed = await isWoken([...DYNAMIC, broken], (world) => edit(world, 'gadgets', changeOf('schema')));
      const isQuiet = !(await isWoken([...DYNAMIC, broken], nothing));
      return { stillSubscribedTo: isSubscribed && isQuiet ? 'every CRD change' : 'nothing' };
    },
  },
  {
    input: { nodes: /^\["/ },
    check: ({ nodes }) => {
      const all = listOf(nodes).flatMap(nodesInWords);
      const { types, isDynamic } = kindsNamed({ apiVersion: 'v1', kind: 'Graph', metadata: {}, spec: { nodes: all } });
      return { groupKinds: [...new Set(types.map(({ kind }) => kind))] as JsonValue, hasDynamic: isDynamic };
    },
  },
];
