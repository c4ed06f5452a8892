import { liveDefinition } from '../../controller/index.ts';
import type { Diagnostic, KubeObject } from '../../core/index.ts';
import { isJsonObject, TypeKroError } from '../../core/index.ts';
import type { ObserveInstanceOptions } from '../../deploy/index.ts';
import { effectlessWrites, observeInstance, observeMembers } from '../../deploy/index.ts';
import type { Graph } from '../../graph/index.ts';
import { DEFAULT_KRO_COMPATIBILITY } from '../../graph/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { readSession } from '../../kube/index.ts';
import type { ApplyAction, Condition, Decision, NodeReport } from '../../runtime/index.ts';
import { isSuspended, keys, readConditions, targetKey } from '../../runtime/index.ts';
import { nearestName } from '../../schema/index.ts';
import { connectToCluster } from '../cluster-client.ts';
import type { CommandContext, CommandInput, OptionSpec, PositionalSpec } from '../command.ts';
import { ExitCode, textOption } from '../command.ts';
import type { ControllerSettings } from '../controller-settings.ts';
import { controllerSettings, LEVEL_OPTION } from '../controller-settings.ts';
import type { Subject } from './find-instance.ts';
import { findInstance } from './find-instance.ts';
import type { Report } from './print-report.ts';
import { reportPrinter } from './print-report.ts';

/** An instance as a controller that starts now would see it. */
export interface InstanceObservation {
  readonly instance: KubeObject;
  /** Absent when it is gone, or may not be read. */
  readonly definition?: KubeObject;
  /** Number of the revision; 0 when the definition itself was taken. */
  readonly revision: number;
  /** Absent when no revision compiles, and without the definition. */
  readonly graph?: Graph;
  /** What a controller would decide; without a graph, what the inventory and the labels of its objects tell. */
  readonly decision: Decision;
  /** Errors of the newest revision that does not compile. */
  readonly problems: readonly Diagnostic[];
  /** Of a suspended instance: what would be decided if it were resumed. */
  readonly resumed?: Decision;
  /** The user in whose name the controller writes the objects, where the definition names one. */
  readonly actingAs?: string;
  /** What differs from the usual, in sentences. */
  readonly notes: readonly string[];
  /** The node that the user asked for. */
  readonly node?: string;
}

/** A report, and the exit code that it means. */
export interface Answer extends Report {
  readonly code?: number;
}

/** The answer when there is no instance of the name. */
type Otherwise = (
  missing: TypeKroError,
  api: KubernetesApi,
  settings: ControllerSettings | Promise<ControllerSettings>,
) => Promise<Answer>;

/** The argument of all commands about one instance. */
export const INSTANCE_POSITIONAL: PositionalSpec = {
  name: 'instance',
  summary: 'NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME',
  required: true,
};

/** The argument of all commands about an instance or one of its nodes. */
export const INSTANCE_NODE_POSITIONAL: PositionalSpec = {
  ...INSTANCE_POSITIONAL,
  summary: `${INSTANCE_POSITIONAL.summary}, then /NODE`,
};

/** Options that say where an instance is. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'namespace',
    short: 'n',
    summary: 'namespace of an instance that is named without one; by default that of the context',
    value: 'name',
  },
  { name: 'kubeconfig', summary: 'kubeconfig to read; by default as kubectl', value: 'file' },
  { name: 'context', summary: 'context of the kubeconfig', value: 'name' },
];

/** Options of all commands that look at an instance of a cluster. */
export const INSTANCE_OPTIONS: readonly OptionSpec[] = [
  ...CONNECTION_OPTIONS,
  { name: 'output', short: 'o', summary: 'text, json or yaml', value: 'form', defaultValue: 'text' },
];

/** Options of commands that decide about an instance as its controller does: those of `reportOnInstance`. */
export const DECIDING_OPTIONS: readonly OptionSpec[] = [...INSTANCE_OPTIONS, LEVEL_OPTION];

/**
 * Finds the instance that the first argument names, and prints what `look` finds out about it. The client is open until
 * `look` has answered. Gives the exit code of the answer, by default `ok`.
 *
 * @param otherwise answers when there is no such instance: another object may have that name. By default that is thrown.
 */
export async function reportOnInstance(
  context: CommandContext,
  input: CommandInput,
  look: (observation: InstanceObservation, api: KubernetesApi) => Answer | Promise<Answer>,
  otherwise: Otherwise = (missing) => Promise.reject(missing),
  forms: readonly string[] = [],
): Promise<number> {
  const print = reportPrinter(context, input, forms);
  const { client, namespace: ownNamespace } = await connectToCluster(context, input);
  try {
    const namespace = textOption(input, 'namespace') ?? ownNamespace;
    const api = readSession(client);
    const { signal } = context;
    const settings = controllerSettings(api, input, signal);
    const answer = observe(api, input.positionals[0] ?? '', namespace, signal, { settings }).then(
      (observation) => look(observation, api),
      (error: unknown) => {
        if (error instanceof TypeKroError && error.code === 'cli/no-instance') return otherwise(error, api, settings);
        throw error;
      },
    );
    const { code = ExitCode.ok, ...report } = await answer;
    print(report);
    return code;
  } finally {
    await client.close();
  }
}

