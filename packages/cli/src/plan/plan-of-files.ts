import { type KubernetesApi, KubeError, systemClock } from '@typekro/kube';
import { type KubeObject, type ObjectRef, isJsonObject, isoTime, tryParseJson } from '@typekro/kit/core';
import { connectToCluster } from '../cluster-client.ts';
import { type ControllerSettings, CRD_TYPE, withLevel } from '@typekro/controller/controller';
import { controllerSettings, LEVEL_FLAG, levelOption, recordOf } from '../controller-settings.ts';
import { type CommandContext, type CommandInput, textOption } from '../command.ts';
import { Fingerprint } from '@typekro/engine/runtime';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type CheckedFiles, type LoadedFiles, checkFiles, printFindings } from './check-files.ts';
import { readBasics, unreadBecause } from './cluster-basics.ts';
import { LiveSource } from './simulation/live-source.ts';
import { type PlannedFiles, makePlan } from './make-plan.ts';
import type { Plan, PlanSource } from '@typekro/controller/inspect';
import type { PlanContext } from './plan-context.ts';
import { LazyRules } from './simulation/rules-server.ts';
import { basisKey } from './saved-plan.ts';
import { WriteChecker } from './simulation/write-checker.ts';

/** The cluster of a plan: a real one, or an embedded one with the objects of a snapshot. */
export interface PlanTarget {
  readonly api: KubernetesApi;
  readonly source: Omit<PlanSource, 'readAt'>;
  /** The time of the snapshot. By default, the time of the plan. */
  readonly readAt?: string;
  /** The namespace for objects that do not set one. */
  readonly namespace: string;
  readonly checkedBy: 'server' | 'rules';
  /** The salt with which the snapshot masks values of Secrets. */
  readonly salt?: string;
  /** The settings of the controller at the time of the snapshot. By default, they are read from the cluster. */
  readonly settings?: ControllerSettings;
  /** Sentences about kinds that the snapshot could not read. */
  readonly limits?: readonly string[];
}

/** A plan, and the data from which it was made. */
export interface MadePlan {
  readonly plan: Plan;
  readonly files: PlannedFiles;
  /** The objects of the files, with their namespaces set. */
  readonly desired: readonly KubeObject[];
  readonly objects: LiveSource;
  /**
   * Salted digests of the objects written for instances, by `basisKey`. Empty unless the plan is compared with another
   * plan.
   */
  readonly contents: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly settings: ControllerSettings;
  /** The identity of the cluster. Absent for a snapshot, and when the user may not read it. */
  readonly cluster?: string;
}

/** Options of a plan that is compared with another plan. */
export interface ComparedPlan {
  /** The salt of the digests of written objects. */
  readonly salt: string;
  /** The time of the other plan, in milliseconds since the epoch. */
  readonly now?: number;
}

