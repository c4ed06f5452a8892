import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import type { CallOptions, Clock, KubernetesApi, LeaseApi, WriteOptions } from '@typekro/kube';
import { elapsed, whileWanted } from '@typekro/kube';

/** The type of Leases. */
export const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** The dependencies of a `LeaseBoard`. */
export interface LeaseBoardOptions {
  readonly api: Pick<KubernetesApi, 'list' | 'create' | 'update'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly labelSelector: string;
  /** The maximum age of the list, in milliseconds. */
  readonly maxAgeMs: number;
  /** Called with the Leases after each list response that is not out of date. */
  readonly onRead: (leases: readonly KubeObject[]) => void;
}

/** A list request that has no response yet. */
interface SharedRead {
  readonly leases: Promise<ReadonlyMap<string, KubeObject>>;
  /** Aborts the request when no caller waits for it. */
  readonly abort: AbortController;
  /** The Leases that were written since the request began. The response may be older. */
  readonly written: Map<string, KubeObject>;
  /** The number of callers that wait. */
  callers: number;
}

/**
 * Serves the reads of many elections from one list of Leases. A slightly outdated Lease does no harm: the API server
 * refuses a write with an old resourceVersion, and an election measures time from its own reads. The signal of a caller
 * ends only the wait of this caller.
 */
export class LeaseBoard implements LeaseApi {
  readonly #options: LeaseBoardOptions;
  #leases = new Map<string, KubeObject>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: SharedRead | undefined;

  constructor(options: LeaseBoardOptions) {
    this.#options = options;
  }

  async find({ name }: ObjectRef, options?: CallOptions): Promise<KubeObject | undefined> {
    if (elapsed(this.#options.clock) - this.#readAt <= this.#options.maxAgeMs) return this.#leases.get(name);
    const reading = (this.#reading ??= this.#startRead());
    reading.callers += 1;
    try {
      return (await whileWanted(reading.leases, options?.signal)).get(name);
    } finally {
      reading.callers -= 1;
      if (reading.callers === 0) {
        if (this.#reading === reading) this.#reading = undefined;
        reading.abort.abort();
      }
    }
  }

  async create(lease: KubeObject, options?: WriteOptions): Promise<KubeObject> {
    return this.#written(this.#options.api.create(lease, options));
  }

  async update(lease: KubeObject, options?: WriteOptions): Promise<KubeObject> {
    return this.#written(this.#options.api.update(lease, options));
  }

  #startRead(): SharedRead {
    const { api, clock, namespace, labelSelector } = this.#options;
    const readAt = elapsed(clock);
    const abort = new AbortController();
    const leases = api
      .list(LEASE_TYPE, { namespace, labelSelector, signal: abort.signal })
      .then(({ items }) => this.#listed(items, reading, readAt));
    const reading: SharedRead = { leases, abort, written: new Map(), callers: 0 };
    return reading;
  }

  #listed(items: readonly KubeObject[], reading: SharedRead, readAt: number): ReadonlyMap<string, KubeObject> {
    const listed = items.map((lease) => [lease.metadata.name ?? '', { ...LEASE_TYPE, ...lease }] as const);
    const leases = new Map([...listed, ...reading.written]);
    if (this.#reading === reading) {
      this.#reading = undefined;
      this.#leases = leases;
      this.#readAt = readAt;
      this.#options.onRead([...leases.values()]);
    }
    return leases;
  }

  /**
   * Records the result of a write. After a failed write, the list is out of date, and so is the response to a list
   * request that began before the failure. The next caller reads again.
   */
  async #written(request: Promise<KubeObject>): Promise<KubeObject> {
    try {
      const lease = await request;
      const name = lease.metadata.name ?? '';
      this.#leases.set(name, lease);
      this.#reading?.written.set(name, lease);
      return lease;
    } catch (thrown) {
      this.#readAt = Number.NEGATIVE_INFINITY;
      this.#reading = undefined;
      throw thrown;
    }
  }
}
