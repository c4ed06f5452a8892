import type { Clock, KubernetesApi } from '../kube/index.ts';
import type { CacheChange } from './cache/kind-cache.ts';
import type { CacheMeter } from './cache/cache-set.ts';
import { CacheSet } from './cache/cache-set.ts';

/** The identity that reads and writes children, with the caches of what that identity may read. */
export interface Access {
  /** The ServiceAccount's user name; absent for the controller itself. */
  readonly user?: string;
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
}

/** Options of `Accesses`. */
export interface AccessesOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly onWake: (subscriber: string, change: CacheChange | undefined) => void;
  readonly onMember: (applySet: string) => void;
  readonly meter: CacheMeter;
}

/**
 * The controller's own access and one for each ServiceAccount that a definition names. Each has watches of its own, so
 * that no identity sees what only another one may read.
 */
export class Accesses {
  readonly own: Access;
  readonly #options: AccessesOptions;
  readonly #byUser = new Map<string, Access>();

  constructor(options: AccessesOptions) {
    this.#options = options;
    this.own = { client: options.client, caches: this.#openCaches(options.client) };
  }

  /** The access of a ServiceAccount; without one, the controller's own. */
  of(serviceAccount: ServiceAccountRef | undefined): Access {
    if (serviceAccount === undefined) return this.own;
    const user = `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`;
    const known = this.#byUser.get(user);
    if (known !== undefined) return known;
    const client = this.#options.client.as({ user });
    const access = { user, client, caches: this.#openCaches(client) };
    this.#byUser.set(user, access);
    return access;
  }

  all(): Access[] {
    return [this.own, ...this.#byUser.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map(({ caches }) => caches.close()));
  }

  #openCaches(client: KubernetesApi): CacheSet {
    const { clock, onWake, onMember, meter } = this.#options;
    return new CacheSet({ client, clock, onWake, onMember, meter });
  }
}

/** A ServiceAccount by namespace and name. */
export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

/** Reads `namespace/name`; `undefined` for any other text. */
export function parseServiceAccount(text: string): ServiceAccountRef | undefined {
  const match = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { namespace: match[1], name: match[2] };
}
