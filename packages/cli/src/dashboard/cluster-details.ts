import { type ControllerSettings, DEFINITION_KIND } from '@typekro/controller/controller';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { isJsonObject, objectName, refOf, tryParseJson, TypeKroError } from '@typekro/kit/core';
import type {
  ActionAnswer,
  ActionRequest,
  DefinitionDetail,
  InspectAction,
  InspectCall,
  InspectDetails,
  InspectIndex,
  InspectMeta,
  InspectSource,
  InstanceDetail,
  InstanceEvents,
  InstanceRow,
  LogRequest,
  NodeDetail,
  ObjectDetail,
  Plan,
  PlanFile,
  PodLog,
  RevisionDetail,
  WhyPath,
} from '@typekro/controller/inspect';
import { InspectFailure, parseInstanceRef, visibleRows, withInstanceCounts } from '@typekro/controller/inspect';
import { type Clock, type KubernetesApi, isTimeout, KubeError, readSession, withDeadline } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import {
  type FoundInstance,
  InstanceEventFilter,
  type InstanceObservation,
  OF_THE_INSTANCE,
  findInstanceAt,
  listEvents,
  observeFound,
  recordedState,
  shownNodes,
  suspensionEffect,
  withFindings,
} from '@typekro/app/instance';
import { resumeInstance, requestReconcile, suspendInstance } from '../instance/instance-actions.ts';
import { ReportedCauses } from './cause-keys.ts';
import type { ChildChanges } from './child-changes.ts';
import { childSelections, eventSelection } from './child-selections.ts';
import { CurrentValues, readVariables } from './current-values.ts';
import { definitionDetail, revisionDetail } from './definition-detail.ts';
import { definitionHead, instanceRow } from './index-rows.ts';
import { instanceDetail, nodeDetail } from './instance-detail.ts';
import { objectDetail } from './object-detail.ts';
import { liveNodes } from './object-nodes.ts';
import { planTexts } from './plan-texts.ts';
import { readPodLog } from './read-pod-log.ts';
import { whyPath } from './why-path.ts';
import { readConditions } from '@typekro/engine/runtime';
import { awaitsWrite, waitingText } from './waiting-text.ts';

/** The options of `ClusterDetails`. */
export interface ClusterDetailsOptions {
  readonly index: InspectIndex;
  /**
   * Watches the objects of the instances that clients read. If absent, the event stream has only changes of the
   * instances themselves.
   */
  readonly children?: Pick<ChildChanges, 'follow'>;
  /** The reports of the controller in this process. Absent when the controller runs in another process. */
  readonly reports?: Pick<InspectSource, 'report'>;
  readonly clock: Clock;
  /** The version of this program. */
  readonly version: string;
  /** The name of the cluster: the context of the kubeconfig, or the address of the API server. */
  readonly cluster: string;
  readonly source: InspectMeta['source'];
  readonly commands?: InspectMeta['commands'];
  /** Does the server support `GET proof`, which proves that it has the token of the page? Default false. */
  readonly proves?: boolean;
  readonly actions: readonly InspectAction[];
  /** Reads the settings of the cluster's controller. */
  readonly settings: (api: KubernetesApi, signal: AbortSignal) => Promise<ControllerSettings>;
  /** The context of the command, for plans. */
  readonly context: CommandContext;
  /** The namespace for planned objects that do not set a namespace. */
  readonly namespace: string;
}

/**
 * The time limit for reading the version of the API server, in milliseconds. It is short, because the response waits
 * for the version. The `limits` that the index adds to this response tell the page that the API server does not
 * respond.
 */
const VERSION_DEADLINE_MS = 2000;

/**
 * The time for which the version of the API server is cached, in milliseconds. It is read again later, because the
 * cluster may be upgraded.
 */
const VERSION_MS = 10 * 60_000;

/** The maximum number of events in a response. */
const MAX_EVENTS = 200;

