import { followApiServices } from './aggregation/follow-api-services.ts';
import { Api } from './api.ts';
import { PROGRAM_GONE } from './errors/missing-program.ts';
import { bootstrap, NODE_ADDRESS } from './bootstrap.ts';
import { needsSchemas } from './crd/schemas.ts';
import { followAddresses } from './follow-addresses.ts';
import { followDefinitions } from './definitions/follow-definitions.ts';
import { registerVersions } from './definitions/register-versions.ts';
import {
  auditing,
  earlierReleases,
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
import type { Faults } from './faults/model.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import { restoreSnapshot, snapshotCluster } from './snapshot.ts';
import type { ControllerSettings, StartedControllers } from './controllers/index.ts';
import { noControllers, noPods } from './controllers/settings.ts';
import { installDefinitions } from './install-definitions.ts';
import type { ClusterClock } from './clock.ts';
import { inProcessTransport } from './http/in-process.ts';
import { openListener } from './http/listener.ts';
import type { ClusterOptions, Listener, ListenOptions, UserInfo } from './options.ts';
import type { KeptState } from './persistence.ts';
import type { PresentedProcess, PresentOptions } from './present-process.ts';
import type { PodSimulation } from './pods/pod-rule-set.ts';
import type { StandIn, StandIns } from './stand-in.ts';
import type { Transport } from './transport.ts';
import { TypeKroError } from '../core/index.ts';
import { KUBERNETES_RELEASE, kubernetesReleaseOf } from '../kubernetes/index.ts';
import type { KubernetesRelease } from './release.ts';

/** An embedded cluster. */
export interface Cluster {
  /** A transport that needs no socket. Its requests are those of `user` (default: the administrator). */
  transport(user?: UserInfo): Transport;
  /** Opens a socket. A cluster may have several sockets. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** The cluster's time. */
  readonly clock: ClusterClock;
  /** The settings of the simulated controllers. They can change at any time. */
  readonly controllers: ControllerSettings;
  /** Sets rules for the lives of pods. */
  readonly pods: PodSimulation;
  /** Makes the stand-ins for operators fail. */
  readonly standIns: StandIns;
  /** Breaks requests on purpose. */
  readonly faults: Faults;
  /**
   * Shows a part of this process as a Deployment with a pod. A label marks both as simulated. The pod's log has the
   * lines that are passed to the result's `log`. With the default namespace, `kubectl logs -n kro-system deploy/NAME`
   * shows these lines.
   *
   * @throws TypeKroError `cluster/process-not-presented` when the API refuses the objects.
   */
  presentProcess(options: PresentOptions): Promise<PresentedProcess>;
  /** The present content of the cluster, as plain data that this or another cluster can restore. */
  snapshot(): ClusterSnapshot;
  /**
   * Restores the state of a snapshot: objects, definitions, access rules, addresses and logs. Objects get their old
   * versions and uids. The counter of versions never goes back. Open watches therefore end with `410 Expired`, and
   * clients list again. Clock, sockets, faults and settings of controllers do not change.
   *
   * @throws TypeKroError when the content cannot be stored in `stateDirectory`. The cluster then stays as it is.
   */
  restore(snapshot: ClusterSnapshot): void;
  /**
   * Why changes are refused: the last one could not be stored in `stateDirectory`, for example on a full disk. Each
   * change tries again. `undefined` when the last change was stored, and in a cluster without a `stateDirectory`.
   */
  readonly stateProblem: string | undefined;
  /**
   * Why requests fail: files of the program are gone since its start. `undefined` when no request has missed a file.
   */
  readonly programProblem: string | undefined;
  /** Settles when no simulated controller has work that is due now. */
  idle(): Promise<void>;
  /** Closes sockets and watches, stops controllers and timers. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The release of Kubernetes that the options name; `undefined` for the latest release, whose code is already loaded.
 */
async function releaseFor({
  kubernetesVersion = KUBERNETES_RELEASE,
}: ClusterOptions): Promise<KubernetesRelease | undefined> {
  if (kubernetesReleaseOf(kubernetesVersion) === KUBERNETES_RELEASE) return undefined;
  return (await earlierReleases.load()).releaseOf(kubernetesVersion);
}

/**
 * Makes a cluster. The cluster is ready when the promise settles.
 *
 * @throws TypeKroError `cluster/kubernetes-version` for a version of Kubernetes without data;
 *   `cluster/state-unreadable` when `stateDirectory` holds something other than a cluster's state;
 *   `cluster/unknown-stand-in`, `cluster/duplicate-stand-in`, `cluster/stand-in-definition` and
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

/** Ends the work of the cluster, its logs and its streams. Also ends what a failed start has begun. */
function endWork(api: Api): void {
  api.work.stop();
  api.logs.close();
  for (const stream of api.streams) stream.end();
}

/** Starts the parts of a cluster in their order. The caller ends the started parts when a later part cannot start. */
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
    restore: (snapshot) => restoreSnapshot(api, snapshot),
    transport: (user) => inProcessTransport(api, user),
    async listen(listenOptions) {
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

/** Lets the cluster run local processes. */
async function startProcesses(api: Api): Promise<void> {
  const { ProcessRuntime } = await processes.load();
  const runtime = new ProcessRuntime(api, NODE_ADDRESS);
  api.processes = runtime;
  api.work.onStop(() => runtime.close());
}

/** The stand-ins that the options request. */
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
