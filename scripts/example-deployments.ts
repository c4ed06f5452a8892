import { readFileSync } from 'node:fs';
import { type JsonObject, type KubeObject, gvkOf, isJsonObject } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { type Composition, type GraphComposition, typeKroRuntimeBootstrap } from '@typekro/sdk';
import { type TestCluster, createCluster } from '@typekro/testing';
import { projectDefinitions } from './example-graphs.ts';
import { TIMEOUT_MS, giveRights, until } from './example-forms.ts';
import { type Story, differences, filledIn } from './example-stories.ts';

/** The result of one story, which is one deployment of an example. */
export interface Outcome {
  readonly milliseconds: number;
  /** The problems. Empty when the example did what its header says. */
  readonly problems: readonly string[];
}

type AnyGraph = Pick<GraphComposition, 'factory'>;
type AnyComposition = Pick<Composition<JsonObject, JsonObject, never, JsonObject>, 'factory' | 'toDefinition'>;

/**
 * Deploys the stories of a file in order, in a fresh cluster with simulated workloads. Either this process or a
 * controller deploys them. The cluster has the kinds of other projects that the stories use. When a story uses Flux,
 * simulated Flux controllers run.
 */
export async function deployStories(
  mode: 'direct' | 'kro',
  stories: readonly Story[],
  compositions: Readonly<Record<string, unknown>>,
): Promise<readonly (Outcome | undefined)[]> {
  const compositionOf = ({ exported }: Story) => compositions[exported] as AnyComposition;
  const statuses = new Map<string, JsonObject>();
  const outcomes: (Outcome | undefined)[] = [];
  await withCluster(async (cluster, signal) => {
    await prepare(
      cluster,
      stories.flatMap((story) => kindsIn(compositionOf(story).toDefinition())),
    );
    // The controller runs even when this process deploys the graph, because the graph may contain another graph that
    // the controller reconciles.
    await cluster.startController({ features: { graphKind: true }, serviceAccount: CONTROLLER_ACCOUNT });
    if (stories.some((story) => isGraph(compositionOf(story)))) await giveRights(cluster.client, ['default']);
    for (const story of stories) {
      playControllers(cluster, story, kindsIn(compositionOf(story).toDefinition()), signal);
      const options = { namespace: 'default', transport: cluster.transport, timeout: TIMEOUT_MS };
      const began = performance.now();
      if (isGraph(compositionOf(story))) {
        outcomes.push(await deployGraph(mode, story, compositions[story.exported] as AnyGraph, cluster));
        continue;
      }
      const factory = compositionOf(story).factory(mode, options);
      try {
        const { metadata } = await factory.deploy(filledIn(story.spec, statuses));
        const milliseconds = performance.now() - began;
        const { status, problems } = await settled(story, async () => {
          const instances = await factory.getInstances();
          return instances.find((instance) => instance.metadata.name === metadata.name)?.status;
        });
        statuses.set(story.exported, status);
        outcomes.push({ milliseconds, problems });
      } catch (error) {
        outcomes.push({ milliseconds: performance.now() - began, problems: [String(error)] });
      }
    }
  });
  return outcomes;
}

/** The ServiceAccount of the controller. The controller never uses this account to apply the objects of a Graph. */
const CONTROLLER_ACCOUNT = { namespace: 'kro-system', name: 'typekro' };

const isGraph = (made: Pick<AnyComposition, 'toDefinition'>): boolean => made.toDefinition()['kind'] === 'Graph';

/**
 * Deploys a graph, which serves no kind, and compares the objects that its story names with the expected ones. Returns
 * undefined for a mode that the graph does not support.
 */
async function deployGraph(
  mode: 'direct' | 'kro',
  story: Story,
  graph: AnyGraph,
  cluster: TestCluster,
): Promise<Outcome | undefined> {
  const began = performance.now();
  try {
    await graph.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: TIMEOUT_MS }).deploy();
    const milliseconds = performance.now() - began;
    const { problems } = await settled(story, () => objectsOf(cluster, Object.keys(story.gives)));
    return { milliseconds, problems };
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'compose/mode') return undefined;
    return { milliseconds: performance.now() - began, problems: [String(error)] };
  }
}

/** The objects of the core group that exist and have one of these names (`Kind name`), keyed by name. */
async function objectsOf(cluster: TestCluster, names: readonly string[]): Promise<JsonObject> {
  const found: JsonObject = {};
  for (const each of names) {
    const [kind = '', name = ''] = each.split(' ');
    const object = await cluster.client.find({ apiVersion: 'v1', kind, name, namespace: 'default' });
    if (object !== undefined) found[each] = object as unknown as JsonObject;
  }
  return found;
}

