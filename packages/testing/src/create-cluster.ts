import type {
  AuditEvent,
  AuditOptions,
  AuditPolicy,
  Cluster,
  CommonCluster,
  CommonClusterOptions,
  ClusterSnapshot,
  ControllersOptions,
  ListenOptions,
  ManualClock,
  PresentOptions,
  UserInfo,
} from '@typekro/cluster';
import { createEmbeddedCluster, createManualClock, systemClusterClock } from '@typekro/cluster';
import type { Controller, ControllerOptions } from '@typekro/controller/controller';
import { controllerCrds } from '@typekro/engine/graph';
import { createController, LocalConversions, safeInstallation } from '@typekro/controller/controller';
import { definedMembers, requireKnownOptions, TypeKroError } from '@typekro/kit/core';
import { requireAuditPolicy } from './audit-policy.ts';
import { type KubeClientOptions, type Transport, KubeClient } from '@typekro/kube';

/** The audit log of a test cluster. */
export interface TestAuditOptions {
  /**
   * The audit policy, as an object or as the content of a policy file. Default: all requests, at the level `Metadata`.
   */
  readonly policy?: AuditPolicy | string;
  /** The file to which events are appended, one per line; `-` for the standard output. Default: none. */
  readonly file?: string;
  /** Called with each event, before the response is sent. */
  readonly onEvent?: (event: AuditEvent) => void;
}

/** The options of `createCluster`. */
export interface TestClusterOptions extends CommonClusterOptions {
  /** The simulated controllers that are disabled, slow, held or failing from the start. Default: none. */
  readonly controllers?: ControllersOptions;
  /** `real`: time passes. `manual` (default): only `cluster.clock.advance(ms)` moves the time. */
  readonly clock?: 'real' | 'manual';
  /** The start time of a manual clock, in milliseconds since the epoch. Default: the present time. */
  readonly startTime?: number;
  /** The state with which the cluster starts. Default: empty. */
  readonly from?: ClusterSnapshot;
  /** The audit log of the requests. Default: none. */
  readonly audit?: TestAuditOptions;
}

/** All options. The TypeScript compiler checks that the table is complete. */
const OPTIONS: Readonly<Record<keyof TestClusterOptions, true>> = {
  kubernetesVersion: true,
  workloads: true,
  controllers: true,
  standIns: true,
  standInStepMs: true,
  runProcesses: true,
  clock: true,
  startTime: true,
  from: true,
  tokens: true,
  serviceAccountAdmission: true,
  audit: true,
};

const CONNECT_OPTIONS: Readonly<Record<Exclude<keyof ConnectOptions, 'user'>, true>> = {
  userAgent: true,
  clock: true,
  random: true,
  retries: true,
  backoff: true,
  impersonate: true,
  rateLimit: true,
  streamLists: true,
  onRequest: true,
  meters: true,
  mayWrite: true,
  discovery: true,
};

const LISTEN_OPTIONS: Readonly<Record<keyof ListenOptions, true>> = {
  port: true,
  host: true,
  https: true,
  certificate: true,
  clientCertificateAuthority: true,
  anonymous: true,
  preloadDelayMs: true,
  preloadsAll: true,
};

const PRESENT_OPTIONS: Readonly<Record<keyof PresentOptions, true>> = {
  name: true,
  namespace: true,
  image: true,
  args: true,
  labels: true,
};

const AUDIT_OPTIONS: Readonly<Record<keyof TestAuditOptions, true>> = { policy: true, file: true, onEvent: true };

/** The options of an additional client of a test cluster. */
export interface ConnectOptions extends Omit<KubeClientOptions, 'transport' | 'config'> {
  /** The user that the client acts as. Default: the administrator. */
  readonly user?: UserInfo;
}

