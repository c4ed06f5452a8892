import { getHeapStatistics } from 'node:v8';
import { cryptoLibrary, getOwn } from '@typekro/kit/core';
import { AdmissionGate } from './admission/admission-gate.ts';
import { type FrontProxy, FRONT_PROXY_USER } from './aggregation/front-proxy.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { AggregationGate } from './aggregation/gate.ts';
import { OpenStreams } from './protocol/open-streams.ts';
import type { Interceptor } from './protocol/request.ts';
import { type ClusterClock, createSteadyClock, systemClusterClock } from './cluster-clock.ts';
import { type Authority, createAuthority, openAuthority } from '@typekro/kube/certificates';
import { isControllerEnabled, SERVICE_ACCOUNT_CONTROLLER } from './controllers/enabled-controllers.ts';
import { type ServiceAddresses, createServiceAddresses } from './kinds/network/service-addresses.ts';
import type { ClusterOptions, LocalWebhook } from './cluster-options.ts';
import { missesProgram } from './errors/missing-program.ts';
import { PodLogs } from './pod-logs.ts';
import type { KubernetesRelease } from './release.ts';
import type { ProcessRuntime } from './processes/process-runtime.ts';
import { Registry } from './registry/registry.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import { Store } from './store/store.ts';
import { type ClusterAccess, createAccess } from './auth/cluster-access.ts';
import {
  admission,
  aggregation,
  conversion,
  discovery,
  impersonation,
  openApi,
  otherPaths,
  schemaEngine,
  tables,
  watching,
  writing,
} from './lazy-modules.ts';
import type { SchemaEngineSource } from './crd/needs-schemas.ts';
import type { ServiceAddress } from './webhooks/webhook-client.ts';
import { Work } from './work.ts';

/**
 * A cluster without sockets. Verbs, controllers and sockets do not depend on this class: they declare interfaces with
 * the members that they use (`ReadContext`, `WriteServices`, …). Only the code that assembles a cluster uses all
 * members.
 */
export class Api {
  readonly store: Store;
  readonly registry: Registry;
  readonly admissionGate: AdmissionGate;
  readonly aggregationGate: AggregationGate;
  readonly clock: ClusterClock;
  readonly options: ClusterOptions;
  readonly access: ClusterAccess;
  readonly allowsAll: boolean;
  readonly hasServiceAccountAdmission: boolean;
  readonly addresses: ServiceAddresses;
  /** Modules that are loaded in the background. A request waits for the modules that it needs. */
  readonly parts = {
    admission,
    aggregation,
    conversion,
    discovery,
    impersonation,
    openApi,
    otherPaths,
    schemaEngine,
    tables,
    watching,
    writing,
  };
  readonly schemas: SchemaEngineSource = () => schemaEngine.code;
  /**
   * The logs of simulated containers, of local processes, and of the parts of this process that are presented as
   * Deployments.
   */
  readonly logs = new PodLogs(() => this.clock.now());
  /** They end when the cluster closes. */
  readonly streams = new OpenStreams();
  /** Listeners that are called before `restore` replaces the whole state. If one throws, the state is not replaced. */
  readonly beforeRestore: ((snapshot: ClusterSnapshot) => void)[] = [];
  /** Listeners that are called after `restore` has replaced the whole state. */
  readonly onRestored: (() => void)[] = [];
  /** The local processes of pods, or `undefined` in a cluster that runs none. */
  processes: ProcessRuntime | undefined;
  /** The audit log, which is opened before the cluster receives requests. */
  auditLog: AuditLog | undefined;
  /** Returns the URL for a port of a Service that a webhook or an APIService names. */
  readonly serviceAddress: ServiceAddress = (key, port) => {
    const given = getOwn(this.options.webhookServices, key);
    return typeof given === 'string' ? given : this.processes?.serviceUrl(key, port);
  };
  /** Returns the function that answers the conversions of a Service. */
  readonly localWebhook = (key: string): LocalWebhook | undefined => {
    const given = getOwn(this.options.webhookServices, key);
    return typeof given === 'function' ? given : undefined;
  };
  /** Handles each request before the verbs. Set while the cluster has fault rules. */
  intercept: Interceptor | undefined;

  constructor(options: ClusterOptions = {}, release?: KubernetesRelease) {
    this.options = options;
    this.clock = options.clock ?? createSteadyClock();
    this.store = new Store(options.eventWindow, undefined, getHeapStatistics().heap_size_limit / 2);
    this.registry = new Registry(this.store, release);
    this.admissionGate = new AdmissionGate(this.store, this.registry);
    this.aggregationGate = new AggregationGate(this.store);
    this.addresses = createServiceAddresses(options.serviceCidr ?? '10.96.0.0/16');
    this.allowsAll = options.authorization === 'AlwaysAllow';
    this.hasServiceAccountAdmission =
      options.serviceAccountAdmission ?? isControllerEnabled(SERVICE_ACCOUNT_CONTROLLER, options.controllers);
    this.access = createAccess(this);
  }

  #clientAuthority: Authority | undefined;

  /** Does the cluster sign client certificates? False for a cluster without controllers. */
  get issuesCertificates(): boolean {
    return this.options.controllers !== false;
  }

  /** The authority for the client certificates that the cluster signs. Created at its first use. */
  get clientAuthority(): Authority {
    const { certificateAuthority: given } = this.options;
    // Uses the clock of the machine instead of the cluster's clock, because TLS checks certificates by it.
    return (this.#clientAuthority ??=
      given === undefined ? createAuthority(systemClusterClock.now()) : openAuthority(given));
  }

  readonly unsettled = new Set<string>();
  /** The queue of the simulated controllers' tasks. */
  readonly work = new Work(
    (thrown) => this.report(thrown),
    () => this.store.version,
  );
  #certificateAuthority = '';
  readonly #authorityListeners: (() => void)[] = [];

  /** The authority of the latest socket with a certificate, as PEM. Empty until such a socket is opened. */
  get certificateAuthority(): string {
    return this.#certificateAuthority;
  }

  #frontProxy: FrontProxy | undefined;

  /** Returns the identity of the cluster towards other API servers. Created at its first use. */
  readonly frontProxy = (): FrontProxy => {
    if (this.#frontProxy === undefined) {
      const authority = createAuthority(this.clock.now(), 'typekro-front-proxy-ca');
      this.#frontProxy = { ca: authority.ca, ...authority.issueClient(FRONT_PROXY_USER, []) };
    }
    return this.#frontProxy;
  };

  /** The URL of the latest socket, or `undefined` until one is opened. */
  serverUrl: string | undefined;

  /** Stores the authority of a socket that is opened with a certificate. */
  setCertificateAuthority(pem: string): void {
    this.#certificateAuthority = pem;
    for (const listener of this.#authorityListeners) listener();
  }

  /** Calls the listener whenever the authority changes. */
  onCertificateAuthority(listener: () => void): void {
    this.#authorityListeners.push(listener);
  }

  /** Receives unexpected exceptions. */
  readonly report: (thrown: unknown) => void = (thrown) => {
    if (missesProgram(thrown)) this.isProgramGone = true;
    const { onError = console.error } = this.options;
    onError(thrown);
  };

  /** True after a request or a task could not load a file of the program. */
  isProgramGone = false;

  readonly newUid = (): string => cryptoLibrary().randomUUID();
}
