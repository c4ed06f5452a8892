import type {
  Cluster,
  ClusterSnapshot,
  ControllersOptions,
  ControllerSettings,
  Faults,
  Listener,
  ListenOptions,
  ManualClock,
  PresentedProcess,
  PresentOptions,
  UserInfo,
} from '../cluster/index.ts';
import { createEmbeddedCluster, createManualClock, systemClusterClock } from '../cluster/index.ts';
import type { Controller, ControllerOptions } from '../controller/index.ts';
import { controllerCrds, createController, safeInstallation } from '../controller/index.ts';
import { TypeKroError } from '../core/index.ts';
import type { KubeClientOptions, Transport } from '../kube/index.ts';
import { KubeClient } from '../kube/index.ts';

/** The options of `createCluster`. */
export interface TestClusterOptions {
  /** Simulated workload controllers: pods become ready, garbage is collected. Default true. */
  readonly workloads?: boolean;
  /** Which simulated controllers are off, slow, held or failing from the start. Default: none. */
  readonly controllers?: ControllersOptions;
  /** `real`: time passes. `manual` (default): `cluster.clock.advance(ms)` moves it. */
  readonly clock?: 'real' | 'manual';
  /** Where a manual clock starts, in milliseconds since the epoch. Default: now. */
  readonly startTime?: number;
  /** The state from which the cluster starts. Default: an empty cluster. */
  readonly from?: ClusterSnapshot;
  /** The users of bearer tokens, by token, for clients of the socket. Default: none. */
  readonly tokens?: Readonly<Record<string, UserInfo>>;
}

/** The options of another client of a test cluster. */
export interface ConnectOptions extends Omit<KubeClientOptions, 'transport' | 'config'> {
  /** The user in whose name the client sends its requests. Default: the administrator. */
  readonly user?: UserInfo;
}

/** A cluster for one test, in this process and without sockets. */
export interface TestCluster extends AsyncDisposable {
  /** A client with all rights. Closed with the cluster. */
  readonly client: KubeClient;
  /**
   * The transport for `factory(mode, { transport })`, or for a client of the test's own. Faults apply to its requests,
   * too.
   */
  readonly transport: Transport;
  /** The cluster's time. With `clock: 'real'`, `advance` throws `testing/clock-is-real`. */
  readonly clock: ManualClock;
  /** Breaks requests on purpose: latency, errors, lost answers, stale reads, watches that end or fall silent. */
  readonly faults: Faults;
  /** Switches simulated controllers off and on, holds, slows and fails them. */
  readonly controllers: ControllerSettings;
  /**
   * Makes another client. `user` is the user in whose name it sends requests, with the rights that roles and bindings
   * give (default: all rights); the other options are those of `KubeClient`. Closed with the cluster.
   */
  connect(options?: ConnectOptions): KubeClient;
  /** Waits until the cluster is idle, and returns its state. */
  snapshot(): Promise<ClusterSnapshot>;
  /**
   * Waits until the cluster is idle, and restores the state of a snapshot: objects with their versions and uids, CRDs,
   * access rules, addresses, logs. Open watches end with `410 Expired`, so that informers list anew. Clock and faults
   * do not change.
   */
  restore(snapshot: ClusterSnapshot): Promise<void>;
  /** Installs kro's CRDs and runs a controller until the cluster is closed. */
  startController(options?: Omit<ControllerOptions, 'client'>): Promise<Controller>;
  /** Presents a program of the test's process as a Deployment, whose pod has the program's log. */
  presentProcess(options: PresentOptions): Promise<PresentedProcess>;
  /** Opens a socket on loopback, for clients outside this process; `kubeconfig` is YAML text. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** Settles when no simulated controller has work that is due now. */
  idle(): Promise<void>;
  /** Closes the cluster: stops its controllers and clients. Further calls have no effect. */
  close(): Promise<void>;
}

/** The machine's clock, which a test cannot advance. */
const realClock: ManualClock = {
  now: () => systemClusterClock.now(),
  setTimer: (milliseconds, callback) => systemClusterClock.setTimer(milliseconds, callback),
  advance() {
    throw new TypeKroError('the clock of this cluster is the machine’s and cannot be advanced', {
      code: 'testing/clock-is-real',
      remedy: "create the cluster with clock: 'manual', the default",
    });
  },
  pending: 0,
};

/**
 * Makes a cluster for a test, in milliseconds. Use `await using cluster = await createCluster()`, or close
 * it in an `afterEach`. Tests in parallel do not see one another's clusters.
 */
export async function createCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = options.clock === 'real' ? undefined : createManualClock(options.startTime);
  const cluster: Cluster = await createEmbeddedCluster({
    controllers: options.controllers ?? true,
    workloads: options.workloads ?? true,
    ...(clock === undefined ? {} : { clock }),
    ...(options.tokens === undefined ? {} : { tokens: options.tokens }),
  });
  if (options.from !== undefined) cluster.restore(options.from);
  const transport = cluster.transport();
  const client = new KubeClient({ transport });
  const clients = [client];
  const controllers: Controller[] = [];
  const close = async () => {
    await Promise.all(controllers.splice(0).map((controller) => controller.stop()));
    await Promise.all(clients.splice(0).map((opened) => opened.close()));
    await cluster.close();
  };
  return {
    client,
    transport,
    clock: clock ?? realClock,
    faults: cluster.faults,
    controllers: cluster.controllers,
    connect({ user, ...clientOptions } = {}) {
      const opened = new KubeClient({ ...clientOptions, transport: cluster.transport(user) });
      clients.push(opened);
      return opened;
    },
    async snapshot() {
      await cluster.idle();
      return cluster.snapshot();
    },
    async restore(snapshot) {
      await cluster.idle();
      cluster.restore(snapshot);
      await cluster.idle();
    },
    async startController(controllerOptions = {}) {
      const { apply } = await safeInstallation(client, controllerCrds());
      for (const crd of apply) await client.apply(crd, { fieldManager: 'typekro-testing', force: true });
      const controller = createController({ ...controllerOptions, client });
      controllers.push(controller);
      await controller.start();
      return controller;
    },
    presentProcess: (presented) => cluster.presentProcess(presented),
    listen: (listenOptions) => cluster.listen(listenOptions),
    idle: () => cluster.idle(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