/** Connects to the cluster that `--kubeconfig` and `--context` select. */
export async function clusterTarget(
  context: CommandContext,
  input: CommandInput,
): Promise<PlanTarget & AsyncDisposable> {
  const { client, namespace, name } = await connectToCluster(context, input);
  return {
    api: client,
    source: { kind: 'cluster', name },
    namespace,
    checkedBy: 'server',
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The context of plans for an open target. */
export interface Planning extends AsyncDisposable {
  readonly planned: PlanContext;
  /** The source of the live objects, and the time at which they are read. */
  readonly from: PlanSource;
  /** The identity of the cluster. Absent for a snapshot, and when the user may not read it. */
  readonly cluster?: string;
  /**
   * Salted digests of the objects written for instances, by `basisKey`. Empty unless the plan is compared with another
   * plan.
   */
  readonly contents: ReadonlyMap<string, string>;
  /** Sets the CRDs that the files declare. Writes of objects of their kinds are checked against these CRDs. */
  declare(crds: readonly KubeObject[]): void;
}

/** Reads the definitions, revisions and CRDs of a target, its version and the settings of its controller. */
export async function openPlanning(
  context: CommandContext,
  input: CommandInput,
  target: PlanTarget,
  compared?: ComparedPlan,
): Promise<Planning> {
  const { api, checkedBy } = target;
  const { signal } = context;
  const only = textOption(input, 'namespace');
  const isCluster = target.source.kind === 'cluster';
  const level = levelOption(input);
  const [read, version, cluster, settings] = await Promise.all([
    readBasics(api, signal),
    versionOf(api, signal),
    isCluster ? identityOf(api, signal) : undefined,
    target.settings === undefined
      ? controllerSettings(api, input, signal)
      : level === undefined
        ? target.settings
        : withLevel(target.settings, level, LEVEL_FLAG),
  ]);
  const basics = { ...read, limits: [...(target.limits ?? []), ...read.limits] };
  const source = new LiveSource({
    api,
    signal,
    fallback: only ?? target.namespace,
    ...(only === undefined ? {} : { only }),
  });
  let declared: readonly KubeObject[] = [];
  const crds = (): KubeObject[] => {
    const names = new Set(declared.map(({ metadata }) => metadata.name));
    return [...basics.crds.filter(({ metadata }) => !names.has(metadata.name)), ...declared.map(asServedCrd)];
  };
  const rules = new LazyRules(() => [
    ...[...source.tables()].map((table) => ({ type: table.type, objects: [...table.all()] })),
    // After the objects that were read, because a CRD of the files replaces that of the cluster.
    { type: CRD_TYPE, objects: crds() },
  ]);
  const asks = textOption(input, 'dry-run') !== 'none';
  const checker = new WriteChecker({ api, checkedBy, rules, asks, signal });
  const now = compared?.now ?? systemClock.now();
  const contents = new Map<string, string>();
  const operation = input.options['delete'] === true ? 'delete' : 'apply';
  const planned = {
    api,
    source,
    checker,
    basics,
    settings,
    signal,
    operation,
    namespace: only ?? target.namespace,
    now,
    ...(only === undefined ? {} : { only }),
    ...(target.salt === undefined ? {} : { salt: target.salt }),
    ...(compared === undefined
      ? {}
      : {
          onWrite: (ref: ObjectRef, desired: KubeObject) =>
            void contents.set(basisKey(ref), Fingerprint.of([compared.salt, desired])),
        }),
  } as const;
  const from: PlanSource = {
    ...target.source,
    ...(version === undefined || target.source.version !== undefined ? {} : { version }),
    readAt: target.readAt ?? isoTime(now),
    controller: recordOf(settings),
  };
  return {
    planned,
    from,
    contents,
    ...(cluster === undefined ? {} : { cluster }),
    declare: (given) => void (declared = given),
    [Symbol.asyncDispose]: () => rules.close(),
  };
}

/**
 * Checks loaded files against a cluster and plans them. When the files have errors, prints the errors and returns
 * `undefined`.
 */
export async function planOfFiles(
  context: CommandContext,
  input: CommandInput,
  loaded: LoadedFiles,
  target: PlanTarget,
  compared?: ComparedPlan,
): Promise<MadePlan | undefined> {
  const { made } = await planLoaded(context, input, loaded, target, {
    onChecked: (checked) => void printFindings(context, checked),
    ...(compared === undefined ? {} : { compared }),
  });
  return made;
}

/** The options of `planLoaded`. */
interface PlanLoadedOptions {
  readonly compared?: ComparedPlan;
  /** Called before the planning, with the findings about the files. */
  readonly onChecked?: (checked: CheckedFiles) => void;
}

/** Checks loaded files against a cluster and plans them. `made` is absent when the files have errors. */
export async function planLoaded(
  context: CommandContext,
  input: CommandInput,
  loaded: LoadedFiles,
  target: PlanTarget,
  { compared, onChecked }: PlanLoadedOptions = {},
): Promise<Omit<CheckedFiles, 'files'> & { readonly made?: MadePlan }> {
  await using planning = await openPlanning(context, input, target, compared);
  const { planned, from, cluster, contents } = planning;
  const { basics, settings: rules } = planned;
  // A snapshot has only the CRDs that are in use.
  const isCluster = target.source.kind === 'cluster' && unreadBecause(basics.limits, CRD_TYPE) === undefined;
  const { files, ...checked } = await checkFiles(context, input, loaded, basics.crds, rules, isCluster);
  onChecked?.(checked);
  if (files === undefined) return checked;
  planning.declare([...files.graphs.map(({ instance }) => instance.crd), ...files.crds]);
  const plan = await makePlan(planned, files, from);
  const { source: objects, now, settings } = planned;
  const made = { ...plan, files, objects, contents, now, settings, ...(cluster === undefined ? {} : { cluster }) };
  return { ...checked, made };
}

/** Adds the status of a served CRD to a CRD of the files. */
function asServedCrd(crd: KubeObject): KubeObject {
  const { spec = {}, metadata } = crd;
  const identity = { uid: `crd-${metadata.name ?? ''}`, resourceVersion: '1', generation: 1 };
  const condition = (type: string) => ({ type, status: 'True', reason: 'Declared', message: '' });
  const status = {
    acceptedNames: valueAt(spec, 'names') ?? {},
    storedVersions: objectsAt(spec, 'versions').map((version) => textAt(version, 'name')),
    conditions: [condition('NamesAccepted'), condition('Established')],
  };
  return { ...crd, metadata: { ...identity, ...metadata }, status };
}

/** Returns the identity of a cluster: the UID of the namespace `kube-system`, which every cluster has. */
async function identityOf(api: KubernetesApi, signal: AbortSignal): Promise<string | undefined> {
  try {
    const found = await api.find({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, { signal });
    return found?.metadata.uid;
  } catch (thrown) {
    if (thrown instanceof KubeError && thrown.status === 403) return undefined;
    throw thrown;
  }
}

/** Returns the version of the server, or `undefined` when the user may not read it. */
async function versionOf(api: KubernetesApi, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { text } = await api.raw({ path: '/version', signal });
    const answer = tryParseJson(text);
    const version = isJsonObject(answer) ? answer['gitVersion'] : undefined;
    return typeof version === 'string' ? version : undefined;
  } catch (thrown) {
    // A refused read is ignored. Any other error, such as a failed connection, ends the plan.
    if (thrown instanceof KubeError && thrown.status >= 400 && thrown.status < 500) return undefined;
    throw thrown;
  }
}
