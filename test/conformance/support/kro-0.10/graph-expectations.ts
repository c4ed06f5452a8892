import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { NODE_ID_LABEL } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import { containsAll } from './cases.ts';
import { same } from './compile-cases.ts';
import { differences, entriesOf } from './case-world.ts';
import { putMatching, SELECTED_NAMESPACES, UnknownForm } from './graph-input.ts';
import { type GraphRun, nodeOf } from './graph-run.ts';

type Expectation = (run: GraphRun, expected: JsonValue) => Promise<string[]>;

const texts = (value: JsonValue): string[] => (Array.isArray(value) ? value : [value]).map(String);
const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? '';

/** Do words such as `v1/ConfigMap team/a {k: v}` or `a` describe the object? */
function fits(object: KubeObject, words: string): boolean {
  const [, head = '', tail = ''] = /^([^{(]+?)\s*([{(].*)?$/.exec(words) ?? [];
  const [, version, kind, place, name] = /^(?:([\w.]+(?:\/v\w+)?)\/)?(?:(\w+) )?(?:([\w-]+)\/)?([\w.-]+)$/.exec(head) ?? [];
  const { apiVersion, metadata } = object;
  const isPlaced = /no namespace/.test(tail) ? metadata.namespace === undefined : place === undefined || metadata.namespace === place;
  const isSame = (version === undefined || version === apiVersion) && (kind === undefined || kind === object.kind) && name === metadata.name;
  return isSame && isPlaced && hasData(object, tail);
}

/** Does the data of the object match words such as `{k: v, n: "2"}`? `without m` means that the key `m` is absent. */
function hasData(object: KubeObject, words: string): boolean {
  const data = isJsonObject(object['data']) ? object['data'] : {};
  const pairs = [...words.matchAll(/[{,]\s*(\w+):\s*"?([^",}]*)"?/g)];
  const absent = [...words.matchAll(/without (\w+)/g)];
  return (
    pairs.every(([, key = '', value]) => data[key] === value) && absent.every(([, key = '']) => !Object.hasOwn(data, key))
  );
}

function children(found: readonly KubeObject[], expected: JsonValue): string[] {
  const wanted = texts(expected);
  const shown = found.map(({ kind, metadata }) => `${kind} ${[metadata.namespace, metadata.name].filter(Boolean).join('/')}`);
  // If each entry is a name with data, such as `a {k: v}`, other objects may also exist.
  const isExcerpt = wanted.every((words) => /^[\w.-]+ \{/.test(words));
  const isSame = (isExcerpt || found.length === wanted.length) && wanted.every((words) => found.some((object) => fits(object, words)));
  return isSame ? [] : [`children: ${shown.join(', ')} instead of ${wanted.join(', ')}`];
}

async function hasField(run: GraphRun, path: string): Promise<boolean> {
  const data = (await run.target())?.['data'];
  return isJsonObject(data) && Object.hasOwn(data, path);
}

/**
 * Removes the nodes that have this member (such as `patch`), also from subgraphs. If no node remains, returns a
 * placeholder node, because a Graph needs at least one node.
 */
function without(nodes: readonly JsonObject[], key: string): JsonObject[] {
  const kept = nodes.flatMap((node): JsonObject[] => {
    if (key in node) return [];
    const inner = isJsonObject(node['graph']) ? node['graph']['nodes'] : undefined;
    if (!Array.isArray(inner)) return [node];
    const left = without(inner.filter(isJsonObject), key);
    return [{ ...node, graph: { nodes: left } }];
  });
  return kept.length === 0 ? [{ id: 'rest', def: { x: 'y' } }] : kept;
}

/**
 * Maps the name of an expectation to its check. A check runs when the Graph has settled, and returns the differences.
 */
const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  children: async (run, expected) => children(await run.children(), expected),
  applied: async (run, expected) => {
    const names = (await run.children()).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(nameOf);
    return same('applied', names, expected);
  },
  names: async (run, expected) => same('names', (await run.children()).map(nameOf), expected),
  ordered: () => Promise.resolve([]),
  appliedOrder: async (run) => {
    const names = (await run.children()).map(nameOf);
    const inOrder = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return [...same('order', names, inOrder), ...(names.length > 1 ? [] : ['no objects'])];
  },
  managedResources: async (run, expected) => differences('managedResources', await entries(run, 'managedResources'), expected),
  managedResourceNames: async (run, expected) =>
    same('managedResources', (await entries(run, 'managedResources')).map(({ name }) => String(name)), expected),
  nodeIDs: async (run, expected) =>
    same('node ids', (await entries(run, 'managedResources')).map(({ nodeID }) => String(nodeID)), expected),
  contributions: async (run, expected) => differences('contributions', await entries(run, 'contributions'), expected),
  ready: async (run, expected) => same('ready', await run.isReady(), expected),
  hard: async (run, expected) => same('hard', (await run.outcome()) === 'hard', expected),
  soft: async (run, expected) => same('soft', (await run.outcome()) === 'soft', expected),
  reason: async (run, expected) => {
    const reason = (await run.converged()).split(/[ :]/)[1] ?? '';
    const known = String(expected).split(' / ').map((each) => each.replace(/ .*/, ''));
    return known.includes(reason) ? [] : [`reason ${reason} instead of ${String(expected)}`];
  },
  class: async (run, expected) => {
    if (expected !== 'data pending') throw new UnknownForm(`no class "${String(expected)}"`);
    return same('reason', (await run.converged()).split(/[ :]/)[1] ?? '', 'DataPending');
  },
  messageContains: async (run, expected) => containsAll(await run.errorText(), expected),
  messageOfB: async (run, expected) => {
    // The condition of the Graph contains only its first error, which is not that of `b`. Therefore the check reads the
    // controller's report of `b`.
    const report = run.world.controller.reports.report('acme.test/v1/Pot/default/i');
    const waiting = report?.nodes.find(({ id }) => id === 'b')?.because;
    const [first] = waiting?.kind === 'dependency' ? waiting.nodes : [];
    const found = `apply "b": waiting for dependency "${first?.id ?? ''}": executor: node not ready`;
    return same('message of b', found, expected);
  },
  unresolved: async (run, expected) => {
    const found: string[] = [];
    for (const id of texts(expected)) if ((await run.valueOf(id)) === undefined) found.push(id);
    const isWaiting = (await run.outcome()) !== 'clean';
    return [...same('unresolved', found, expected), ...(isWaiting ? [] : ['the Graph has converged'])];
  },
  ignored: async (run, expected) => {
    const found: JsonObject = {};
    for (const id of Object.keys(expected as JsonObject)) found[id] = (await run.valueOf(id)) === undefined;
    return [...same('ignored', found, expected), ...same('ready', await run.isReady(), true)];
  },
  target: async (run, expected) => {
    const live = await run.target();
    if (expected !== 'unchanged') return differences('target', live, expected);
    return same('resourceVersion', live?.metadata.resourceVersion ?? '', run.targetBefore()?.metadata.resourceVersion ?? 'none');
  },
  created: async (run, expected) => same('created', (await run.target()) !== undefined, expected),
  write: async (run, expected) => {
    const [before, after] = [run.targetBefore()?.metadata.resourceVersion ?? '', (await run.target())?.metadata.resourceVersion ?? ''];
    return [...same('write', before !== after, expected), ...(before === '' ? ['the object did not exist'] : [])];
  },
  writes: (run, expected) => Promise.resolve(same('writes', run.writes().length, expected)),
  distinctManagers: async (run, expected) => {
    const fields = ((await run.target())?.metadata.managedFields ?? []) as JsonObject[];
    const managers = new Set(fields.map(({ manager }) => String(manager)).filter((name) => name.startsWith('kro-graphengine.patch.')));
    return same('managers', managers.size, expected);
  },
  forcedRetry: async (run, expected) => {
    const patches = run.writes().filter((write) => write.startsWith('PATCH') && write.includes('/configmaps/'));
    const converged = await run.isReady();
    return [...same('converged', converged, expected), ...(patches.length > 0 ? [] : ['no write'])];
  },
  maxParallel: async (run, expected) => {
    // The number in the case is kro's default limit of parallel writes. The check does not count parallel writes. It
    // requires only that a Graph with more objects than this limit applies all of them.
    const limit = Number(/\((\d+)\)/.exec(String(expected))?.[1] ?? 0);
    const count = (await run.children()).length;
    return count > limit ? [] : [`${count} objects do not reach the limit ${limit}`];
  },
  matches: async (run, expected) => {
    const [id = ''] = run.nodes.filter((node) => 'ref' in node).map((node) => String(node['id']));
    await putMatching(run.world, run.nodes, SELECTED_NAMESPACES.length);
    await run.world.advance(5000);
    const found = ((await run.valueOf(id)) as KubeObject[] | undefined) ?? [];
    const names = (namespace?: string) => found.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace).map(nameOf);
    const one = /^namespace (\w+) only/.exec(String(expected))?.[1];
    const matching = SELECTED_NAMESPACES.map((_, index) => `match-${index}`);
    if (one !== undefined) return same('matches', names(), matching.filter((_, index) => SELECTED_NAMESPACES[index] === one));
    if (!String(expected).startsWith('all objects')) throw new UnknownForm(`no rule for "${String(expected)}"`);
    const all = new Set(names());
    return matching.filter((name) => !all.has(name)).map((name) => `${name} does not match`);
  },
  prune: async (run, expected) => {
    const [first] = run.nodes.filter((node) => !('template' in node)).map((node) => String(node['id']));
    const retired = { id: 'retired', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'retired' } } };
    await run.apply([retired]);
    const isMade = (await run.children()).map(nameOf).includes('retired');
    await run.apply(run.nodes);
    const isPruned = !(await run.children()).map(nameOf).includes('retired');
    return [...same('prune', isPruned, expected), ...(isMade || first !== undefined ? [] : ['the retired object was not made'])];
  },
  afterGraphDelete: async (run, expected) => {
    if (expected !== 'child gone') throw new UnknownForm(`no rule for "${String(expected)}"`);
    const made = await run.children();
    await run.delete();
    const left: string[] = [];
    for (const { apiVersion, kind, metadata } of made) {
      const ref = { apiVersion, kind, name: metadata.name ?? '', ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) };
      if ((await run.world.user.find(ref)) !== undefined) left.push(ref.name);
    }
    return [...left.map((name) => `${name} is left`), ...(made.length > 0 ? [] : ['no child was made'])];
  },
  afterNodeRemoved: async (run, expected) => {
    const rules = isJsonObject(expected) ? expected : {};
    await run.apply(without(run.nodes, 'patch'));
    const found: JsonObject = {};
    for (const key of Object.keys(rules)) {
      const field = /^field (\w+)$/.exec(key)?.[1];
      if (field !== undefined) found[key] = (await hasField(run, field)) ? 'there' : 'gone';
      else if (key === 'object') found[key] = (await run.target()) === undefined ? 'gone' : 'kept';
      else if (key === 'contributions') found[key] = await entries(run, 'contributions');
      else throw new UnknownForm(`no rule for "${key}"`);
    }
    return differences('after the removal', found, rules);
  },
  afterFlip: async (run, expected) => {
    const made = await run.children();
    await run.nextPhase();
    const rules = isJsonObject(expected) ? expected : {};
    const found = [...children(await run.children(), rules['children'] ?? []), ...(made.length > 0 ? [] : ['no child was made'])];
    if ('watch' in rules) found.push(...(await wakesOf(run, made)));
    return found;
  },
};

