import type { Cluster, ClusterOptions, ManualClock } from '@typekro/cluster';
import { createEmbeddedCluster, createManualClock } from '@typekro/cluster';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';

/** A cluster with short methods for tests. Only `advance` moves its clock. */
export interface ClusterStory extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly clock: ManualClock;
  /** Creates an object and waits until the controllers are idle. The namespace is `default` if the object has none. */
  create(object: KubeObject): Promise<KubeObject>;
  /** Reads an object. `kind` is `apiVersion Kind`, for example `apps/v1 Deployment`. */
  get(kind: string, name: string, namespace?: string): Promise<KubeObject>;
  find(kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  list(kind: string, namespace?: string): Promise<readonly KubeObject[]>;
  /** The sorted names of the objects of a kind. */
  names(kind: string, namespace?: string): Promise<string[]>;
  patch(kind: string, name: string, change: JsonObject, namespace?: string): Promise<KubeObject>;
  remove(
    kind: string,
    name: string,
    options?: { propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' },
  ): Promise<void>;
  /** Advances the clock and waits for the timers that become due. */
  advance(seconds: number): Promise<void>;
  /**
   * The reasons of the events about all objects of this name in the namespace `default`, in the order of the events'
   * last writes.
   */
  reasons(name: string): Promise<string[]>;
}

/** Creates a cluster whose clock starts at noon UTC on 1 January 2026. */
export async function startClusterStory(options: Omit<ClusterOptions, 'clock'> = {}): Promise<ClusterStory> {
  const clock = createManualClock(Date.parse('2026-01-01T12:00:00Z'));
  const cluster = await createEmbeddedCluster({ ...options, clock });
  const client = new KubeClient({ transport: cluster.transport() });
  await cluster.idle();
  const typeOf = (kind: string) => {
    const [apiVersion = '', name = ''] = kind.split(' ');
    return { apiVersion, kind: name };
  };
  const refOf = (kind: string, name: string, namespace = 'default') => ({ ...typeOf(kind), name, namespace });
  const list = async (kind: string, namespace = 'default') => (await client.list(typeOf(kind), { namespace })).items;
  const close = async () => {
    await client.close();
    await cluster.close();
  };
  return {
    cluster,
    client,
    clock,
    async create(object) {
      const created = await client.create({ ...object, metadata: { namespace: 'default', ...object.metadata } });
      await cluster.idle();
      return created;
    },
    get: (kind, name, namespace) => client.get(refOf(kind, name, namespace)),
    find: (kind, name, namespace) => client.find(refOf(kind, name, namespace)),
    list,
    names: async (kind, namespace) =>
      (await list(kind, namespace)).map(({ metadata }) => metadata.name ?? '').toSorted(),
    async patch(kind, name, change, namespace) {
      const changed = await client.patch(refOf(kind, name, namespace), change);
      await cluster.idle();
      return changed;
    },
    async remove(kind, name, deleteOptions = {}) {
      await client.delete(refOf(kind, name), deleteOptions);
      await cluster.idle();
    },
    async advance(seconds) {
      clock.advance(seconds * 1000);
      await cluster.idle();
    },
    async reasons(name) {
      const events = await list('v1 Event');
      return events
        .filter((event) => (event['involvedObject'] as { name?: string } | undefined)?.name === name)
        .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map((event) => String(event['reason']));
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A pod template with one container. */
export const podTemplate = (labels: Record<string, string>, annotations: Record<string, string> = {}): JsonObject => ({
  metadata: { labels, annotations },
  spec: { containers: [{ name: 'c', image: 'i:1' }] },
});
