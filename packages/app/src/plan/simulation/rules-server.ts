import { type SnapshotCollection, createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { type ObjectType, ObjectKey } from '@typekro/engine/runtime';

/** Objects of one kind. */
export interface KindObjects {
  readonly type: Pick<ObjectType, 'group' | 'plural' | 'namespaced'>;
  readonly objects: readonly KubeObject[];
}

/** An embedded API server with copies of a cluster's objects. It checks writes by the rules of Kubernetes. */
export interface RulesServer {
  readonly api: KubeClient;
  close(): Promise<void>;
}

/**
 * Opens a server with these objects, which keep their UIDs, resource versions and field managers. Creates missing
 * namespaces of the objects. The server runs no controllers.
 */
export async function openRulesServer(kinds: readonly KindObjects[]): Promise<RulesServer> {
  // The response to a request has its error, and the callers report this response.
  const cluster = await createEmbeddedCluster({ controllers: false, onError: () => undefined });
  const own = cluster.snapshot();
  const collections = new Map(own.collections.map((each) => [`${each.group}/${each.plural}`, each]));
  const add = ({ group, plural, items }: SnapshotCollection) => {
    const known = collections.get(`${group}/${plural}`)?.items ?? [];
    const byName = new Map([...known, ...items].map((object) => [nameOf(object), object]));
    collections.set(`${group}/${plural}`, { group, plural, items: [...byName.values()] });
  };
  for (const { type, objects } of kinds) add({ group: type.group, plural: type.plural, items: objects });
  const named = new Set(
    kinds.flatMap(({ type, objects }) =>
      type.namespaced ? objects.flatMap(({ metadata }) => metadata.namespace ?? []) : [],
    ),
  );
  const known = new Set(collections.get('/namespaces')?.items.map(({ metadata }) => metadata.name));
  const made = [...named].filter((name) => !known.has(name)).map(namespaceOf);
  add({ group: '', plural: 'namespaces', items: made });
  const versions = [...collections.values()].flatMap(({ items }) =>
    items.map(({ metadata }) => Number(metadata.resourceVersion ?? 0)),
  );
  const latest = versions.reduce((highest, version) => Math.max(highest, version || 0), 1);
  cluster.restore({ ...own, resourceVersion: String(latest), collections: [...collections.values()] });
  await cluster.idle();
  const api = new KubeClient({ transport: cluster.transport() });
  return {
    api,
    async close() {
      await api.close();
      await cluster.close();
    },
  };
}

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

function namespaceOf(name: string): KubeObject {
  const labels = { 'kubernetes.io/metadata.name': name };
  const metadata = { name, uid: `namespace-${name}`, resourceVersion: '1', labels };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata,
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

/** Opens a rules server at the first use. Replaces it when it lacks a requested object. */
export class LazyRules {
  #open: Promise<RulesServer> | undefined;
  readonly #has = new Set<string>();
  /** The namespaces of all objects that were requested so far. Each new server has them. */
  readonly #namespaces = new Set<string>();
  readonly #kinds: () => readonly KindObjects[];

  /** @param kinds returns all objects that are known at the time of the call */
  constructor(kinds: () => readonly KindObjects[]) {
    this.#kinds = kinds;
  }

  /**
   * Returns the client of a server. The server has each requested object that is known, and the namespaces of all
   * objects that were requested so far. It may also have other known objects.
   */
  async apiFor(objects: readonly { readonly type: ObjectType; readonly name: string; readonly namespace?: string }[]) {
    if (this.#open === undefined || objects.some((each) => !this.#has.has(ObjectKey.ofTarget(each)))) {
      await (await this.#open)?.close();
      for (const each of objects) {
        this.#has.add(ObjectKey.ofTarget(each));
        if (each.namespace !== undefined) this.#namespaces.add(each.namespace);
      }
      const named = [...this.#namespaces].map(namespaceOf);
      const namespaces = { type: { group: '', plural: 'namespaces', namespaced: false }, objects: named };
      this.#open = openRulesServer([namespaces, ...this.#kinds()]);
    }
    return (await this.#open).api;
  }

  async close(): Promise<void> {
    await (await this.#open)?.close();
  }
}
