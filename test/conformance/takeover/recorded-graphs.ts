import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { definedMembers, isJsonObject, refOf } from '@typekro/kit/core';
import { FieldManager } from '@typekro/engine/runtime';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { readCase, recordedCases } from './recorded-cases.ts';

/**
 * A recorded condition. It has no times, and instead of a generation it has `observed`, such as `current` or
 * `stale by 1`.
 */
type RecordedCondition = Readonly<Record<'status' | 'reason' | 'message' | 'observed', string | undefined>>;

/** A recorded object: its fields, and the paths of the fields that each field manager owns. */
interface RecordedObject {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deleting?: boolean;
  readonly owners?: Readonly<Record<string, readonly string[]>>;
  readonly status?: JsonObject;
}

/** A state of a scenario, as kro's own controller left it. */
export interface RecordedState {
  readonly scenario: string;
  readonly checkpoint: string;
  readonly contract: Readonly<Record<string, RecordedObject>>;
  readonly info: Readonly<Record<string, JsonObject>>;
}

interface Step {
  readonly apply?: KubeObject | readonly KubeObject[];
  readonly create?: KubeObject;
  readonly delete?: string;
  readonly record?: string;
}

interface Scenario {
  readonly namespaces?: readonly string[];
  readonly precreate?: boolean;
  readonly grant?: readonly string[];
  readonly steps: readonly Step[];
}

/** The replacement for the suffix of names that differs from run to run. */
const X = 'x';
export const RECORDED_NAMESPACE = `t-${X}`;

/** Lists the recorded states with a Graph, from all scenarios about the kind Graph. */
export function recordedGraphStates(): RecordedState[] {
  return recordedCases('controller-0.10')
    .filter(({ name }) => name.startsWith('graph-'))
    .flatMap(({ name: scenario, line }) => {
      const { checkpoints } = JSON.parse(line.replaceAll('<x>', X)) as {
        readonly checkpoints: Readonly<Record<string, Pick<RecordedState, 'contract' | 'info'>>>;
      };
      return Object.entries(checkpoints).flatMap(([checkpoint, { contract, info }]) =>
        Object.keys(contract ?? {}).some((text) => text.startsWith('Graph '))
          ? [{ scenario, checkpoint, contract, info }]
          : [],
      );
    });
}

/** Reads one recorded state. */
export function recordedGraphState(scenario: string, checkpoint: string): RecordedState {
  const found = recordedGraphStates().find((each) => each.scenario === scenario && each.checkpoint === checkpoint);
  if (found === undefined) throw new Error(`the recording of ${scenario} has no ${checkpoint}`);
  return found;
}

/**
 * Writes a recorded state into a cluster without a controller. Each field is written by the field manager that owned it
 * in the recording. Then the function writes the finalizers, the deletions and the statuses of Graphs. Rights, kinds
 * and namespaces come from the scenario. Returns the recorded objects.
 */
export async function restoreGraphs(world: VirtualWorld, state: RecordedState): Promise<KubeObject[]> {
  const scenario = JSON.parse(
    readCase('controller-0.10', state.scenario)
      .replaceAll('{{x}}', X)
      .replaceAll('{{ns}}', RECORDED_NAMESPACE)
      .replaceAll('{{parts}}', `${X}.parts.test`),
  ) as Scenario;
  await prepare(world, scenario, state.checkpoint);
  const restored = new Map<string, KubeObject>();
  const waiting = new Map(Object.entries(state.contract));
  while (waiting.size > 0) {
    const due = [...waiting].find(([, { owners = {} }]) => Object.keys(owners).every((each) => isKnown(each, restored)));
    if (due === undefined) throw new Error(`${[...waiting.keys()].join(', ')} have owners that are not recorded`);
    const [text, object] = due;
    waiting.delete(text);
    // In a recording, `contract` has what every controller must write, and `info` has what was seen besides. The labels
    // of a Namespace are in `info`, because no controller must write them.
    const labels = object.labels ?? (state.info[text]?.['.labels'] as RecordedObject['labels']);
    const whole = named(JSON.stringify({ ...object, ...definedMembers({ labels }) }), restored);
    restored.set(text, await restoreObject(world, await refIn(world, text), JSON.parse(whole) as RecordedObject));
  }
  for (const [text, object] of Object.entries(state.contract)) {
    const live = restored.get(text);
    if (live !== undefined) await finish(world, refOf(live), object, state.info[text] ?? {}, restored);
  }
  return Promise.all([...restored.values()].map((object) => world.user.get(refOf(object))));
}

