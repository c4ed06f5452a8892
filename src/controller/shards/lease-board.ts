import type { KubeObject, ObjectRef } from '../../core/index.ts';
import type { CallOptions, Clock, KubernetesApi, LeaseApi, WriteOptions } from '../../kube/index.ts';
import { elapsed } from '../../kube/index.ts';

/** The type of Leases. */
export const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** The dependencies of a `LeaseBoard`. */
export interface LeaseBoardOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly namespace: string;
  readonly labelSelector: string;
  /** The maximum age of the list, in milliseconds. */
  readonly maxAgeMs: number;
  /** Called with the Leases after each list. */
  readonly onRead: (leases: readonly KubeObject[]) => void;
}

/**
 * Serves the reads of many elections from one list of Leases. A slightly outdated Lease does no harm: the API server
 * refuses a write with an old resourceVersion, and an election measures time from its own reads.
 */
export class LeaseBoard implements LeaseApi {
  readonly #options: LeaseBoardOptions;
  #leases = new Map<string, KubeObject>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(options: LeaseBoardOptions) {
    this.#options = options;
  }

  async find({ name }: ObjectRef, options?: CallOptions): Promise<KubeObject | undefined> {
    const { maxAgeMs } = this.#options;
    if (elapsed(this.#options.clock) - this.#readAt > maxAgeMs) {
      await (this.#reading ??= this.#read(options).finally(() => (this.#reading = undefined)));
    }
    return this.#leases.get(name);
  }

  async create(lease: KubeObject, options?: WriteOptions): Promise<KubeObject> {
    return this.#written(this.#options.api.create(lease, options));
  }

  async update(lease: KubeObject, options?: WriteOptions): Promise<KubeObject> {
    return this.#written(this.#options.api.update(lease, options));
  }

  async #read(options: CallOptions | undefined): Promise<void> {
    const { api, namespace, labelSelector, onRead } = this.#options;
    const readAt = elapsed(this.#options.clock);
    const { items } = await api.list(LEASE_TYPE, { namespace, labelSelector, ...options });
    this.#leases = new Map(items.map((lease) => [lease.metadata.name ?? '', { ...LEASE_TYPE, ...lease }]));
    this.#readAt = readAt;
    onRead(items);
  }

  /** Records the result of a write. After a refused write the list is out of date and is read again. */
  async #written(request: Promise<KubeObject>): Promise<KubeObject> {
    try {
      const lease = await request;
      this.#leases.set(lease.metadata.name ?? '', lease);
      return lease;
    } catch (thrown) {
      this.#readAt = Number.NEGATIVE_INFINITY;
      throw thrown;
    }
  }
}