/** Creates the objects of a YAML file while a controller runs: its definitions, and then its only instance. */
export async function deployDocuments(path: URL, story: Story): Promise<Outcome> {
  const objects = parseDefinitions(readFileSync(path, 'utf8'), path.pathname).documents.map(
    ({ value }) => value as unknown as KubeObject,
  );
  const isDefinition = ({ kind }: KubeObject) => kind === 'ResourceGraphDefinition';
  return withCluster(async (cluster) => {
    await cluster.startController();
    const began = performance.now();
    for (const definition of objects.filter(isDefinition)) {
      await cluster.client.create(definition);
      const place = { ...definition, name: definition.metadata.name ?? '' };
      await until(async () => (await cluster.client.get(place)).status?.['state'] === 'Active');
    }
    const instance = objects.find((object) => !isDefinition(object));
    if (instance === undefined) return { milliseconds: 0, problems: ['there is no instance'] };
    const ref = { ...instance, namespace: 'default', name: instance.metadata.name ?? '' };
    await cluster.client.create({ ...instance, metadata: { namespace: 'default', ...instance.metadata } });
    const { problems } = await settled(story, async () => (await cluster.client.find(ref))?.status);
    return { milliseconds: performance.now() - began, problems };
  });
}

async function withCluster<T>(work: (cluster: TestCluster, signal: AbortSignal) => Promise<T>): Promise<T> {
  const cluster = await createCluster({ clock: 'real' });
  const ended = new AbortController();
  try {
    return await work(cluster, ended.signal);
  } finally {
    ended.abort();
    await cluster.close();
  }
}

/** The kinds of the resources of a definition, or of the templates of a Graph. */
function kindsIn(definition: JsonObject): readonly { readonly group: string; readonly kind: string }[] {
  type Entries = readonly { template?: KubeObject }[];
  const { resources = [], nodes = [] } = definition['spec'] as unknown as { resources?: Entries; nodes?: Entries };
  return [...resources, ...nodes].flatMap(({ template }) => (template === undefined ? [] : [gvkOf(template)]));
}

/** Does the kind belong to Flux? The package simulates the controllers of Flux. */
const isFlux = ({ group }: { readonly group: string }): boolean => group.endsWith('.toolkit.fluxcd.io');

async function prepare(cluster: TestCluster, kinds: ReturnType<typeof kindsIn>): Promise<void> {
  if (kinds.some(isFlux)) {
    const options = { namespace: 'flux-system', transport: cluster.transport, timeout: TIMEOUT_MS };
    await typeKroRuntimeBootstrap().factory('direct', options).deploy({ namespace: 'flux-system' });
  }
  const needed = new Set(kinds.filter((kind) => !isFlux(kind)).map(({ group, kind }) => `${kind}.${group}`));
  for (const crd of projectDefinitions()) {
    if (needed.has(`${kindOf(crd.spec)}.${groupOf(crd.spec)}`)) await cluster.client.create(crd);
  }
}

/**
 * Simulates the controllers of other projects' kinds: reports every generation as observed and ready, with the status
 * that the story reports.
 */
function playControllers(
  cluster: TestCluster,
  { reports }: Story,
  kinds: ReturnType<typeof kindsIn>,
  signal: AbortSignal,
): void {
  const used = new Set(kinds.filter((kind) => !isFlux(kind)).map(({ group, kind }) => `${kind}.${group}`));
  for (const { spec } of projectDefinitions()) {
    const [kind, group] = [kindOf(spec), groupOf(spec)];
    if (!used.has(`${kind}.${group}`)) continue;
    const [version] = (spec as unknown as { readonly versions: readonly Version[] }).versions;
    if (version === undefined || version.subresources?.status === undefined) continue;
    void playController(cluster, { apiVersion: `${group}/${version.name}`, kind }, reports.get(kind) ?? {}, signal);
  }
}

interface Version {
  readonly name: string;
  readonly subresources?: { readonly status?: JsonObject };
}

async function playController(
  cluster: TestCluster,
  type: { readonly apiVersion: string; readonly kind: string },
  report: JsonObject,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map<string, number>();
  for await (const event of cluster.client.watch(type, { signal })) {
    if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
    const { name = '', namespace = '', generation = 1, uid = '' } = event.object.metadata;
    if (seen.get(uid) === generation) continue;
    seen.set(uid, generation);
    const lastTransitionTime = new Date().toISOString();
    const ready = { type: 'Ready', status: 'True', reason: 'Played', message: '', lastTransitionTime };
    const status = { observedGeneration: generation, conditions: [ready], ...report };
    const ref = namespace === '' ? { ...type, name } : { ...type, name, namespace };
    await cluster.client.patch(ref, { status }, { type: 'merge', subresource: 'status' });
  }
}

/** Waits at most `TIMEOUT_MS` for the status that the story expects. Returns the last status and its problems. */
async function settled(
  { gives }: Story,
  read: () => Promise<JsonObject | undefined>,
): Promise<{ readonly status: JsonObject; readonly problems: readonly string[] }> {
  let status: JsonObject = {};
  let problems: readonly string[] = [];
  await until(async () => {
    status = (await read()) ?? {};
    problems = differences(gives, status);
    return problems.length === 0;
  });
  return { status, problems };
}

const kindOf = (spec: JsonObject | undefined): string =>
  isJsonObject(spec?.['names']) ? String(spec['names']['kind']) : '';
const groupOf = (spec: JsonObject | undefined): string => String(spec?.['group']);
