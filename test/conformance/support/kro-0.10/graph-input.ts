import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, parseApiVersion, stringifyJson } from '@typekro/kit/core';
import { builtinSource } from '../../../../packages/engine/src/schema/index.ts';
import { patchManager } from '../../../../packages/engine/src/runtime/objects/field-managers.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KroCase } from './cases.ts';
import { anyCrd, getGraph, NAMESPACE, serve } from './case-world.ts';

/** The error for a case whose input has a form for which the runner has no rule. */
export class UnknownForm extends Error {}

/** The nodes of a case in each phase. A string such as `true then false` has one value per phase. */
export function phasesOf({ input }: KroCase): JsonObject[][] {
  const defs: JsonObject[] = [];
  const read = (value: JsonValue, phase: number): JsonValue => {
    if (Array.isArray(value)) return value.map((each) => read(each, phase));
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readMember(key, each ?? null, phase)]));
    }
    return typeof value === 'string' ? readText(value, phase) : value;
  };
  const readMember = (key: string, value: JsonValue, phase: number): JsonValue => {
    const dimensions = key === 'forEach' && typeof value === 'string' ? /^(\d+) dimensions$/.exec(value)?.[1] : undefined;
    if (dimensions === undefined) return read(value, phase);
    return Array.from({ length: Number(dimensions) }, (_, index) => ({ [`axis${index}`]: "${['x']}" }));
  };
  const readText = (text: string, phase: number): JsonValue => {
    const list = /^<list(?: of (\d+))?>$/.exec(text);
    if (list !== null) {
      const id = `list${defs.length}`;
      const count = Number(list[1] ?? 60);
      defs.push({ id, def: { l: Array.from({ length: count }, (_, index) => `i${index}`) } });
      return `\${${id}.l}`;
    }
    const name = /^<(\w+)>$/.exec(text)?.[1];
    if (name !== undefined && input[name] !== undefined) return read(input[name], phase);
    if (/<\w[^>]*>/.test(text)) throw new UnknownForm(`no rule for "${text}"`);
    const values = text.split(' then ');
    return values.length === 1 ? text : scalarOf(values[Math.min(phase, values.length - 1)] ?? '');
  };
  const nodes = input['nodes'];
  if (!Array.isArray(nodes)) throw new UnknownForm('the case has no nodes');
  const phases = Math.max(1, ...stringifyJson(nodes).split('"').map((text) => text.split(' then ').length));
  return Array.from({ length: phases }, (_, phase) => {
    defs.length = 0;
    const made = (read(nodes, phase) as JsonObject[]).map(completed);
    return [...defs, ...made];
  });
}

const scalarOf = (text: string): JsonValue => (text === 'true' || text === 'false' ? text === 'true' : text);

/**
 * Adds a template to a node for which the case states no payload, such as a node with only `forEach`. The node then
 * writes one ConfigMap per element.
 */
function completed(node: JsonObject): JsonObject {
  if (['template', 'ref', 'def', 'patch', 'graph'].some((key) => key in node)) return node;
  const dimensions = Array.isArray(node['forEach']) ? node['forEach'].filter(isJsonObject).flatMap(Object.keys) : [];
  const name = ["'c'", ...dimensions].join(" + '-' + ");
  return { ...node, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `\${${name}}` } } };
}

/** The payloads of the nodes (the members `template`, `ref` and `patch`), including the nodes of subgraphs. */
export function payloadsOf(nodes: readonly JsonObject[]): { readonly key: string; readonly payload: JsonObject }[] {
  return nodes.flatMap((node) => {
    const inner = isJsonObject(node['graph']) ? node['graph']['nodes'] : undefined;
    const below = Array.isArray(inner) ? payloadsOf(inner.filter(isJsonObject)) : [];
    const own = ['template', 'ref', 'patch'].flatMap((key) => {
      const payload = node[key];
      return isJsonObject(payload) ? [{ key, payload }] : [];
    });
    return [...own, ...below];
  });
}

/** Serves the custom kinds of the nodes, except when the case says that the kinds are unknown. */
export async function serveKinds(world: VirtualWorld, { input }: KroCase, nodes: readonly JsonObject[]): Promise<void> {
  if (/unknown|missing|no CRD/.test(String(input['cluster'] ?? ''))) return;
  for (const { payload } of payloadsOf(nodes)) {
    const { apiVersion, kind } = payload;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || /\$\{/.test(apiVersion + kind)) continue;
    const type = { ...parseApiVersion(apiVersion), kind };
    if (type.group.includes('.') && builtinSource().resourceOf(type) === undefined) await serve(world, anyCrd(apiVersion, kind));
  }
}

/** The namespaces that a case names: in manifests, and as `Kind namespace/name` in its sentences. */
export function namespacesOf({ input, expect }: KroCase): string[] {
  const text = stringifyJson({ input, expect });
  const inManifests = [...text.matchAll(/"(?:graphNamespace|namespace)":"([a-z0-9-]+)"/g)];
  const inWords = [...text.matchAll(/[A-Z]\w+ ([a-z0-9-]+)\/[\w-]/g)];
  return [NAMESPACE, ...[...inManifests, ...inWords].map(([, name = '']) => name)];
}

/**
 * Creates the objects that exist before the Graph. If an object needs the Graph's UID, returns a function that creates
 * the object from the UID.
 */