const PREPARED: ReadonlySet<string> = new Set([
  'CustomResourceDefinition',
  'Namespace',
  'ServiceAccount',
  'Role',
  'RoleBinding',
]);

/** Applies and deletes the namespaces, kinds and rights of the scenario up to a checkpoint. */
async function prepare(world: VirtualWorld, { namespaces, precreate, grant, steps }: Scenario, checkpoint: string): Promise<void> {
  for (const name of precreate === false ? [] : (namespaces ?? [RECORDED_NAMESPACE])) {
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const subjects = (grant ?? []).map((text) => {
    const [namespace = '', name = 'default'] = text.split(':');
    return { kind: 'ServiceAccount', namespace, name };
  });
  const group = 'rbac.authorization.k8s.io';
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' };
  await world.apply({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `suite-${X}` },
    roleRef,
    subjects,
  });
  const at = steps.findIndex(({ record }) => record === checkpoint);
  for (const step of steps.slice(0, at)) {
    const made = [step.apply ?? step.create ?? []].flat();
    for (const object of made) if (PREPARED.has(object.kind)) await world.apply(object);
    const [, kind = ''] = (step.delete ?? '').split(' ');
    if (PREPARED.has(kind)) await world.user.delete(await refIn(world, withoutVersion(step.delete ?? '')));
  }
  await world.advance(1000);
}

const withoutVersion = (text: string): string => text.slice(text.indexOf(' ') + 1);

/** The recorded field managers of Graphs: `kro-graphengine.patch.<Graph g>.<node/path>` and `kro-graphengine.tmpl.<Graph g>`. */
const ENGINE = /^kro-graphengine\.(tmpl|patch)\.<Graph ([^>]+)>(?:\.<([^>]+)>)?$/;

const graphKey = (name: string): string => `Graph ${RECORDED_NAMESPACE}/${name}`;

function isKnown(owner: string, restored: ReadonlyMap<string, KubeObject>): boolean {
  const [, , graph] = ENGINE.exec(managerOf(owner).manager) ?? [];
  return graph === undefined || restored.has(graphKey(graph));
}

function managerOf(owner: string): { readonly manager: string; readonly subresource?: string } {
  // Only the suffix `/status` marks a subresource, because the paths of nodes in subgraphs also contain slashes.
  const isStatus = owner.endsWith('/status');
  return isStatus ? { manager: owner.slice(0, -'/status'.length), subresource: 'status' } : { manager: owner };
}

function engineName(manager: string, restored: ReadonlyMap<string, KubeObject>): string {
  const [, role, graph = '', node = ''] = ENGINE.exec(manager) ?? [];
  if (role === undefined) return manager;
  const uid = restored.get(graphKey(graph))?.metadata.uid ?? '';
  return role === 'tmpl' ? FieldManager.ofTemplate(uid) : FieldManager.ofPatch(uid, node);
}

/**
 * Writes each field of an object with the field manager that owned it in the recording. If all owned fields are in the
 * status, the manager `suite` creates the object first.
 */
async function restoreObject(
  world: VirtualWorld,
  ref: ObjectRef,
  object: RecordedObject,
): Promise<KubeObject> {
  const { owners = {}, labels, annotations, finalizers: _finalizers, deleting: _deleting, status, ...others } = object;
  const fields = others as JsonObject;
  const { apiVersion, kind, ...metadata } = ref;
  const whole: JsonObject = { ...fields, metadata: { labels, annotations }, ...(status === undefined ? {} : { status }) };
  // An object must exist before its status can be written, even if its recording has no other fields.
  if (Object.keys(owners).every((owner) => managerOf(owner).subresource !== undefined)) {
    await world.user.apply({ ...fields, apiVersion, kind, metadata }, { fieldManager: 'suite', force: true });
  }
  const inOrder = Object.entries(owners).sort(([a], [b]) => Number(a.endsWith('/status')) - Number(b.endsWith('/status')));
  for (const [owner, paths] of inOrder) {
    const { manager, subresource } = managerOf(owner);
    const part = paths.reduce<JsonObject>((made, path) => withField(made, stepsOf(path), whole), {});
    const own = isJsonObject(part['metadata']) ? part['metadata'] : {};
    const applied = { ...part, apiVersion, kind, metadata: { ...metadata, ...own } } as KubeObject;
    const place = subresource === undefined ? {} : { subresource };
    await world.user.apply(applied, { fieldManager: manager, force: true, ...place });
  }
  return world.user.get(ref);
}

