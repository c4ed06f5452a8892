/**
 * The examples of `examples/graphs/`. Each example runs in every form that can express the example: as a Graph object,
 * as an instance of a definition, and as a TypeScript program in kro mode and in direct mode. Every form must create
 * equal objects. The YAML documents of a file are the Graph, the definition and the instance of the example, and the
 * objects that other clients create. The header of the file lists the objects after each step:
 *
 *     # Step 1, waiting: { ConfigMap menu: null }
 *     # Step 2, ready: { ConfigMap menu: { data: { soup: leek } } }
 *
 * Documents with the annotation `examples.typekro.dev/step: "2"` come in the second step.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, parseAllDocuments } from 'yaml';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { GraphComposition } from '@typekro/sdk';
import { type TestCluster, createCluster } from '@typekro/testing';
import { differences } from './example-stories.ts';

/** The end of a step: the objects are complete, something is missing, or the graph is refused. */
export type End = 'ready' | 'waiting' | 'refused';

/** A form of an example. */
export type Form = 'Graph' | 'RGD' | 'TypeScript' | 'direct';

interface Step {
  readonly end: End;
  /** Objects by `Kind name` or `Kind.group name`; null for an object that does not exist. */
  readonly gives: JsonObject;
}

/** One example. */
export interface FormExample {
  readonly file: string;
  readonly steps: readonly Step[];
  /** The documents of each step. */
  readonly documents: readonly (readonly KubeObject[])[];
}

/** The result of one form: the objects after each step, and their differences from the header. */
export interface FormResult {
  readonly form: Form;
  readonly milliseconds: number;
  readonly objects: readonly JsonObject[];
  readonly problems: readonly string[];
}

const FOLDER = new URL('../examples/graphs/', import.meta.url);
const STEP = 'examples.typekro.dev/step';
const LINE = /^Step (\d), (ready|waiting|refused): (.*)$/;
const NAMESPACES = ['team-a', 'kro-system'];
const ACCOUNT = { namespace: 'kro-system', name: 'typekro' };

/** The time limit of one step, in milliseconds. */
export const TIMEOUT_MS = 20_000;

/** Milliseconds after which the objects of a graph that is not ready count as final. */
const REST_MS = 300;

/** The examples in the order of their numbers. */
export function formExamples(): FormExample[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  const numbered = files.map((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    return { number: Number(/^# E(\d+)\./.exec(text)?.[1]), example: exampleOf(file, text) };
  });
  return numbered.sort((a, b) => a.number - b.number).map(({ example }) => example);
}

function exampleOf(file: string, text: string): FormExample {
  const header = /^(?:#.*\n)*/.exec(text)?.[0] ?? '';
  const steps = header
    .replace(/\n# {3}/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, , end, objects = ''] = LINE.exec(line.replace(/^# ?/, '')) ?? [];
      return end === undefined ? [] : [{ end: end as End, gives: parse(objects) as JsonObject }];
    });
  if (steps.length === 0) throw new Error(`${file}: the header names no step`);
  const all = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  const documents = steps.map((_, index) => all.filter((object) => stepOf(object) === index + 1));
  return { file, steps, documents };
}

const stepOf = ({ metadata }: KubeObject): number => Number(metadata.annotations?.[STEP] ?? '1');
const isGraph = ({ kind }: KubeObject): boolean => kind === 'Graph';
const isDefinition = ({ kind }: KubeObject): boolean => kind === 'ResourceGraphDefinition';

/** The kinds that the definitions of an example declare. */
function declaredKinds({ documents }: FormExample): string[] {
  return documents
    .flat()
    .filter(isDefinition)
    .flatMap(({ spec }) => {
      const schema = spec?.['schema'];
      return isJsonObject(schema) ? [String(schema['kind'])] : [];
    });
}

/** The TypeScript form of a Graph in a step. */
function fromTypeScript(exported: Readonly<Record<string, unknown>>, name: string, step: number): GraphComposition[] {
  const found = exported[step === 1 ? name : `${name}Then`];
  return found === undefined ? [] : [found as GraphComposition];
}

/** Runs an example in all its forms, each in a separate cluster. */
export async function runForms(
  example: FormExample,
  exported: Readonly<Record<string, unknown>>,
): Promise<FormResult[]> {
  const [graph] = example.documents.flat().filter(isGraph);
  const [made] = fromTypeScript(exported, graph?.metadata.name ?? '', 1);
  const results = [await runForm('Graph', example, exported)];
  if (example.documents.flat().some(isDefinition)) results.push(await runForm('RGD', example, exported));
  if (made !== undefined) results.push(await runForm('TypeScript', example, exported));
  if (made !== undefined && isDirect(made) && example.steps.every(({ end }) => end === 'ready')) {
    results.push(await runForm('direct', example, exported));
  }
  return results;
}

function isDirect(made: GraphComposition): boolean {
  try {
    made.factory('direct');
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'compose/mode') return false;
    throw error;
  }
}

/** The differences between the first form's objects and those of each other form. Empty when all are equal. */
export function unequalForms([first, ...others]: readonly FormResult[]): string[] {
  if (first === undefined) return [];
  return others.flatMap(({ form, objects }) =>
    objects.flatMap((found, step) => {
      const wanted = first.objects[step] ?? {};
      const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
      return [...names]
        .filter((name) => !jsonEquals(wanted[name] ?? null, found[name] ?? null))
        .map((name) => `step ${step + 1}: ${name} differs between ${first.form} and ${form}`);
    }),
  );
}

async function runForm(
  form: Form,
  example: FormExample,
  exported: Readonly<Record<string, unknown>>,
): Promise<FormResult> {
  const began = performance.now();
  const cluster = await createCluster({ clock: 'real' });
  const problems: string[] = [];
  const objects: JsonObject[] = [];
  try {
    await cluster.startController({ features: { graphKind: true }, serviceAccount: ACCOUNT });
    await prepare(cluster);
    for (const [index, step] of example.steps.entries()) {
      const found = await runStep(cluster, { form, example, exported, index, step });
      objects.push(found.objects);
      problems.push(...found.problems.map((problem) => `step ${index + 1}: ${problem}`));
    }
  } catch (error) {
    problems.push(String(error));
  } finally {
    await cluster.close();
  }
  return { form, milliseconds: performance.now() - began, objects, problems };
}

/** Creates the namespaces, and grants all permissions to their accounts. */
async function prepare({ client }: TestCluster): Promise<void> {
  for (const name of NAMESPACES) await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await giveRights(client, NAMESPACES);
}

/** Grants all permissions to the account `default` of each namespace. The controller applies Graphs with it. */
export async function giveRights(client: TestCluster['client'], namespaces: readonly string[]): Promise<void> {
  await client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'examples' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: namespaces.map((namespace) => ({ kind: 'ServiceAccount', name: 'default', namespace })),
  });
}