/** An instance, the decision that its controller would make now, and the session that read its objects. */
interface Observed {
  readonly api: KubernetesApi;
  readonly settings: ControllerSettings;
  readonly observation: InstanceObservation;
  readonly row: InstanceRow;
  readonly definition: KubeObject | undefined;
}

/**
 * Computes the details of a cluster's definitions and instances with the code of the commands `why`, `tree`, `diff`,
 * `plan`, `revisions`, `events` and `logs`. Each call reads the cluster once, with the rights of the caller.
 */
export class ClusterDetails implements InspectDetails {
  readonly #options: ClusterDetailsOptions;
  readonly #reported: ReportedCauses | undefined;
  #version: { readonly read: Promise<string | undefined>; readonly until: number } | undefined;

  constructor(options: ClusterDetailsOptions) {
    this.#options = options;
    const { reports } = options;
    if (reports !== undefined) this.#reported = new ReportedCauses((ref) => reports.report(ref)?.nodes);
  }

  async meta({ viewer, signal }: InspectCall): Promise<Omit<InspectMeta, 'epoch' | 'now'>> {
    const { version, cluster, source, actions, commands, proves = false } = this.#options;
    let served: string | undefined;
    try {
      const { clock } = this.#options;
      if (this.#version === undefined || this.#version.until <= clock.now()) {
        const read = withDeadline(VERSION_DEADLINE_MS, [signal], clock, (limited) => versionOf(viewer.api, limited));
        this.#version = { read, until: clock.now() + VERSION_MS };
      }
      served = await this.#version.read;
    } finally {
      // When the cluster did not respond, or this caller has disconnected, the next call reads the version again.
      if (served === undefined) this.#version = undefined;
    }
    return {
      version,
      cluster: { name: cluster, ...(served === undefined ? {} : { version: served }) },
      source,
      actions,
      plans: true,
      ...(commands === undefined ? {} : { commands }),
      ...(proves ? { proves } : {}),
      ...(viewer.user === undefined ? {} : { user: viewer.user }),
      limits: [],
    };
  }

  async definition(name: string, call: InspectCall): Promise<DefinitionDetail | undefined> {
    const { viewer, signal } = call;
    const api = readSession(viewer.api);
    const definition = await api.find({ ...DEFINITION_KIND, name }, { signal });
    if (definition === undefined) return undefined;
    const { index } = this.#options;
    const { rows, countLimits } = await visibleRows(index.instances(), viewer, { kinds: index.kinds(name) });
    const instances = rows.filter((row) => row.definition === name);
    const row = withInstanceCounts(definitionHead(definition), instances);
    const settings = await this.#options.settings(api, signal);
    const detail = await definitionDetail({ api, definition, row, instances, settings, signal });
    return { ...detail, notes: [...detail.notes, ...countLimits] };
  }

  revision(name: string, revision: number, { viewer, signal }: InspectCall): Promise<RevisionDetail | undefined> {
    return revisionDetail(viewer.api, name, revision, signal);
  }