/**
 * The writes that the controller sends after another client has created the Graph's former objects again. There are no
 * writes if the controller does not watch these objects.
 */
async function wakesOf(run: GraphRun, made: readonly KubeObject[]): Promise<string[]> {
  run.world.requests.length = 0;
  for (const { apiVersion, kind, metadata } of made) {
    const copy = { apiVersion, kind, metadata: { name: metadata.name ?? '', namespace: metadata.namespace ?? '' } };
    await run.world.user.create(copy);
  }
  await run.world.advance(5000);
  return run.writes().map((write) => `${write} after a change of an object that is no longer part of the Graph`);
}

async function entries(run: GraphRun, list: 'managedResources' | 'contributions'): Promise<JsonObject[]> {
  return entriesOf(await run.parent(), list).filter(({ nodeID }) => !String(nodeID).startsWith('probe'));
}

/** Checks `afterCreatingSrc`: creates the missing object of a reference, and compares the children. */
async function afterCreating(run: GraphRun, name: string, expected: JsonValue): Promise<string[]> {
  const ref = run.nodes.find((node) => 'ref' in node)?.['ref'];
  if (!isJsonObject(ref) || !isJsonObject(ref['metadata'])) throw new UnknownForm('the case has no reference');
  const metadata: JsonObject = { namespace: run.place, ...ref['metadata'] };
  if (metadata['name'] !== name) throw new UnknownForm(`no reference to "${name}"`);
  await run.world.user.create({ ...ref, metadata } as KubeObject);
  await run.world.advance(5000);
  return children(await run.children(), expected);
}

/** The rule for an expectation. Undefined when there is no rule. */
export function expectationOf(key: string): Expectation | undefined {
  if (Object.hasOwn(EXPECTATIONS, key)) return EXPECTATIONS[key];
  const created = /^afterCreating(\w+)$/.exec(key)?.[1];
  if (created !== undefined) return (run, expected) => afterCreating(run, created.toLowerCase(), expected);
  const label = /^label (\S+)$/.exec(key)?.[1];
  if (label === NODE_ID_LABEL) return async (run, expected) => same(key, (await run.children()).map(nodeOf)[0] ?? '', expected);
  const id = /^value (\w+)$/.exec(key)?.[1];
  if (id !== undefined) return async (run, expected) => same(key, (await run.valueOf(id)) ?? null, expected);
  return undefined;
}

/** The ids of the nodes whose values a case requests. */
export function probedIds(expect: JsonObject): string[] {
  const ids = Object.entries(expect).flatMap(([key, value]) => {
    if (key === 'unresolved') return texts(value ?? []);
    if (key === 'ignored' && isJsonObject(value)) return Object.keys(value);
    return /^value (\w+)$/.exec(key)?.slice(1) ?? [];
  });
  return ids;
}
