import { followApiServices } from './aggregation/follow-api-services.ts';
import { Api } from './api.ts';
import { PROGRAM_GONE } from './errors/missing-program.ts';
import { bootstrap, NODE_ADDRESS } from './bootstrap.ts';
import { needsSchemas } from './crd/needs-schemas.ts';
import { followAddresses } from './follow-addresses.ts';
import { followDefinitions } from './definitions/follow-definitions.ts';
import { registerVersions } from './definitions/register-versions.ts';
import {
  auditing,
  earlierReleases,
  listening,
  LoadAhead,
  persistence,
  presentation,
  processes,
  schemaEngine,
  simulation,
  standInCatalogue,
  writing,
} from './lazy-modules.ts';
import { FaultRules } from './faults/fault-rules.ts';
import type { Faults } from './faults/fault.ts';
import { type ClusterSnapshot, checkSnapshot, restoreSnapshot, snapshotCluster } from './snapshot.ts';
import type { ControllerSettings, StartedControllers } from './controllers/index.ts';
import { noControllers, noPods } from './controllers/enabled-controllers.ts';
import type { ClusterClock } from './cluster-clock.ts';
import { inProcessTransport } from './http/in-process.ts';
import type { ClusterOptions, Listener, ListenOptions, UserInfo } from './cluster-options.ts';
import type { KeptState } from './persistence.ts';
import type { PresentedProcess, PresentOptions } from './present-process.ts';
import type { PodSimulation } from './pods/pod-rule-set.ts';
import type { StandIn, StandIns } from './stand-in.ts';
import type { Transport } from '@typekro/kube';
import { TypeKroError } from '@typekro/kit/core';
import { KUBERNETES_RELEASE, kubernetesReleaseOf } from '@typekro/kit/kubernetes';
import type { KubernetesRelease } from './release.ts';
import { goQuote } from '@typekro/kit/golang';
import type { HandlerContext } from './http/handler.ts';
import { ownRequest } from './own-request.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/**
 * Creates the CustomResourceDefinitions of the stand-ins, unless the cluster already has them. A definition that
 * another client has created is not changed.
 *
 * @throws TypeKroError `cluster/stand-in-definition` when the API refuses a definition.
 */
async function installDefinitions(context: HandlerContext, standIns: readonly StandIn[]): Promise<void> {
  for (const standIn of standIns) {
    for (const definition of standIn.definitions?.() ?? []) {
      const { status, text } = await ownRequest(context, 'POST', DEFINITIONS, definition);
      if (status < 300 || status === 409) continue;
      const message = `the definition ${definition.metadata.name} of the stand-in ${goQuote(standIn.name)} is refused: ${text}`;
      throw new TypeKroError(message, { code: 'cluster/stand-in-definition', remedy: 'correct the definition' });
    }
  }
}

/** The members that a cluster and the cluster of a test have. */
export interface CommonCluster {
  /** Opens a socket. A cluster can have several sockets. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** The settings of the simulated controllers. They can change at any time. */
  readonly controllers: ControllerSettings;
  /** Sets rules for the simulated behaviour of pods. */
  readonly pods: PodSimulation;
  /** The names of the stand-ins for operators, and a function that makes their work fail. */
  readonly standIns: StandIns;
  /** Injects faults into requests. */
  readonly faults: Faults;
  /**
   * Shows a part of this process as a Deployment with a pod, both with a label that marks them as simulated. The pod's
   * log contains the lines that are passed to the result's `log`. With the default namespace,
   * `kubectl logs -n kro-system deploy/NAME` shows these lines.
   *
   * @throws TypeKroError `cluster/process-not-presented` when the API refuses the objects.
   */
  presentProcess(options: PresentOptions): Promise<PresentedProcess>;
  /** Resolves when no simulated controller has pending work at the present time. */
  idle(): Promise<void>;
  /** Closes sockets and watches, stops controllers and timers. */
  close(): Promise<void>;
}

/** An embedded cluster. */
export interface Cluster extends CommonCluster {
  /** Returns a transport without a socket. It sends requests as `user` (default: the administrator). */
  transport(user?: UserInfo): Transport;
  /** The cluster's time. */
  readonly clock: ClusterClock;
  /** Returns the present content of the cluster, as plain data that this cluster or another one can restore. */
  snapshot(): ClusterSnapshot;
  /**
   * Restores the state of a snapshot: objects, definitions, access rules, addresses and logs. Objects get their old
   * versions and uids. The version counter is never decreased. Open watches end with `410 Expired`, so that clients
   * list again. Clock, sockets, faults and controller settings do not change.
   *
   * @throws TypeKroError `cluster/snapshot-unreadable` for an object that is not at its place, and another error when
   *   the content cannot be stored in `stateDirectory`. The cluster then does not change.
   */
  restore(snapshot: ClusterSnapshot): void;
  /**
   * The reason why changes are refused: the last change could not be stored in `stateDirectory`, for example on a full
   * disk. Each further change tries to write the files again. `undefined` when the last change was stored, and in a
   * cluster without a `stateDirectory`.
   */
  readonly stateProblem: string | undefined;
  /**
   * The reason why requests fail: files of the program were removed since its start. `undefined` when no request
   * required a missing file.
   */
  readonly programProblem: string | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Returns the Kubernetes release that the options name, or `undefined` for the latest release, whose code is already
 * loaded.
 */
async function releaseFor({
  kubernetesVersion = KUBERNETES_RELEASE,
}: ClusterOptions): Promise<KubernetesRelease | undefined> {
  if (kubernetesReleaseOf(kubernetesVersion) === KUBERNETES_RELEASE) return undefined;
  return (await earlierReleases.load()).releaseOf(kubernetesVersion);
}

/**
 * Creates a cluster. The cluster is ready when the promise resolves.
 *
 * @throws TypeKroError `cluster/kubernetes-version` for an unsupported Kubernetes version; `cluster/state-unreadable`
 *   when `stateDirectory` does not contain the state of a cluster; `cluster/unknown-stand-in`,
 *   `cluster/duplicate-stand-in`, `cluster/stand-in-definition` and
 *   `cluster/stand-ins-without-controllers` for stand-ins that cannot run; `cluster/audit-log` for an audit log that
 *   cannot be written; `cluster/service-account-key` for a key that cannot sign or verify tokens;
 *   `cluster/unknown-controller` and `cluster/invalid-pod-rule` for wrong settings of controllers and pods.
 */
export async function createEmbeddedCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const api = new Api(options, await releaseFor(options));
  try {
    return await assemble(api, options);
  } catch (error) {
    endWork(api);
    api.auditLog?.close();
    throw error;
  }
}

