import { type ControllerSettings, liveDefinition } from '@typekro/controller/controller';
import {
  type Diagnostic,
  type KubeObject,
  definedMembers,
  formatApiVersion,
  isJsonObject,
  TypeKroError,
  nearestName,
  refOf,
} from '@typekro/kit/core';
import { observeInstance, observeMembers } from '@typekro/sdk/deploy';
import { type Graph, GraphObject, KroLevel } from '@typekro/engine/graph';
import { type KubernetesApi, unlessFailed } from '@typekro/kube';
import type { ApplyAction, Condition, Decision, NodeReport, Observations } from '@typekro/engine/runtime';
import { Explanation, keys, ObjectTarget, readConditions } from '@typekro/engine/runtime';
import { actingClient } from './acting-client.ts';
import type { OwnedObject } from '@typekro/controller/inspect';
import { type FoundInstance, type Subject, findInstance } from './find-instance.ts';
import { decideWithDryRuns } from './decide-with-dry-runs.ts';
import { withMaskedConditions } from './masked-conditions.ts';
import { observeGraphObject, stateOfGraph } from './observe-graph-object.ts';
import { withGraphNames } from './object-owners.ts';
import type { FoundRemedies, RefusedWrites } from './shown-node.ts';
import { isPaused } from './suspension.ts';
import { isWithdrawn, withdrawnText } from './without-definition.ts';

/** An instance, and the decision of a controller that would start at this moment. */
export interface InstanceObservation {
  readonly instance: KubeObject;
  /** Absent for a Graph, and when the definition is deleted or may not be read. */
  readonly definition?: KubeObject;
  /** Number of the revision. 0 when the instance follows the definition directly, and when the definition is absent. */
  readonly revision: number;
  /** Absent when neither a revision nor the definition compiles, and when the definition is absent. */
  readonly graph?: Graph;
  /** The decision of a controller. Without a graph, it is derived from the inventory and the labels of the objects. */
  readonly decision: Decision;
  /** The writes that the API server changes, so that the decision leaves them out (`decideWithDryRuns`). */
  readonly changedWrites?: readonly ApplyAction[];
  /** The recorded contributions of a Graph that are not in their objects, by `Tracking.contributionKey`. */
  readonly unwritten?: ReadonlySet<string>;
  /** Why there is no graph, as a sentence. Absent with a graph. */
  readonly missing?: string;
  /** The errors of the newest revision, if it does not compile. */
  readonly problems: readonly Diagnostic[];
  /** For a suspended instance whose graph is known: the decision after a resumption. */
  readonly resumed?: Decision;
  /**
   * The pending writes that the API server refuses, keyed by node id. Only `withRefusedWrites` sets this field. Absent
   * when the API server refuses no write.
   */
  readonly refusedWrites?: RefusedWrites;
  /** Only `withFindings` sets this. */
  readonly remedies?: FoundRemedies;
  /** The objects that the objects of the nodes own, by `formatRef` of the owner. Only `withOwnedObjects` sets this. */
  readonly owned?: ReadonlyMap<string, readonly OwnedObject[]>;
  /**
   * The account with whose rights the objects are read and the writes tried, as the controller does. Absent when the
   * controller acts as itself, and when you may not impersonate the account.
   */
  readonly actingAs?: string;
  /** The settings of the cluster's controller. Without them, a report does not follow nested instances. */
  readonly settings?: ControllerSettings;
  /** Notes for the user, as sentences. */
  readonly notes: readonly string[];
  /** The name of the definition, when it is deleted. */
  readonly gone?: string;
  /** The node that the user named. */
  readonly node?: string;
}

/** The result of a command, as data and as lines of text. */
export interface Report {
  readonly data: object;
  lines(): readonly string[];
  /** The renderers of other output formats, keyed by format name. */
  readonly forms?: Readonly<Record<string, () => readonly string[]>>;
}

/** A report with its exit code. The default is `ok`. */
export interface Answer extends Report {
  readonly code?: number;
}

/** Options of `observe`. */
export interface ObserveOptions {
  readonly subject?: Subject;
  /** The settings of the cluster's controller. */
  readonly settings: ControllerSettings | Promise<ControllerSettings>;
}

/**
 * Finds an instance, reads its objects, and decides like its controller.
 *
 * @param text `INSTANCE[/NODE]` as typed
 * @param namespace the default namespace, for a name without a namespace
 * @throws TypeKroError the errors of `findInstance`, and `cli/usage` when the instance has no such node.
 */