/** How an instance is looked at. */
export interface ObserveOptions {
  readonly subject?: Subject;
  /** Those of the cluster's controller; absent: the level without an option. */
  readonly settings?: ControllerSettings | Promise<ControllerSettings>;
}

/**
 * Finds an instance and looks at it.
 *
 * @param text `INSTANCE[/NODE]` as typed
 * @param namespace where a name without a namespace is looked for
 * @throws TypeKroError when there is no such instance or node.
 */
export async function observe(
  api: KubernetesApi,
  text: string,
  namespace: string,
  signal: AbortSignal,
  { subject, settings: reading }: ObserveOptions = {},
): Promise<InstanceObservation> {
  const [settings, found] = await Promise.all([reading, findInstance(api, text, namespace, signal, subject)]);
  const { instance, definition, missing, node } = found;
  const asked = node === undefined ? {} : { node };
  if (definition === undefined) {
    const notes = [...(missing === undefined ? [] : [missing]), BY_LABELS];
    const decision = await observeMembers({ api, instance, signal });
    checkNode(
      node,
      decision.nodes.map(({ id }) => id),
    );
    return { instance, revision: 0, problems: [], notes, decision, ...asked };
  }
  const { graph, step, ...live } = await liveDefinition(api, definition, instance, signal, settings?.level);
  const known = { ...live, notes: [...live.notes, ...levelNotes(settings)] };
  const seen = { instance, definition, ...known, ...asked };
  if (graph === undefined) return { ...seen, decision: await observeMembers({ api, instance, signal }) };
  checkNode(node, [...graph.nodes.keys()]);
  const options = { api, graph, instance, step: { ...step, ...collectionLimit(instance) }, signal };
  const decision = await decide(options);
  if (!isSuspended(instance)) return { ...seen, graph, decision };
  return { ...seen, graph, decision, resumed: await decide({ ...options, instance: resumedInstance(instance) }) };
}

/** The level that counts, where it is not the one without an option. */
function levelNotes(settings: ControllerSettings | undefined): string[] {
  if (settings === undefined || settings.level === DEFAULT_KRO_COMPATIBILITY) return [];
  return [`decided as kro ${settings.level} does (${settings.from})`];
}

/** Rounds in which writes without an effect are found: another node may get on when they count as made. */
const MAX_ROUNDS = 3;

/** The decision, without writes that the server says would change nothing: it has normalised what was sent. */
async function decide(options: ObserveInstanceOptions): Promise<Decision> {
  const settled = new Set<string>();
  const isSettled = ({ target }: ApplyAction) => settled.has(targetKey(target));
  for (let round = 1; ; round += 1) {
    const decision = await observeInstance({ ...options, isSettled });
    if (round === MAX_ROUNDS) return decision;
    const found = await effectlessWrites(options.api, decision.apply, options.signal);
    if (found.size === 0) return decision;
    for (const key of found) settled.add(key);
  }
}

/** The instance as it would be without its suspension. */
function resumedInstance(instance: KubeObject): KubeObject {
  const { [keys.RECONCILE_ANNOTATION]: _suspended, ...annotations } = instance.metadata.annotations ?? {};
  return { ...instance, metadata: { ...instance.metadata, annotations } };
}

/** The controller's text about a collection that is too large, with the limit that it was started with. */
const OVER_LIMIT = /over the maximum collection size of (\d{1,9})/;

/** Items up to which a collection counts as allowed by a controller that does not complain. */
const MAX_ASSUMED_ITEMS = 20_000;

/**
 * How many items a collection may have. The limit is a flag of the controller: it is known from the controller's
 * complaint; a controller that has looked at the instance and does not complain has a higher one.
 */
function collectionLimit(instance: KubeObject): { readonly maxCollectionSize?: number } {
  const { state, ready } = recordedState(instance);
  const said = OVER_LIMIT.exec(ready?.message ?? '')?.[1];
  if (said !== undefined) return { maxCollectionSize: Number(said) };
  return state === '' ? {} : { maxCollectionSize: MAX_ASSUMED_ITEMS };
}

const BY_LABELS =
  'nodes are known by the labels of their objects alone: nodes without objects, and what readyWhen asks for, are missing';

function checkNode(node: string | undefined, ids: readonly string[]): void {
  if (node === undefined || ids.includes(node)) return;
  const near = nearestName(node, ids);
  throw new TypeKroError(`the instance has no node ${node}`, {
    code: 'cli/usage',
    remedy: near === undefined ? `its nodes are ${ids.join(', ')}` : `did you mean ${near}?`,
  });
}

/** The nodes of the graph, without reports about objects that it no longer has. */
export function currentNodes(decision: Pick<Decision, 'nodes'>): readonly NodeReport[] {
  return decision.nodes.filter(({ retired }) => retired !== true);
}

/** What the controller wrote into the status last: the state, and its condition `Ready`. */
export function recordedState(instance: KubeObject): { readonly state: string; readonly ready?: Condition } {
  const status = isJsonObject(instance.status) ? instance.status : {};
  const state = typeof status['state'] === 'string' ? status['state'] : '';
  const ready = readConditions(status['conditions']).find(({ type }) => type === 'Ready');
  return { state, ...(ready === undefined ? {} : { ready }) };
}