/** Stops the work of the cluster, and ends its streams, even after a failed start. */
function endWork(api: Api): void {
  api.work.stop();
  for (const stream of api.streams) stream.end();
}

/** Starts the parts of a cluster in order. The caller must stop the started parts when a later part cannot start. */
async function assemble(api: Api, options: ClusterOptions): Promise<Cluster> {
  const unfollowMoves = api.clock.onMove?.(() => api.work.runNow());
  if (unfollowMoves !== undefined) api.work.onStop(unfollowMoves);
  followDefinitions(api);
  followAddresses(api);
  registerVersions(api);
  followApiServices(api);
  const { controllers = true } = options;
  const standIns = await loadedStandIns(options);
  let started: StartedControllers = { settings: noControllers, pods: noPods, standIns: noStandIns };
  if (controllers !== false) {
    await writing.load();
    if (options.runProcesses === true && options.workloads !== false) await startProcesses(api);
    const { startControllers } = await simulation.load();
    const hosted = { standIns, stepMs: options.standInStepMs ?? 0 };
    started = startControllers(api, controllers === true ? {} : controllers, options.workloads !== false, hosted);
  }
  bootstrap(api, controllers !== false);
  let kept: KeptState | undefined;
  if (options.stateDirectory !== undefined) {
    const { keepState } = await persistence.load();
    kept = keepState(api, options.stateDirectory);
    if (needsSchemas(api.store, schemaEngine, undefined)) await schemaEngine.load();
  }
  if (standIns.length > 0) await installDefinitions(api, standIns);
  if (options.audit !== undefined) {
    const { AuditLog } = await auditing.load();
    api.auditLog = new AuditLog(api, options.audit);
  }
  const faults = new FaultRules(api);
  const listeners = new Set<Listener>();
  const ahead = new LoadAhead();
  const cluster: Cluster = {
    clock: api.clock,
    controllers: started.settings,
    pods: started.pods,
    standIns: started.standIns,
    faults,
    presentProcess: async (presented) => (await presentation.load()).presentProcess(api, presented),
    snapshot: () => snapshotCluster(api),
    restore(snapshot) {
      checkSnapshot(api, snapshot);
      restoreSnapshot(api, snapshot);
    },
    transport: (user) => inProcessTransport(api, user),
    async listen(listenOptions) {
      api.work.share();
      const { openListener } = await listening.load();
      const listener = await openListener(api, listenOptions, () => ahead.onRequest());
      listeners.add(listener);
      ahead.start(listenOptions?.preloadDelayMs, listenOptions?.preloadsAll);
      return listener;
    },
    get stateProblem() {
      return kept?.problem;
    },
    get programProblem() {
      return api.isProgramGone ? PROGRAM_GONE : undefined;
    },
    idle: () => api.work.idle(),
    async close() {
      endWork(api);
      faults.close();
      await Promise.all([...listeners].map((listener) => listener.close()));
      listeners.clear();
      api.auditLog?.close();
      await ahead.stop();
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
  return cluster;
}

/** Enables local processes in the cluster. */
async function startProcesses(api: Api): Promise<void> {
  const { ProcessRuntime } = await processes.load();
  const runtime = new ProcessRuntime(api, NODE_ADDRESS);
  api.processes = runtime;
  api.work.onStop(() => runtime.close());
}

/** Loads the stand-ins that the options request. */
async function loadedStandIns({ standIns = [], controllers }: ClusterOptions): Promise<readonly StandIn[]> {
  if (standIns.length === 0) return [];
  if (controllers === false) {
    throw new TypeKroError('a cluster without controllers can have no stand-ins', {
      code: 'cluster/stand-ins-without-controllers',
      remedy: 'leave out `controllers: false`; to do without pods, write `workloads: false`',
    });
  }
  const { loadStandIns } = await standInCatalogue.load();
  return loadStandIns(standIns);
}

/** The stand-ins of a cluster without controllers. */
const noStandIns: StandIns = { names: [], fail: () => () => {} };
