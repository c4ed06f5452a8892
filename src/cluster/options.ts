import type { Clock } from './clock.ts';

/** Who a request is made by: what authentication gives and authorization looks at. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** How to make a cluster. Everything has a default; `createCluster()` is a usable cluster. */
export interface ClusterOptions {
  /**
   * Whether the simulated controllers (garbage collector, namespaces, workloads, …) run. Default: true.
   * Without them nothing but the client changes objects.
   */
  readonly controllers?: boolean;
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
  /** How many events a watch may lag behind before `410 Expired`. Default: 10 000. */
  readonly eventWindow?: number;
}

/** How to open a socket. */
export interface ListenOptions {
  /** TCP port; 0 lets the system choose. Default: 0. */
  readonly port?: number;
  /** Address to bind. Default: `127.0.0.1`. */
  readonly host?: string;
  /** TLS with a self-made certificate. Default: true. */
  readonly https?: boolean;
  /**
   * The identity of requests without credentials. Default: over HTTPS `system:anonymous`; over plain
   * HTTP on a loopback address the administrator, because clients send no token over plain HTTP.
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