export async function putExisting(
  world: VirtualWorld,
  { input }: KroCase,
  nodes: readonly JsonObject[],
): Promise<((uid: string) => Promise<void>) | undefined> {
  const existing = Array.isArray(input['existing']) ? input['existing'] : [];
  let later: ((uid: string) => Promise<void>) | undefined;
  for (const entry of existing) {
    if (isJsonObject(entry)) {
      for (const [words, data] of Object.entries(entry)) await put(world, objectIn(words, nodes), { data: data ?? null });
      continue;
    }
    const words = String(entry);
    if (/stale patch manager of the same Graph/.test(words)) {
      later = (uid) => putTarget(world, nodes, patchManager(uid, 'gone'));
      continue;
    }
    const matching = /^(\d+) matching(?: in (?:any|all|several) namespaces?)?/.exec(words)?.[1];
    if (matching !== undefined) await putMatching(world, nodes, Number(matching));
    else await putInWords(world, words, nodes);
  }
  return later;
}

/**
 * Creates the object that a sentence of the case names (`Kind namespace/name` or `Kind name`), in the state that the
 * sentence describes.
 */
async function putInWords(world: VirtualWorld, words: string, nodes: readonly JsonObject[]): Promise<void> {
  const object = objectIn(words, nodes);
  const rest = words.slice((/^\w+ [\w./-]+/.exec(words)?.[0] ?? '').length);
  const applied = /^, data\.(\w+)=(\w+) (?:applied|owned) by (?:another|a foreign|an other) (?:field )?manager$/.exec(rest);
  if (applied !== null) {
    await put(world, object, { data: { [applied[1] ?? '']: applied[2] ?? '' } }, 'another');
  } else if (/^ with deletionTimestamp$/.test(rest)) {
    const held = { ...object, metadata: { ...object.metadata, finalizers: ['example.com/held'] } };
    await put(world, held, { data: { k: 'old' } });
    await world.user.delete({ ...object, name: object.metadata.name ?? '', ...namespaceOf(object) });
  } else if (rest === '') await put(world, object, {});
  else throw new UnknownForm(`no rule for "${words}"`);
}

/**
 * The object that the sentence `words` names. It has the apiVersion of the first node with the same kind, and `v1` if
 * there is no such node.
 */
function objectIn(words: string, nodes: readonly JsonObject[]): KubeObject {
  const found = /^(\w+) (?:([\w-]+)\/)?([\w.-]+)/.exec(words);
  if (found === null) throw new UnknownForm(`no object in "${words}"`);
  const [, kind = '', place, name = ''] = found;
  const payload = payloadsOf(nodes).find((each) => each.payload['kind'] === kind)?.payload;
  const apiVersion = typeof payload?.['apiVersion'] === 'string' ? payload['apiVersion'] : 'v1';
  return { apiVersion, kind, metadata: { name, ...(place === undefined ? {} : { namespace: place }) } };
}

const namespaceOf = ({ metadata }: KubeObject) =>
  metadata.namespace === undefined ? {} : { namespace: metadata.namespace };

async function put(world: VirtualWorld, object: KubeObject, fields: JsonObject, fieldManager = 'theirs'): Promise<void> {
  await world.user.apply({ ...object, ...fields }, { fieldManager, force: true });
}

/**
 * Creates the target of the first patch node. The manager `fieldManager` writes other values into the patched fields.
 */
async function putTarget(world: VirtualWorld, nodes: readonly JsonObject[], fieldManager: string): Promise<void> {
  const patch = payloadsOf(nodes).find(({ key }) => key === 'patch')?.payload;
  if (patch === undefined || !isJsonObject(patch['data']) || !isJsonObject(patch['metadata'])) {
    throw new UnknownForm('the case has no patch of data');
  }
  const data = Object.fromEntries(Object.keys(patch['data']).map((key) => [key, 'stale']));
  const metadata = { namespace: NAMESPACE, ...patch['metadata'] };
  await put(world, { ...patch, metadata } as unknown as KubeObject, { data }, fieldManager);
}

/** The namespaces in which `putMatching` creates the objects that a selector matches. */
export const SELECTED_NAMESPACES = ['one', 'two', NAMESPACE] as const;

/**
 * Creates objects with the labels that the first selector requires. The objects are spread evenly over
 * `SELECTED_NAMESPACES`.
 */
export async function putMatching(world: VirtualWorld, nodes: readonly JsonObject[], count: number): Promise<void> {
  const ref = payloadsOf(nodes).find(({ key }) => key === 'ref')?.payload;
  const selector = ref !== undefined && isJsonObject(ref['metadata']) ? ref['metadata']['selector'] : undefined;
  if (ref === undefined || !isJsonObject(selector)) throw new UnknownForm('the case has no selector');
  for (let index = 0; index < count; index += 1) {
    const place = SELECTED_NAMESPACES[index % SELECTED_NAMESPACES.length] ?? NAMESPACE;
    const labels = isJsonObject(selector['matchLabels']) ? selector['matchLabels'] : {};
    const { apiVersion, kind } = ref;
    await put(world, { apiVersion, kind, metadata: { name: `match-${index}`, namespace: place, labels } } as unknown as KubeObject, {});
  }
}

/** The UID of the Graph. */
export async function uidOf(world: VirtualWorld, place: string): Promise<string> {
  return (await getGraph(world, 'g', place))?.metadata.uid ?? '';
}
