import type { Clock } from './clock.ts';

/** The user of a request: what authentication gives and authorization looks at. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * How the simulated controllers behave, by their names (as in Kubernetes: `deployment-controller`,
 * `replicaset-controller`, `kubelet`, …). A name that no controller has is refused.
 */
export interface ControllersOptions {
  /** Controllers that do not run. Default: none. */
  readonly disable?: readonly string[];
  /** Milliseconds, by the cluster's clock, between an event and the work of a controller; `*` means all. Default: 0. */
  readonly delay?: Readonly<Record<string, number>>;
  /** Controllers that gather work without doing it until `cluster.controllers.release(name)`. Default: none. */
  readonly hold?: readonly string[];
  /**
   * How many attempts of a controller fail first; `Infinity` lets it fail for ever. Each is tried again after a
   * second of the cluster's clock. Default: none.
   */
  readonly fail?: Readonly<Record<string, number>>;
}

/** How to make a cluster. Everything has a default; `createEmbeddedCluster()` is a usable cluster. */
export interface ClusterOptions {
  /**
   * Whether the simulated controllers (garbage collector, namespaces, workloads, …) run, and how they
   * behave. Default: true. Without them nothing but the client changes objects.
   */
  readonly controllers?: boolean | ControllersOptions;
  /**
   * Whether workloads are simulated (Deployments, Pods, endpoints, addresses of load balancers). Without
   * them only garbage collection, namespaces and service accounts work. Default: true.
   */
  readonly workloads?: boolean;
  /** Bearer tokens besides the administrator's, and whom they stand for. Default: none. */
  readonly tokens?: Readonly<Record<string, UserInfo>>;
  /** The bearer token of the administrator (group `system:masters`). Default: random. */
  readonly adminToken?: string;
  /** Addresses of Services, in CIDR notation. Default: `10.96.0.0/16`. */
  readonly serviceCidr?: string;
  /** The time that objects, timers and controllers see. Default: the machine's. */
  readonly clock?: Clock;
  /**
   * A directory that keeps the objects of the cluster, made if it is not there: a cluster that is created with it
   * later goes on from there. It belongs to one cluster at a time. Default: nothing is kept.
   */
  readonly stateDirectory?: string;
  /** How many events a watch may lag behind before `410 Expired`. Default: 10 000. */
  readonly eventWindow?: number;
}

/** How to open a socket. */
export interface ListenOptions {
  /** TCP port; 0 lets the system choose. Default: 0. */
  readonly port?: number;
  /** Address to bind. Default: `127.0.0.1`. On addresses that others reach, requests need credentials. */
  readonly host?: string;
  /** TLS with a self-made certificate. Default: true. */
  readonly https?: boolean;
  /**
   * The identity of requests without credentials. Default: over HTTPS `system:anonymous`; over plain HTTP on a loopback
   * address the administrator, because clients send no token over plain HTTP; but not of requests that web pages make.
   * On other addresses it may have no groups but those of `system:anonymous`.
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
  /** Closes the socket and every connection on it; the cluster stays. */
  close(): Promise<void>;
}
