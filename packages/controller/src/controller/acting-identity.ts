import { getOrInsert } from '@typekro/kit/core';
import type { Clock, KubernetesApi } from '@typekro/kube';
import { isDnsLabel, isDnsSubdomain } from '@typekro/kit/kubernetes';
import type { ObjectType } from '@typekro/engine/runtime';
import type { CacheChange } from './cache/kind-cache.ts';
import { type CacheMeter, CacheSet } from './cache/cache-set.ts';

/** An identity that reads and writes children. It has its own client, and caches of the objects that it may read. */
export interface ActingIdentity {
  /** The user name of the ServiceAccount; `undefined` for the controller itself. */
  readonly user?: string;
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
}

/** Options of `ActingIdentities`. */
export interface ActingIdentitiesOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly onWake: (subscriber: string, change: CacheChange | undefined) => void;
  readonly onChildChange: (applySet: string) => void;
  readonly meter: CacheMeter;
  /** Called when a list of a kind shows that the server was restored to an earlier state. */
  readonly onWentBack: (type: ObjectType) => void;
  /**
   * Returns the caches that instances, Graphs and served kinds use. An identity whose caches are not among these is
   * closed.
   */
  readonly usedCaches: () => Iterable<CacheSet>;
}

/**
 * The pause before unused identities are closed. A Graph that is deleted and created again within the pause causes no
 * new lists.
 */
const UNUSED_MS = 60_000;

/**
 * The controller's own identity, and one identity for each ServiceAccount with which children are written. Each
 * identity has its own watches, so that an identity never gets objects that only another identity may read.
 */
export class ActingIdentities {
  readonly own: ActingIdentity;
  readonly #options: ActingIdentitiesOptions;
  readonly #byUser = new Map<string, ActingIdentity>();
  #sweep: { cancel(): void } | undefined;
  #isClosed = false;

  constructor(options: ActingIdentitiesOptions) {
    this.#options = options;
    this.own = { client: options.client, caches: this.#openCaches(options.client) };
  }

  /** The identity of a ServiceAccount. For `undefined`, the controller's own. */
  of(serviceAccount: ServiceAccountRef | undefined): ActingIdentity {
    if (serviceAccount === undefined) return this.own;
    const user = serviceAccountUser(serviceAccount);
    return getOrInsert(this.#byUser, user, () => {
      const client = this.#options.client.as({ user });
      return { user, client, caches: this.#openCaches(client) };
    });
  }

  all(): ActingIdentity[] {
    return [this.own, ...this.#byUser.values()];
  }

  /**
   * Must be called after an instance, a Graph or a definition stops using an identity. After a pause, closes the
   * watches of unused identities, and drops their clients and caches.
   */
  released(): void {
    if (this.#isClosed || this.#byUser.size === 0) return;
    this.#sweep ??= this.#options.clock.setTimer(UNUSED_MS, () => this.#closeUnused());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep?.cancel();
    await Promise.all(this.all().map(({ caches }) => caches.close()));
  }

  #closeUnused(): void {
    this.#sweep = undefined;
    const used = new Set(this.#options.usedCaches());
    for (const [user, { caches }] of this.#byUser) {
      if (used.has(caches)) continue;
      this.#byUser.delete(user);
      void caches.close();
    }
  }

  /** Lists the type again for all identities, because all of them read the same server. */
  #wentBack(type: ObjectType): void {
    this.#options.onWentBack(type);
    for (const { caches } of this.all()) caches.readAgain(type);
  }

  #openCaches(client: KubernetesApi): CacheSet {
    const { clock, onWake, onChildChange, meter } = this.#options;
    return new CacheSet({ client, clock, onWake, onChildChange, meter, onWentBack: (type) => this.#wentBack(type) });
  }
}

/** A ServiceAccount by namespace and name. */
export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

/** Parses `namespace/name`. Returns `undefined` for any other text. */
export function parseServiceAccount(text: string): ServiceAccountRef | undefined {
  const [namespace = '', name = '', ...others] = text.split('/');
  return others.length === 0 && isDnsLabel(namespace) && isDnsSubdomain(name) ? { namespace, name } : undefined;
}

/** The user name of a ServiceAccount in roles and audit logs. */
export const serviceAccountUser = ({ namespace, name }: ServiceAccountRef): string =>
  `system:serviceaccount:${namespace}:${name}`;