interface StepTask {
  readonly form: Form;
  readonly example: FormExample;
  readonly exported: Readonly<Record<string, unknown>>;
  readonly index: number;
  readonly step: Step;
}

async function runStep(
  cluster: TestCluster,
  task: StepTask,
): Promise<{ readonly objects: JsonObject; readonly problems: readonly string[] }> {
  const { form, example, exported, index, step } = task;
  const { client } = cluster;
  const kinds = declaredKinds(example);
  const documents = example.documents[index] ?? [];
  const isInstance = ({ kind }: KubeObject) => kinds.includes(kind);
  const apply = (object: KubeObject) => client.apply(object, { fieldManager: 'example', force: true });
  for (const each of documents.filter((object) => ![isGraph, isDefinition, isInstance].some((is) => is(object)))) {
    await until(async () => (each.kind === 'CustomResourceDefinition' ? true : isServed(cluster, each)));
    await apply(each);
  }
  const parents: KubeObject[] = [];
  if (form === 'Graph') parents.push(...documents.filter(isGraph));
  if (form === 'RGD') {
    for (const definition of documents.filter(isDefinition)) {
      await apply(definition);
      await until(async () =>
        ['Active', 'Inactive'].includes(String((await read(cluster, definition))?.status?.['state'])),
      );
    }
    parents.push(...documents.filter(isInstance));
  }
  const names = example.documents
    .flat()
    .filter(isGraph)
    .flatMap(({ metadata }) => metadata.name ?? []);
  const graphs = [...new Set(names)].flatMap((name) => fromTypeScript(exported, name, index + 1));
  if (form === 'TypeScript') parents.push(...graphs.map((made) => made.toDefinition() as KubeObject));
  if (form === 'direct') {
    // A direct deploy sees a change of another client only when it runs again. So it also runs in a step without a new
    // Graph.
    const due = graphs.length > 0 ? graphs : names.flatMap((name) => fromTypeScript(exported, name, 1));
    for (const made of due)
      await made.factory('direct', { transport: cluster.transport, timeout: TIMEOUT_MS }).deploy();
  } else if (form === 'TypeScript' && step.end === 'ready') {
    for (const made of graphs)
      await made.factory('kro', { transport: cluster.transport, timeout: TIMEOUT_MS }).deploy();
  } else {
    for (const parent of parents) await apply(withoutStep(parent));
  }
  const last = parents.at(-1) ?? lastParent(task);
  const ended = async () => last === undefined || form === 'direct' || (await endOf(cluster, last)) === step.end;
  let objects: JsonObject = {};
  let missing: readonly string[] = [];
  const own = new Set(names);
  await until(async () => {
    objects = await objectsOf(cluster, step.gives, own);
    missing = wrongIn(step.gives, objects);
    return missing.length === 0 && (await ended());
  });
  if (step.end !== 'ready') {
    // A faulty graph could reach the expected state and change it again a moment later. The objects are therefore read
    // again after a pause.
    await sleep(REST_MS);
    objects = await objectsOf(cluster, step.gives, own);
    missing = wrongIn(step.gives, objects);
  }
  const state = (await ended()) ? [] : [`the graph is not ${step.end}`];
  return { objects, problems: [...missing, ...state] };
}

