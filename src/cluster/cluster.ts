import { Api } from './api.ts';
import { bootstrap } from './bootstrap.ts';
import { followDefinitions } from './crd/lifecycle.ts';
import type { ControllerSettings } from './controllers/index.ts';
import { noControllers, startControllers } from './controllers/index.ts';
import type { Clock } from './clock.ts';
import { inProcessTransport } from './in-process.ts';
import { openListener } from './listener.ts';
import type { ClusterOptions, Listener, ListenOptions, UserInfo } from './options.ts';
import type { Transport } from './transport.ts';

/** An embedded cluster. */
export interface Cluster {
  /** A client's way in without a socket. `user` defaults to the administrator. */
  transport(user?: UserInfo): Transport;
  /** Opens a socket; a cluster may have several. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** The cluster's time. */
  readonly clock: Clock;
  /** Holds, releases, slows and fails the simulated controllers while they run. */
  readonly controllers: ControllerSettings;
  /** Settles when no simulated controller has work that is due now. */
  idle(): Promise<void>;
  /** Closes sockets and watches, stops controllers and timers. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a cluster; it is ready when the promise settles. */
export function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const api = new Api(options);
  followDefinitions(api);
  const { controllers = true } = options;
  const settings =
    controllers === false
      ? noControllers
      : startControllers(api, controllers === true ? {} : controllers, options.workloads !== false);
  bootstrap(api);
  const listeners = new Set<Listener>();
  const cluster: Cluster = {
    clock: api.clock,
    controllers: settings,
    transport: (user) => inProcessTransport(api, user),
    async listen(listenOptions) {
      const listener = await openListener(api, listenOptions);
      listeners.add(listener);
      return listener;
    },
    idle: () => api.work.idle(),
    async close() {
      api.work.stop();
      for (const stream of api.streams) stream.end();
      await Promise.all([...listeners].map((listener) => listener.close()));
      listeners.clear();
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
  return Promise.resolve(cluster);
}