/**
 * Splits a path such as `.metadata.labels["a/b"]` into its steps. Stops before an item of a list, because a list is
 * copied as a whole.
 */
function stepsOf(path: string): string[] {
  const [before = ''] = path.split('[{');
  return [...before.matchAll(/\.([\w-]+)|\["([^"]*)"\]/g)].map(([, plain, quoted]) => plain ?? quoted ?? '');
}

function withField(made: JsonObject, [step = '', ...rest]: readonly string[], from: JsonValue | undefined): JsonObject {
  const value = isJsonObject(from) ? from[step] : undefined;
  if (rest.length === 0) return { ...made, [step]: value };
  const inner = isJsonObject(made[step]) ? made[step] : {};
  return { ...made, [step]: withField(inner, rest, value) };
}

/** Writes the finalizers of an object, begins its deletion, and writes the status of a Graph. */
async function finish(
  world: VirtualWorld,
  ref: ObjectRef,
  { finalizers = [], deleting, status }: RecordedObject,
  info: JsonObject,
  restored: ReadonlyMap<string, KubeObject>,
): Promise<void> {
  const asKro = { fieldManager: 'kro' };
  if (finalizers.length > 0) await world.user.patch(ref, { metadata: { finalizers: [...finalizers] } }, asKro);
  if (deleting === true) await world.user.delete(ref);
  if (ref.kind !== 'Graph' || status === undefined) return;
  const { generation = 1 } = (await world.user.get(ref)).metadata;
  const { conditions, managedResources, ...rest } = status;
  const objects = (managedResources ?? []) as unknown as readonly { readonly nodeID: string }[];
  // For a Graph that is not ready, the recorder sorts the list and records the original order in `info`.
  const nodes = typeof info['managedResources'] === 'string' ? info['managedResources'].split(',') : [];
  const inventory = objects.toSorted((a, b) => nodes.indexOf(a.nodeID) - nodes.indexOf(b.nodeID));
  const recorded = Object.entries(conditions as Readonly<Record<string, RecordedCondition>>);
  const order = String(info['conditionOrder']).split(',');
  const list = recorded
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([type, condition]) => ({
      type,
      status: condition.status,
      reason: condition.reason,
      message: condition.message ?? String(info[`conditions[${type}].message`] ?? ''),
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: condition.observed === 'current' ? generation : 0,
    }));
  const written = JSON.parse(named(JSON.stringify({
    ...rest,
    conditions: list,
    ...(managedResources === undefined ? {} : { managedResources: inventory }),
  }), restored)) as JsonObject;
  await world.user.patch(ref, { status: written }, { ...asKro, subresource: 'status' });
}

const UID_OF_A_DELETED = '11111111-2222-3333-4444-555555555555';

/** Replaces the placeholders of UIDs and field managers, such as `<uid of Graph g>`, by the real values. */
function named(text: string, restored: ReadonlyMap<string, KubeObject>): string {
  const ofObject = (kind: string, name: string) =>
    [...restored.values()].find((each) => each.kind === kind && each.metadata.name === name)?.metadata.uid ?? UID_OF_A_DELETED;
  return text
    .replaceAll(/<uid of (\w+) ([^>]+)>/g, (_, kind: string, name: string) => ofObject(kind, name))
    .replaceAll(/kro-graphengine\.(?:tmpl|patch)\.<Graph [^>]+>(?:\.<[^>]+>)?/g, (manager) => engineName(manager, restored));
}

/** Parses a reference such as `Kind namespace/name` or `Kind name`. */
async function refIn(world: VirtualWorld, text: string): Promise<ObjectRef> {
  const [kind = '', path = ''] = text.split(' ');
  const at = path.indexOf('/');
  const served = (await world.user.discovery.all()).find((each) => each.kind === kind);
  if (served === undefined) throw new Error(`the cluster does not serve the kind ${kind}`);
  const apiVersion = served.group === '' ? served.version : `${served.group}/${served.version}`;
  return { apiVersion, kind, ...(at < 0 ? {} : { namespace: path.slice(0, at) }), name: path.slice(at + 1) };
}
