import type { ClusterClock } from './clock.ts';

/** The user of a request. Authentication determines it, and authorization checks it. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The behaviour of the simulated controllers, by their names (as in Kubernetes: `deployment-controller`,
 * `replicaset-controller`, `kubelet`, …). A name that no controller has is refused.
 */
export interface ControllersOptions {
  /** Controllers that do not run. Default: none. */
  readonly disable?: readonly string[];
  /**
   * The time between an event and the work of a controller, in milliseconds of the cluster's clock; `*` means all
   * controllers. Default: 0.
   */
  readonly delay?: Readonly<Record<string, number>>;
  /** Controllers that collect work without doing it until `cluster.controllers.release(name)`. Default: none. */
  readonly hold?: readonly string[];
  /**
   * The number of first attempts of a controller that fail; `Infinity` makes all fail. Each is tried again after a
   * second of the cluster's clock. Default: none.
   */
  readonly fail?: Readonly<Record<string, number>>;
}

/** The options of a cluster. All have defaults; `createEmbeddedCluster()` gives a usable cluster. */
export interface ClusterOptions {
  /**
   * Do the simulated controllers (garbage collector, namespaces, workloads, …) run, and how do they behave? Default:
   * true. Without them only the client changes objects.
   */
  readonly controllers?: boolean | ControllersOptions;
  /**
   * Are workloads simulated (Deployments, Pods, endpoints, addresses of load balancers)? Without them only garbage
   * collection, namespaces and service accounts work. Default: true.
   */
  readonly workloads?: boolean;
  /** Bearer tokens besides the administrator's, with their users. Default: none. */
  readonly tokens?: Readonly<Record<string, UserInfo>>;
  /** The bearer token of the administrator (group `system:masters`). Default: random. */
  readonly adminToken?: string;
  /** The address range of Services, in CIDR notation. Default: `10.96.0.0/16`. */
  readonly serviceCidr?: string;
  /** The clock of objects, timers and controllers. Default: that of the machine. */
  readonly clock?: ClusterClock;
  /**
   * A directory that keeps the objects of the cluster; created if it is missing. A later cluster with the same
   * directory continues with these objects. Only one cluster at a time may use it. Default: nothing is kept.
   */
  readonly stateDirectory?: string;
  /** The number of events that a watch may lag behind before `410 Expired`. Default: 10 000. */
  readonly eventWindow?: number;
}

/** The options of a socket. */
export interface ListenOptions {
  /** TCP port; for 0 the system chooses one. Default: 0. */
  readonly port?: number;
  /**
   * The address to bind. Default: `127.0.0.1`. On an address that other machines can reach, requests need credentials.
   */
  readonly host?: string;
  /** Use TLS with a self-made certificate? Default: true. */
  readonly https?: boolean;
  /**
   * The identity of requests without credentials. Default over HTTPS: `system:anonymous`. Default over plain HTTP on a
   * loopback address: the administrator, because clients send no token over plain HTTP; requests from web pages do not
   * get this identity. On other addresses the identity may have no groups but those of `system:anonymous`.
   */
  readonly anonymous?: UserInfo;
}

/** An open socket of a cluster. */
export interface Listener {
  /** Base URL, e.g. `https://127.0.0.1:40123`. */
  readonly url: string;
  /** The kubeconfig as YAML text. */
  readonly kubeconfig: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** The certificate authority as PEM text; absent over plain HTTP. */
  readonly caData?: string;
  /** Closes the socket and all its connections. The cluster stays open. */
  close(): Promise<void>;
}
