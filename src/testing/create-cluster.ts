import type { Cluster, Listener, ListenOptions } from '../cluster/index.ts';
import { createCluster as createEmbeddedCluster, createManualClock } from '../cluster/index.ts';
import type { ManualClock } from '../cluster/index.ts';
import type { Controller, ControllerOptions } from '../controller/index.ts';
import { controllerCrds, createController } from '../controller/index.ts';
import type { Transport } from '../kube/index.ts';
import { KubeClient } from '../kube/index.ts';
import { Faults } from './faults.ts';

/** How to make a test cluster. */
export interface TestClusterOptions {
  /** Simulated workload controllers: pods become ready, garbage is collected. Default true. */
  readonly workloads?: boolean;
  /** `real`: time passes. `manual` (default): `cluster.clock.advance(ms)` moves it. */
  readonly clock?: 'real' | 'manual';
}

/** A cluster of its own for one test: in this process, without sockets. */
export interface TestCluster extends AsyncDisposable {
  /** A client with all rights. Closed with the cluster. */
  readonly client: KubeClient;
  /** For `factory(mode, { transport })`, or a client of your own; faults strike here, too. */
  readonly transport: Transport;
  /** The cluster's time; absent with `clock: 'real'`. */
  readonly clock: ManualClock | undefined;
  /** Breaks requests on purpose. */
  readonly faults: Faults;
  /** Installs kro's CRDs and runs a controller until the cluster is closed. */
  startController(options?: Omit<ControllerOptions, 'client'>): Promise<Controller>;
  /** Opens a socket on loopback, for clients outside this process; `kubeconfig` is YAML text. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** Settles when no simulated controller has work that is due now. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes a cluster for a test, in milliseconds. Use `await using cluster = await createCluster()`, or close
 * it in an `afterEach`. Tests in parallel do not see one another's clusters.
 */
export async function createCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = options.clock === 'real' ? undefined : createManualClock();
  const cluster: Cluster = await createEmbeddedCluster({
    controllers: options.workloads ?? true,
    ...(clock === undefined ? {} : { clock }),
  });
  const faults = new Faults();
  const transport = faults.wrap(cluster.transport());
  const client = new KubeClient({ transport });
  const controllers: Controller[] = [];
  const close = async () => {
    await Promise.all(controllers.map((controller) => controller.stop()));
    await client.close();
    await cluster.close();
  };
  return {
    client,
    transport,
    clock,
    faults,
    async startController(controllerOptions = {}) {
      for (const crd of controllerCrds()) await client.apply(crd, { fieldManager: 'typekro-testing', force: true });
      const controller = createController({ ...controllerOptions, client });
      controllers.push(controller);
      await controller.start();
      return controller;
    },
    listen: (listenOptions) => cluster.listen(listenOptions),
    idle: () => cluster.idle(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
