import type { JsonObject } from '@typekro/kit/core';
import type { AuditOptions } from './audit-options.ts';
import type { ClusterClock } from './cluster-clock.ts';
import type { StandIn, StandInFile, StandInName } from './stand-in.ts';

/** The user of a request. Authentication determines it, and authorization checks it. */
export interface UserInfo {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The behaviour of the simulated controllers. Controllers have their Kubernetes names: `deployment-controller`,
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
  /**
   * Controllers that queue work but do not process it until `cluster.controllers.release(name)` is called. Default:
   * none.
   */
  readonly hold?: readonly string[];
  /**
   * For each controller, the number of its first attempts that fail. `Infinity` makes all attempts fail. A failed
   * attempt is repeated after a second of the cluster's clock. Default: none.
   */
  readonly fail?: Readonly<Record<string, number>>;
}

/** The keys of service account tokens, in PEM format. */
export interface ServiceAccountKeys {
  /** The private key that signs tokens: an RSA key, or an EC key on P-256, P-384 or P-521. */
  readonly signing: string;
  /** The public keys or certificates that verify tokens. Default: the public key of `signing`. */
  readonly verification?: readonly string[];
}

/** The address at which clients reach the server. */
export interface ServerAddress {
  /** An IPv4 or IPv6 address. */
  readonly ip: string;
  readonly port: number;
}

/** The options that a cluster and the cluster of a test have. */
export interface CommonClusterOptions {
  /**
   * The version of Kubernetes whose API the cluster has: `1.34`, `1.35` or `1.36`. The version determines the served
   * kinds, their fields, the default roles and the response to `/version`. Default: `1.36`.
   */
  readonly kubernetesVersion?: string;
  /**
   * Do the controllers of workloads run (Deployments, Pods, endpoints, addresses of load balancers)? Without them, only
   * housekeeping controllers run: garbage collection, namespaces, service accounts and others. Default: true.
   */
  readonly workloads?: boolean;
  /**
   * May the containers of pods with the annotation `typekro.dev/run: process` be processes of this machine? They run as
   * the user of this process and with its permissions, so every client that may create pods can run programs. Linux and
   * macOS only. Default: false. Without the option, a pod with the annotation waits, and its status says why.
   */
  readonly runProcesses?: boolean;
  /**
   * Stand-ins for operators: names of stand-ins in this package, files, or custom stand-ins. Missing CRDs of the stand-ins are
   * created. Default: none.
   */
  readonly standIns?: readonly (StandInName | StandInFile | StandIn)[];
  /**
   * The duration of each step of a stand-in's work, in milliseconds of the cluster's clock. Default: 0, so that objects
   * are ready at once.
   */
  readonly standInStepMs?: number;
  /** Maps a bearer token to its user, in addition to the administrator's token. Default: none. */
  readonly tokens?: Readonly<Record<string, UserInfo>>;
  /**
   * Does the admission plugin `ServiceAccount` run? It refuses a pod whose account does not exist, mounts the token of
   * the account in the containers, and copies the pull secrets of the account. Default: true if
   * `serviceaccount-controller` runs, which creates the account `default` in every namespace; otherwise false.
   */
  readonly serviceAccountAdmission?: boolean;
}