/** The differences between the live objects and the objects that the header lists for the step. */
function wrongIn(gives: JsonObject, objects: JsonObject): string[] {
  return Object.entries(gives).flatMap(([name, wanted]) => {
    if (wanted === null) return Object.hasOwn(objects, name) ? [`${name} exists`] : [];
    if (!Object.hasOwn(objects, name)) return [`there is no ${name}`];
    return [...differences(wanted as JsonValue, objects[name], name)];
  });
}

/**
 * The last Graph or instance from an earlier step. If the form `RGD` has no such instance, the definition. Used for a
 * step that changes only objects of other clients.
 */
function lastParent({ form, example, index }: StepTask): KubeObject | undefined {
  const kinds = declaredKinds(example);
  const earlier = example.documents.slice(0, index).flat();
  const isParent = form === 'RGD' ? ({ kind }: KubeObject) => kinds.includes(kind) : isGraph;
  const found = earlier.filter(isParent).at(-1);
  return found ?? (form === 'RGD' ? example.documents.flat().find(isDefinition) : undefined);
}

function withoutStep(object: KubeObject): KubeObject {
  const { annotations = {}, ...metadata } = object.metadata;
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== STEP));
  return { ...object, metadata: { ...metadata, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) } };
}

async function isServed({ client }: TestCluster, { apiVersion, kind }: KubeObject): Promise<boolean> {
  client.discovery.forget();
  return (await client.discovery.resourceOf({ apiVersion, kind })) !== undefined;
}

const read = ({ client }: TestCluster, { apiVersion, kind, metadata }: KubeObject) => {
  const { name = '', namespace } = metadata;
  return client.find({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
};

/**
 * The state of a Graph, an instance or a definition as the controller reports it; undefined before its first report.
 */
async function endOf(cluster: TestCluster, object: KubeObject): Promise<End | undefined> {
  const found = await read(cluster, object);
  const { conditions = [], state } = (found?.status ?? {}) as {
    readonly conditions?: readonly Condition[];
    readonly state?: string;
  };
  const current = conditions.filter(({ observedGeneration }) => observedGeneration === found?.metadata.generation);
  const has = (type: string, status: string) => current.some((each) => each.type === type && each.status === status);
  if (state === 'Inactive' || has('Accepted', 'False')) return 'refused';
  if (has('Ready', 'True')) return 'ready';
  return current.length === 0 ? undefined : 'waiting';
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
}

/**
 * All objects in the namespace `team-a` of the kinds that a step names, except the Graphs of the example itself. The
 * keys are `Kind name` or `Kind.group name`.
 */
async function objectsOf(cluster: TestCluster, gives: JsonObject, graphs: ReadonlySet<string>): Promise<JsonObject> {
  const kinds = new Set(Object.keys(gives).map((name) => name.split(' ')[0] ?? ''));
  const found: [string, JsonValue][] = [];
  for (const kind of [...kinds].sort()) {
    const resources = await cluster.client.discovery.all();
    const resource = resources.find(
      (each) => kind === (each.kind in CORE_KINDS ? each.kind : `${each.kind}.${each.group}`),
    );
    if (resource === undefined) continue;
    const { group, version } = resource;
    const type = { apiVersion: group === '' ? version : `${group}/${version}`, kind: resource.kind };
    const { items } = await cluster.client.list(type, { namespace: 'team-a' });
    found.push(
      ...items
        .filter((item) => isOfExample(item, graphs))
        .map((item): [string, JsonValue] => [`${kind} ${item.metadata.name}`, content(item)]),
    );
  }
  return Object.fromEntries(found);
}

/** The kinds of Kubernetes that the examples use. */
const CORE_KINDS = { ConfigMap: true, Service: true, Deployment: true };

/** Excludes the Graphs of the example, the record of direct mode, and the ConfigMap that the cluster makes by itself. */
const isOfExample = ({ kind, metadata: { name = '' } }: KubeObject, graphs: ReadonlySet<string>): boolean =>
  kind === 'Graph' ? !graphs.has(name) : kind !== 'ConfigMap' || !/^(?:kube-root-ca\.crt|typekro-)/.test(name);

/**
 * An object without the metadata that controllers write for their own use, and without values that the API server
 * allocates.
 */
function content({ metadata, spec, status, kind, data }: KubeObject): JsonObject {
  const labels = Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([key]) => !/kro\.run|typekro\.dev|kubernetes\.io/.test(key)),
  );
  const seen = kind === 'Widget' && status !== undefined ? { status } : {};
  const value = {
    metadata: { labels },
    ...(spec === undefined ? {} : { spec }),
    ...(data === undefined ? {} : { data }),
    ...seen,
  };
  return JSON.parse(JSON.stringify(value).replaceAll(/\b\d+\.\d+\.\d+\.\d+\b/g, '(address)')) as JsonObject;
}

/** Polls until `done` returns true, or the timeout is over. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  while (!(await done()) && performance.now() < end) await sleep(20);
}
