import type { ClusterClock } from './clock.ts';

/** The user of a request. Authentication determines it, and authorization checks it. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The behaviour of the simulated controllers, by the names of Kubernetes: `deployment-controller`,
 * `replicaset-controller`, `kubelet`, …. An unknown name is refused.
 */
export interface ControllersOptions {
  /** Controllers that do not run. Default: none. */
  readonly disable?: readonly string[];
  /**
   * The time between an event and the work of a controller, in milliseconds of the cluster's clock. `*` means all
   * controllers without their own entry. Default: 0.
   */
  readonly delay?: Readonly<Record<string, number>>;
  /** Controllers that collect work until `cluster.controllers.release(name)` lets them do it. Default: none. */
  readonly hold?: readonly string[];
  /**
   * The number of first attempts of a controller that fail. `Infinity` makes all attempts fail. A failed attempt is
   * repeated after a second of the cluster's clock. Default: none.
   */
  readonly fail?: Readonly<Record<string, number>>;
}

/** The options of a cluster. Every option has a default. */
export interface ClusterOptions {
  /**
   * Do the simulated controllers (garbage collector, namespaces, workloads, …) run? An object sets their behaviour.
   * Without controllers, only clients change objects. Default: true.
   */
  readonly controllers?: boolean | ControllersOptions;
  /**
   * Do the controllers of workloads run (Deployments, Pods, endpoints, addresses of load balancers)? Without them, only
   * the controllers for upkeep run: garbage collection, namespaces, service accounts and others. Default: true.
   */
  readonly workloads?: boolean;
  /** Bearer tokens in addition to the administrator's, with their users. Default: none. */
  readonly tokens?: Readonly<Record<string, UserInfo>>;
  /** The bearer token of the administrator (group `system:masters`). Default: random. */
  readonly adminToken?: string;
  /** The address range of Services, in CIDR notation. Default: `10.96.0.0/16`. */
  readonly serviceCidr?: string;
  /** The clock of objects, timers and controllers. Default: the machine's clock. */
  readonly clock?: ClusterClock;
  /**
   * A directory that keeps the objects of the cluster. It is created when it is missing. A later cluster with the same
   * directory continues with these objects. Only one cluster at a time may use the directory. Default: nothing is kept.
   */
  readonly stateDirectory?: string;
  /** The number of events by which a watch may lag before it gets `410 Expired`. Default: 10 000. */
  readonly eventWindow?: number;
}

/** The options of a socket. */
export interface ListenOptions {
  /** TCP port. For 0, the operating system chooses a port. Default: 0. */
  readonly port?: number;
  /**
   * The address to bind. On an address that other machines can reach, requests need credentials. Default: `127.0.0.1`.
   */
  readonly host?: string;
  /** Use TLS with a self-made certificate? Default: true. */
  readonly https?: boolean;
  /**
   * The identity of requests without credentials. A request from a web page, or for a host name that is not local, is
   * always `system:anonymous`. On an address that other machines can reach, the identity may have only the groups of
   * `system:anonymous`. Default: the administrator over plain HTTP on a loopback address, because clients send no token
   * over plain HTTP; otherwise `system:anonymous`.
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
