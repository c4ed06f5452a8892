import { cryptoLibrary } from '../core/index.ts';
import { formatTime } from '../kubernetes/index.ts';
import type { Access } from './auth/access.ts';
import type { Clock } from './clock.ts';
import type { Interceptor } from './protocol/request.ts';
import { systemClock } from './clock.ts';
import type { ServiceAddresses } from './kinds/service-addresses.ts';
import { createServiceAddresses } from './kinds/service-addresses.ts';
import type { ClusterOptions } from './options.ts';
import { PodLogs } from './pod-logs.ts';
import { Registry } from './registry/registry.ts';
import { Store } from './store/store.ts';
import { createAccess } from './auth/access.ts';
import { Work } from './work.ts';

/** A stream that the server can end: properly, or because what it shows is no longer what there is. */
export interface OpenStream {
  end(): void;
  expire(): void;
}

/** Everything that the verbs work with: one cluster without sockets. */
export class Api {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly options: ClusterOptions;
  readonly access: Access;
  readonly addresses: ServiceAddresses;
  /** The logs of simulated containers. */
  readonly logs = new PodLogs(() => this.clock.now());
  /** Watches that are open; ended when the cluster closes. */
  readonly streams = new Set<OpenStream>();
  /** Called after the whole state was replaced. */
  readonly onRestored: (() => void)[] = [];
  /** Stands before the verbs while there are faults. */
  intercept: Interceptor | undefined;

  constructor(options: ClusterOptions = {}) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.store = new Store(options.eventWindow);
    this.registry = new Registry(this.store);
    this.addresses = createServiceAddresses(options.serviceCidr ?? '10.96.0.0/16');
    this.access = createAccess(this);
  }

  /** Bookkeeping of simulated controllers. */
  readonly work = new Work((thrown) => this.report(thrown));
  #certificateAuthority = '';
  readonly #authorityListeners: (() => void)[] = [];

  /** PEM text of the authority that signed the certificate of the socket; empty while there is none. */
  get certificateAuthority(): string {
    return this.#certificateAuthority;
  }

  /** A socket was opened with a certificate. */
  setCertificateAuthority(pem: string): void {
    this.#certificateAuthority = pem;
    for (const listener of this.#authorityListeners) listener();
  }

  /** Calls back whenever the authority changes. */
  onCertificateAuthority(listener: () => void): void {
    this.#authorityListeners.push(listener);
  }

  /** Receives unexpected exceptions. Default: prints them. */
  readonly report: (thrown: unknown) => void = (thrown) => console.error(thrown);

  /** The time as objects carry it. */
  timestamp(): string {
    return formatTime(this.clock.now());
  }

  newUid(): string {
    return cryptoLibrary().randomUUID();
  }
}