export async function observe(
  api: KubernetesApi,
  text: string,
  namespace: string,
  signal: AbortSignal,
  { subject, settings: reading }: ObserveOptions,
): Promise<InstanceObservation> {
  const [settings, found] = await Promise.all([reading, findInstance(api, text, namespace, signal, subject)]);
  return observeFound(api, found, settings, signal);
}

/**
 * Reads the objects of an instance, and decides like its controller. Masks values of Secrets in the condition messages,
 * if the graph is known. Names the Graphs with which the nodes are in conflict.
 *
 * @throws TypeKroError `cli/usage` when the instance does not have the node.
 */
export async function observeFound(...of: Parameters<typeof observeUnnamed>): Promise<InstanceObservation> {
  const [api, , settings, signal] = of;
  const { decision, ...seen } = await observeUnnamed(...of);
  return { ...seen, settings, decision: { ...decision, nodes: await withGraphNames(api, decision.nodes, signal) } };
}

async function observeUnnamed(
  api: KubernetesApi,
  { instance: found, definition, missing = 'the definition is not known', gone, node }: FoundInstance,
  settings: ControllerSettings,
  signal: AbortSignal,
): Promise<InstanceObservation> {
  const chosenNode = node === undefined ? {} : { node };
  let instance = found;
  if (GraphObject.is(instance) && definition === undefined) {
    const seen = await observeGraphObject(api, instance, settings, signal, recordedContest(instance));
    checkNode(node, knownNodes(seen));
    return withMaskedConditions({ ...seen, ...chosenNode, missing: 'the spec of the Graph does not compile' });
  }
  if (definition === undefined) {
    const notes = [missing, BY_LABELS];
    const decision = await observeMembers({ api, instance, signal });
    checkNode(
      node,
      decision.nodes.map(({ id }) => id),
    );
    const absent = gone === undefined ? {} : { gone };
    return { instance, revision: 0, problems: [], notes, missing, decision, ...absent, ...chosenNode };
  }
  const { graph, step, actingAs, ...live } = await liveDefinition(api, definition, instance, signal, settings);
  const withdrawn = isWithdrawn(definition)
    ? [`${withdrawnText(definition)}: no controller works on its instances`]
    : [];
  if (graph !== undefined) instance = await inVersionOf(graph, instance, api, signal);
  const acting = await actingClient(api, actingAs, signal, true);
  const notes = [...withdrawn, ...live.notes, ...acting.notes, ...levelNotes(settings)];
  const seen = { instance, definition, ...live, notes, ...definedMembers({ actingAs: acting.user }), ...chosenNode };
  if (graph === undefined) {
    const members = await observeMembers({ api, instance, signal });
    const nodes = [...members.nodes, ...declaredNodes(definition, instance, members)];
    const added = instance.metadata.deletionTimestamp === undefined ? [NOT_EVALUATED] : [];
    return { ...seen, notes: [...notes, ...added], decision: { ...members, nodes } };
  }
  const options = {
    api: acting.api,
    user: acting.user,
    graph,
    instance,
    contest: recordedContest(instance),
    step: { ...collectionLimit(settings, instance), ...step },
    signal,
  };
  const tried = await decideWithDryRuns(acting.api, (known) => observeInstance({ ...options, ...known }), signal);
  const { decision } = tried;
  checkNode(node, knownNodes({ graph, decision }));
  if (!isPaused(instance)) return withMaskedConditions({ ...seen, graph, ...tried });
  const resumed = { ...options, instance: resumedInstance(instance) };
  const later = await decideWithDryRuns(acting.api, (known) => observeInstance({ ...resumed, ...known }), signal);
  const { changedWrites } = later;
  return withMaskedConditions({ ...seen, graph, decision, resumed: later.decision, changedWrites });
}

/**
 * The instance in the version that the graph reads. It was read in another one if the cluster serves an earlier revision
 * than the definition has, and the change between them makes another version the hub.
 */
