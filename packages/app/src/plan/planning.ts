import { type ControllerSettings, CRD_TYPE, withLevel } from '@typekro/controller/controller';
import type { Plan, PlanSource } from '@typekro/controller/inspect';
import type { KroCompatibility } from '@typekro/engine/graph';
import { Fingerprint } from '@typekro/engine/runtime';
import {
  type KubeObject,
  type ObjectRef,
  isJsonObject,
  isoTime,
  tryParseJson,
  definedMembers,
} from '@typekro/kit/core';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type KubernetesApi, KubeError, systemClock } from '@typekro/kube';
import { controllerSettings, LEVEL_FLAG, recordOf } from '../controllers/controller-settings.ts';
import { readBasics } from './cluster-basics.ts';
import type { PlannedFiles } from './make-plan.ts';
import type { PlanContext } from './plan-context.ts';
import { basisKey } from './saved-plan.ts';
import { LiveSource } from './simulation/live-source.ts';
import { LazyRules } from './simulation/rules-server.ts';
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

/** The choices of the user for a plan. */
export interface PlanningOptions {
  readonly signal: AbortSignal;
  /** The only namespace whose instances are planned. By default, all namespaces. */
  readonly only?: string | undefined;
  /** Replaces the level of the controller. */
  readonly level?: KroCompatibility | undefined;
  /** Does the plan try its writes with dry runs? Default true. */
  readonly asks?: boolean;
  /** Default `apply`. */
  readonly operation?: Plan['operation'];
  readonly compared?: ComparedPlan | undefined;
}

/** Options of a plan that is compared with another plan. */
export interface ComparedPlan {
  /** The salt of the digests of written objects. */
  readonly salt: string;
  /** The time of the other plan, in milliseconds since the epoch. */
  readonly now?: number;
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
  target: PlanTarget,
  { signal, only, level, asks = true, operation = 'apply', compared }: PlanningOptions,
): Promise<Planning> {
  const { api, checkedBy } = target;
  const isCluster = target.source.kind === 'cluster';
  const [read, version, cluster, settings] = await Promise.all([
    readBasics(api, signal),
    versionOf(api, signal),
    isCluster ? identityOf(api, signal) : undefined,
    target.settings === undefined
      ? controllerSettings(api, signal, level)
      : level === undefined
        ? target.settings
        : withLevel(target.settings, level, LEVEL_FLAG),
  ]);
  const basics = { ...read, limits: [...(target.limits ?? []), ...read.limits] };
  const source = new LiveSource({ api, signal, fallback: only ?? target.namespace, ...definedMembers({ only }) });
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
  const checker = new WriteChecker({ api, checkedBy, rules, asks, signal });
  const now = compared?.now ?? systemClock.now();
  const contents = new Map<string, string>();
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
    ...definedMembers({ only, salt: target.salt }),
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
    ...definedMembers({ cluster }),
    declare: (given) => void (declared = given),
    [Symbol.asyncDispose]: () => rules.close(),
  };
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
