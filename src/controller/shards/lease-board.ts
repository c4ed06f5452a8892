import type { KubeObject, ObjectRef } from '../../core/index.ts';
import type { CallOptions, Clock, KubernetesApi, LeaseApi, WriteOptions } from '../../kube/index.ts';
import { elapsed } from '../../kube/index.ts';

/** The type of Leases. */
export const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** How the board reads. */
export interface LeaseBoardOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly namespace: string;
  readonly labelSelector: string;
  /** What was read may be so old when it is shown. */
  readonly maxAgeMs: number;
  /** Told of what was read each time that it is. */
  readonly onRead: (leases: readonly KubeObject[]) => void;
}

/**
 * Shows many Leases to many elections for one list. That what it shows may be a little old does no harm: a write on an
 * old version is refused, and an election counts from when it looked.
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

  /** A refused write was made on what is no longer the newest: it is read anew. */
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