async function inVersionOf(
  { instance: { group, version } }: Graph,
  instance: KubeObject,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<KubeObject> {
  const apiVersion = formatApiVersion({ group, version });
  if (instance.apiVersion === apiVersion) return instance;
  return (await unlessFailed(api.find({ ...refOf(instance), apiVersion }, { signal }))) ?? instance;
}

/** Returns the contests that the controller has recorded in the instance. Only the controller counts the corrections. */
function recordedContest(instance: KubeObject): NonNullable<Observations.Observed['contest']> {
  const message = recordedState(instance).ready?.message ?? '';
  return (target) => {
    const contest = Explanation.contestIn(message, ObjectTarget.refOf(target));
    return contest && { ...contest, retryAt: Infinity, endsAt: Infinity };
  };
}

/** Returns the nodes that a user can name: the nodes of the graph, and former nodes whose objects still exist. */
function knownNodes({ graph, decision }: Pick<InstanceObservation, 'graph' | 'decision'>): string[] {
  return [...new Set([...(graph?.nodes.keys() ?? []), ...decision.nodes.map(({ id }) => id)])];
}

/** Returns a note about the level, if it is not the default. */
function levelNotes(settings: ControllerSettings): string[] {
  if (settings.level === KroLevel.DEFAULT) return [];
  return [`this report assumes that the controller decides as kro ${settings.level} does (${settings.from})`];
}

/** Returns a copy of the instance without the suspension. */
export function resumedInstance(instance: KubeObject): KubeObject {
  const { [keys.RECONCILE_ANNOTATION]: _suspended, ...annotations } = instance.metadata.annotations ?? {};
  return { ...instance, metadata: { ...instance.metadata, annotations } };
}

/** Matches the controller's message about a collection over the limit, at each level. The group is the limit. */
const OVER_LIMIT = /(?:over the maximum collection size of|collection size \d+ exceeds the maximum of) (\d{1,9})/;

/** The assumed limit of a controller that has not reported a collection over the limit. */
const MAX_ASSUMED_ITEMS = 20_000;

/**
 * Returns the maximum number of items of a collection for a controller whose flags are not known. The limit is then
 * known only from the controller's message about a larger collection. Without this message, the function assumes that
 * no collection of the instance is over the limit. For an instance without a state, it returns no limit, so the default
 * limit applies.
 */
function collectionLimit(
  { graphKind }: ControllerSettings,
  instance: KubeObject,
): { readonly maxCollectionSize?: number } {
  if (graphKind !== undefined) return {};
  const { state, ready } = recordedState(instance);
  const limit = OVER_LIMIT.exec(ready?.message ?? '')?.[1];
  if (limit !== undefined) return { maxCollectionSize: Number(limit) };
  return state === '' ? {} : { maxCollectionSize: MAX_ASSUMED_ITEMS };
}

const NOT_EVALUATED = 'nodes are known only by the labels of their objects: readyWhen is not evaluated';
const BY_LABELS = `${NOT_EVALUATED}, and nodes without objects are missing`;

/** The nodes that a definition without a graph declares and that have no object. None of them remains in a deletion. */
function declaredNodes({ spec }: KubeObject, { metadata }: KubeObject, { nodes }: Decision): NodeReport[] {
  const declared = metadata.deletionTimestamp === undefined && isJsonObject(spec) ? spec['resources'] : [];
  const known = new Set(nodes.map(({ id }) => id));
  return (Array.isArray(declared) ? declared : []).flatMap((each): NodeReport[] => {
    const id = isJsonObject(each) ? each['id'] : undefined;
    const isMissing = typeof id === 'string' && !known.has(id);
    return isMissing ? [{ id, state: 'waiting', because: { kind: 'unjudged' }, objects: [] }] : [];
  });
}

function checkNode(node: string | undefined, ids: readonly string[]): void {
  if (node === undefined || ids.includes(node)) return;
  const near = nearestName(node, ids);
  throw new TypeKroError(`the instance has no node ${node}`, {
    code: 'cli/usage',
    remedy: near === undefined ? `its nodes are ${ids.join(', ')}` : `did you mean ${near}?`,
  });
}

/** The nodes of the graph, without retired nodes. */
export function currentNodes(decision: Pick<Decision, 'nodes'>): readonly NodeReport[] {
  return decision.nodes.filter(({ retired }) => retired !== true);
}

/**
 * Reads what the controller wrote into the status last: the state, and the condition `Ready`. The state of a Graph
 * follows from its conditions.
 */
export function recordedState(instance: KubeObject): { readonly state: string; readonly ready?: Condition } {
  const status = isJsonObject(instance.status) ? instance.status : {};
  const conditions = readConditions(status['conditions']);
  const state = GraphObject.is(instance) ? stateOfGraph(instance, conditions) : status['state'];
  const ready = conditions.find(({ type }) => type === 'Ready');
  return { state: typeof state === 'string' ? state : '', ...(ready === undefined ? {} : { ready }) };
}