  async instance(ref: string, call: InspectCall): Promise<InstanceDetail | undefined> {
    const observed = await this.#observe(ref, call);
    if (observed === undefined) return undefined;
    const { api, row } = observed;
    const observation = await withFindings(api, observed.observation, call.signal);
    const variables = await readVariables(api, observation, call.signal);
    // A caller that has disconnected needs no watches.
    call.signal.throwIfAborted();
    const selections = [eventSelection(observation.instance), ...childSelections(observation, variables)];
    const unfollowed = this.#options.children?.follow(row.ref, selections);
    const reason = row.waitingFor === undefined ? undefined : observedReason(observation);
    const shown = reason === undefined ? row : { ...row, waitingFor: reason };
    return instanceDetail(observation, shown, this.#valuesOf(observation, variables), unfollowed, observed.definition);
  }

  async why(ref: string, node: string | undefined, call: InspectCall): Promise<WhyPath | undefined> {
    const observed = await this.#observe(ref, call, node);
    if (observed === undefined) return undefined;
    const { index } = this.#options;
    const { rows, countLimits } = await visibleRows(index.instances(), call.viewer, { kinds: index.kinds() });
    const reported = this.#reported;
    const input = { ...observed, others: rows, ...(reported && { reported }), signal: call.signal };
    return { ...(await whyPath(input)), limits: countLimits };
  }

  async node(
    ref: string,
    node: string,
    object: ObjectRef | undefined,
    call: InspectCall,
  ): Promise<NodeDetail | undefined> {
    const observed = await this.#observe(ref, call);
    if (observed === undefined) return undefined;
    const observation = await withFindings(observed.api, observed.observation, call.signal);
    const values = await this.#values({ ...observed, observation }, call);
    const found = nodeDetail(observation, node, values, object);
    if (found !== undefined) return found;
    throw noNode(node);
  }

  async object(ref: string, object: ObjectRef, call: InspectCall): Promise<ObjectDetail | undefined> {
    const observed = await this.#observe(ref, call);
    if (observed === undefined) return undefined;
    const { api, observation } = observed;
    const { signal } = call;
    const variables = await readVariables(api, observation, signal);
    const now = this.#options.clock.now();
    const found = await objectDetail({ api, observation, object, variables, now, signal });
    if (found !== undefined) return found;
    throw new InspectFailure(`${objectName(object)} is not an object of the instance`, {
      status: 404,
      code: 'inspect/no-object',
    });
  }

  async events(ref: string, node: string | undefined, call: InspectCall): Promise<InstanceEvents | undefined> {
    const observed = await this.#observe(ref, call, node);
    if (observed === undefined) return undefined;
    const { api, observation } = observed;
    const filter = new InstanceEventFilter(api, observation, call.signal);
    try {
      const found = (await listEvents(api, filter, call.signal)).toReversed();
      const omitted = found.length - MAX_EVENTS;
      return { items: found.slice(0, MAX_EVENTS), ...(omitted > 0 ? { omitted } : {}), unread: [] };
    } catch (error) {
      if (error instanceof KubeError && error.status === 403) return { items: [], unread: [error.message] };
      throw error;
    }
  }

  async log(ref: string, request: LogRequest, call: InspectCall): Promise<PodLog | undefined> {
    const observed = await this.#observe(ref, call);
    return observed === undefined ? undefined : readPodLog(observed, request, call.signal);
  }

  async plan(files: readonly PlanFile[], { viewer, signal }: InspectCall): Promise<Plan> {
    const { context, cluster, namespace } = this.#options;
    const source = { kind: 'cluster', name: cluster } as const;
    const settings = await this.#options.settings(viewer.api, signal);
    const target = { api: viewer.api, source, namespace, settings, checkedBy: 'server' } as const;
    return planTexts({ ...context, signal }, files, target);
  }

  async act(
    ref: string,
    { action }: ActionRequest,
    { viewer, signal }: InspectCall,
  ): Promise<ActionAnswer | undefined> {
    const found = await find(viewer.api, ref, signal);
    if (found === undefined) return undefined;
    const { instance } = found;
    const result = await ACTIONS[action](viewer.api, instance, { dryRun: false, signal });
    return {
      action,
      changed: result !== 'unchanged',
      message: `${objectName(refOf(instance))}: ${effectOf(action, instance)}`,
    };
  }

  /** Reads an instance and its objects. Returns `undefined` when it does not exist. */
  async #observe(ref: string, { viewer, signal }: InspectCall, node?: string): Promise<Observed | undefined> {
    const api = readSession(viewer.api);
    const [found, settings] = await Promise.all([find(api, ref, signal), this.#options.settings(api, signal)]);
    if (found === undefined) return undefined;
    const chosenNode = node === undefined ? {} : { node };
    const observation = await observeFound(api, { ...found, ...chosenNode }, settings, signal).catch(notFoundNode);
    const { definition } = found;
    const known = this.#options.index.instance(ref);
    const serving = definition === undefined ? undefined : definitionHead(definition);
    const row = { ...instanceRow(observation.instance, serving), ...revisionOf(observation, known) };
    return { api, settings, observation, row, definition };
  }

  async #values({ api, observation }: Observed, { signal }: InspectCall): Promise<CurrentValues | undefined> {
    return this.#valuesOf(observation, await readVariables(api, observation, signal));
  }

  #valuesOf(observation: InstanceObservation, variables: ReadonlyMap<string, unknown>): CurrentValues | undefined {
    const { graph } = observation;
    if (graph === undefined) return undefined;
    return new CurrentValues(graph, variables, this.#options.clock.now(), liveNodes(observation, variables));
  }
}

const noNode = (node: string): InspectFailure =>
  new InspectFailure(`the instance has no node ${node}`, { status: 404, code: 'inspect/no-node' });

/**
 * Converts the error of `observeFound` for an unknown node to a 404, and throws it. No other error has the code
 * `cli/usage`.
 */
function notFoundNode(error: unknown): never {
  if (!(error instanceof TypeKroError) || error.code !== 'cli/usage') throw error;
  const { message, remedy } = error;
  throw new InspectFailure(message, {
    status: 404,
    code: 'inspect/no-node',
    ...(remedy === undefined ? {} : { remedy }),
  });
}

const ACTIONS = { suspend: suspendInstance, resume: resumeInstance, reconcile: requestReconcile } as const;

function effectOf(action: InspectAction, instance: KubeObject): string {
  switch (action) {
    case 'suspend':
      return suspensionEffect(instance);
    case 'resume':
      return 'it is not suspended: the controller keeps all objects as the graph wants them';
    case 'reconcile':
      return 'a pass of the controller is requested';
  }
}

async function find(api: KubernetesApi, ref: string, signal: AbortSignal): Promise<FoundInstance | undefined> {
  const address = parseInstanceRef(ref);
  return address === undefined ? undefined : findInstanceAt(api, address, signal);
}

/**
 * The revision that the instance follows according to the observation. If the observation has none, the revision in the
 * index.
 */
function revisionOf({ revision }: InstanceObservation, known: InstanceRow | undefined): Pick<InstanceRow, 'revision'> {
  if (revision > 0) return { revision };
  return known?.revision === undefined ? {} : { revision: known.revision };
}

async function versionOf(api: KubernetesApi, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = tryParseJson((await api.raw({ path: '/version', signal })).text);
    const version = isJsonObject(answer) ? answer['gitVersion'] : undefined;
    return typeof version === 'string' ? version : undefined;
  } catch (error) {
    // Some servers refuse to return their version. If the cluster does not respond, the other reads fail and report it.
    if (error instanceof KubeError || isTimeout(signal)) return undefined;
    throw error;
  }
}

/**
 * The reason why an observed instance waits, in the words of the report behind `GET instances/REF/why`. Returns
 * `undefined` when the status of the instance has more information: for an obstacle outside of the nodes, and for a
 * failed write that no dry run has tried.
 */
export function observedReason({
  instance,
  decision: { nodes },
  refusedWrites,
}: Pick<InstanceObservation, 'instance' | 'refusedWrites'> & {
  readonly decision: Pick<InstanceObservation['decision'], 'nodes'>;
}): string | undefined {
  const conditions = readConditions(instance.status?.['conditions']);
  if (conditions.some(({ type, status }) => OF_THE_INSTANCE.has(type) && status === 'False')) return undefined;
  if (recordedState(instance).state === 'ERROR' && awaitsWrite(nodes, refusedWrites)) return undefined;
  const shown = shownNodes(nodes, refusedWrites);
  return waitingText(nodes, (node) => shown.of(node));
}