/** The options of a cluster. Every option has a default. */
export interface ClusterOptions extends CommonClusterOptions {
  /**
   * Do the simulated controllers (garbage collector, namespaces, workloads, …) run? An object as value sets their
   * behaviour. Without controllers, only clients change objects. Default: true.
   */
  readonly controllers?: boolean | ControllersOptions;
  /**
   * The time that the simulated containers of a deleted pod take to stop, in seconds. The grace period of the deletion
   * is the upper limit. An annotation of the pod, or a rule of `cluster.pods`, takes precedence. Default: 0, so that a
   * deleted pod is removed at once. A refused value throws `cluster/invalid-pod-rule`.
   */
  readonly podStopSeconds?: number;
  /**
   * The working directory of local processes. The working directory of a container is relative to it. Default: the
   * working directory of this process.
   */
  readonly processDirectory?: string;
  /** The bearer token of the administrator (group `system:masters`). Default: random. */
  readonly adminToken?: string;
  /**
   * Decides which requests are allowed. `RBAC`: the requests that the stored roles and bindings permit. `AlwaysAllow`:
   * all requests of all users. Default: `RBAC`.
   */
  readonly authorization?: 'RBAC' | 'AlwaysAllow';
  /** The issuer of service account tokens, a URL. Default: `https://kubernetes.default.svc`. */
  readonly serviceAccountIssuer?: string;
  /** The keys of service account tokens. Default: a new key, created for the first token. */
  readonly serviceAccountKeys?: ServiceAccountKeys;
  /**
   * The authority that signs CertificateSigningRequests for the `kubernetes.io` signers: an EC or RSA key with its
   * certificate. Client certificates of this authority are valid on all TLS sockets. Default: a new authority. Without
   * controllers, nothing is signed.
   */
  readonly certificateAuthority?: ServingCertificate;
  /** The address range of Services, in CIDR notation. Default: `10.96.0.0/16`. */
  readonly serviceCidr?: string;
  /**
   * The IP address and port of the Endpoints of the Service `default/kubernetes`. Default: port 6443 of the simulated
   * node.
   */
  readonly serverAddress?: ServerAddress;
  /**
   * The addresses (`https://127.0.0.1:PORT`) of Services, keyed by `namespace/name`. Webhook configurations,
   * conversions in CRDs, and APIServices name these Services. The cluster calls other servers only on loopback
   * addresses. A Service without an entry can therefore be called only when its pods are local processes. A function
   * answers the conversions of its Service in this process, without a connection. Default: none.
   */
  readonly webhookServices?: Readonly<Record<string, string | LocalWebhook>>;
  /** The clock of objects, timers and controllers. Default: the machine's clock. */
  readonly clock?: ClusterClock;
  /**
   * A directory that keeps the objects of the cluster. It is created when it is missing. A later cluster with the same
   * directory continues with these objects. Only one cluster at a time may use the directory. Default: nothing is kept.
   */
  readonly stateDirectory?: string;
  /** The audit log of the requests. Default: none. */
  readonly audit?: AuditOptions;
  /**
   * The number of events by which a watch may lag before it gets `410 Expired`. Default: 10 000. A watch may lag less
   * when the events of all resources keep more than 256 MB of earlier objects.
   */
  readonly eventWindow?: number;
  /**
   * Receives unexpected exceptions of requests and controllers. A request also gets the response 500 with the message.
   * Default: they are printed to the standard error.
   */
  readonly onError?: (thrown: unknown) => void;
}

/** Answers the review that is posted to a path of a Service. The response is checked like that of a server. */
export type LocalWebhook = (path: string, review: JsonObject) => Promise<JsonObject>;

/** The certificate of a socket, and its key. */
export interface ServingCertificate {
  /** The certificate in PEM format. Other certificates of its chain may follow it. */
  readonly cert: string;
  /** The private key in PEM format. */
  readonly key: string;
}

/** The options of a socket. */
export interface ListenOptions {
  /** TCP port. For 0, the operating system chooses a port. Default: 0. */
  readonly port?: number;
  /**
   * The address to bind. On an address that other machines can reach, requests need credentials. Default: `127.0.0.1`.
   */
  readonly host?: string;
  /** Use TLS? Default: true. */
  readonly https?: boolean;
  /** The certificate for TLS. Default: a generated certificate. */
  readonly certificate?: ServingCertificate;
  /**
   * The authority of client certificates, in PEM format. If this authority signed a client's certificate, the common
   * name is the user, and the organizations are the groups. A client with any other certificate, or with an expired
   * certificate, gets `401 Unauthorized`. Default: only certificates that the cluster has signed are valid. A cluster
   * without controllers signs no certificates, and ignores client certificates.
   */
  readonly clientCertificateAuthority?: string;
  /**
   * The identity of requests without credentials. A request from a web page, or to a host name that is not local, is
   * always `system:anonymous`. On an address that other machines can reach, the identity may have only the groups of
   * `system:anonymous`. Default: `system:anonymous`. Over plain HTTP on a loopback address, the default is the
   * administrator, because clients send no token over plain HTTP.
   */
  readonly anonymous?: UserInfo;
  /**
   * The time in milliseconds between the opening of the first socket and the start of background loading. The cluster
   * then loads code that later requests need, and each load delays requests by up to 20 ms. Default: 20, which leaves
   * time for requests directly after the start.
   */
  readonly preloadDelayMs?: number;
  /**
   * Does the cluster also load, in the background, the code that few requests need, such as the code for webhooks? If
   * so, it can handle all requests even after the files of its package were replaced. Default: false.
   */
  readonly preloadsAll?: boolean;
}

/** An open socket of a cluster. */
export interface Listener {
  /** Base URL, e.g. `https://127.0.0.1:40123`. */
  readonly url: string;
  /** The kubeconfig in YAML. */
  readonly kubeconfig: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /**
   * The certificate authority in PEM format; with the option `certificate`, this certificate. Absent over plain HTTP.
   */
  readonly caData?: string;
  /** Closes the socket and all its connections. The cluster stays open. */
  close(): Promise<void>;
}