/** A cluster for one test, in this process and without sockets. */
export interface TestCluster extends AsyncDisposable, CommonCluster {
  /** A client with all permissions. It is closed together with the cluster. */
  readonly client: KubeClient;
  /**
   * The transport for `factory(mode, { transport })`, or for a client that the test creates. Faults also apply to its
   * requests.
   */
  readonly transport: Transport;
  /** The cluster's time. With `clock: 'real'`, `advance` throws `testing/clock-is-real`. */
  readonly clock: ManualClock;
  /**
   * Creates an additional client. `user` is the user that the client acts as, with the permissions that roles and
   * bindings grant (default: the administrator). The other options are those of `KubeClient`. The client is closed
   * together with the cluster.
   */
  connect(options?: ConnectOptions): KubeClient;
  /** Waits until the cluster is idle, and returns its state. */
  snapshot(): Promise<ClusterSnapshot>;
  /**
   * Waits until the cluster is idle, and restores the state of a snapshot: objects with their versions and UIDs
   * (including CRDs and RBAC objects), addresses and logs. Open watches end with `410 Expired`, so that informers list
   * again. Clock and faults do not change.
   */
  restore(snapshot: ClusterSnapshot): Promise<void>;
  /**
   * Installs kro's CRDs and runs a controller until the cluster is closed. The gate `APIVersions` (`features.versions`) is
   * on by default, and conversions run in this process.
   */
  startController(options?: Omit<ControllerOptions, 'client'>): Promise<Controller>;
}

const auditOptions = ({ policy, ...options }: TestAuditOptions): AuditOptions => ({
  ...options,
  ...(policy === undefined ? {} : { policy: requireAuditPolicy(policy) }),
});

/** The machine's clock. A test cannot advance it. */
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
 * Creates a cluster for a test, in a few milliseconds. Use `await using cluster = await createCluster()`, or close the
 * cluster in an `afterEach`. The clusters of parallel tests are independent.
 *
 * @throws TypeKroError `cluster/audit-policy` for an invalid audit policy; `testing/unknown-option` for an option that
 *   does not exist.
 */
export async function createCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  requireKnownOptions('createCluster()', options, OPTIONS, 'testing/unknown-option');
  if (options.audit !== undefined) requireKnownOptions('audit', options.audit, AUDIT_OPTIONS, 'testing/unknown-option');
  const clock = options.clock === 'real' ? undefined : createManualClock(options.startTime);
  const conversions = new LocalConversions();
  const cluster: Cluster = await createEmbeddedCluster({
    webhookServices: conversions.services,
    controllers: options.controllers ?? true,
    workloads: options.workloads ?? true,
    ...definedMembers({ kubernetesVersion: options.kubernetesVersion, clock, tokens: options.tokens }),
    ...definedMembers({ standIns: options.standIns, runProcesses: options.runProcesses }),
    ...definedMembers({ serviceAccountAdmission: options.serviceAccountAdmission }),
    ...(options.audit === undefined ? {} : { audit: auditOptions(options.audit) }),
    ...(options.standInStepMs === undefined ? {} : { standInStepMs: options.standInStepMs }),
  });
  if (options.from !== undefined) cluster.restore(options.from);
  const transport = cluster.transport();
  const client = new KubeClient({ transport });
  conversions.connect(client);
  const clients = [client];
  const controllers: Controller[] = [];
  const close = async () => {
    await Promise.all(controllers.splice(0).map((controller) => controller.stop()));
    await Promise.all(clients.splice(0).map((opened) => opened.close()));
    await cluster.close();
    conversions.close();
  };
  return {
    client,
    transport,
    clock: clock ?? realClock,
    faults: cluster.faults,
    pods: cluster.pods,
    controllers: cluster.controllers,
    standIns: cluster.standIns,
    connect({ user, ...clientOptions } = {}) {
      requireKnownOptions('connect()', clientOptions, CONNECT_OPTIONS, 'testing/unknown-option');
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
      const features = { versions: true, ...controllerOptions.features };
      const given = { conversions: conversions.address, ...controllerOptions, features, client };
      const controller = createController(given);
      controllers.push(controller);
      await controller.start();
      return controller;
    },
    async presentProcess(presented) {
      requireKnownOptions('presentProcess()', presented, PRESENT_OPTIONS, 'testing/unknown-option');
      return cluster.presentProcess(presented);
    },
    async listen(listenOptions = {}) {
      requireKnownOptions('listen()', listenOptions, LISTEN_OPTIONS, 'testing/unknown-option');
      return cluster.listen(listenOptions);
    },
    idle: () => cluster.idle(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
