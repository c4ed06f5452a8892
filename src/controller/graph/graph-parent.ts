import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, refOf } from '../../core/index.ts';
import type { ParentPort } from '../../execute/index.ts';
import { ONCE } from '../../execute/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { isNotFound, KubeError } from '../../kube/index.ts';
import type { ObjectTarget, ParentWrite } from '../../runtime/index.ts';
import { keys, trackingStatus } from '../../runtime/index.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKeyOf } from '../cache/scope-watch.ts';

const OPTIONS = { fieldManager: 'kro', ...ONCE } as const;

/** Writes the finalizer, the inventory and the status of a Graph with the controller's own identity. */
export class GraphParent implements ParentPort {
  readonly target: ObjectTarget;
  readonly #api: KubernetesApi;
  readonly #graphs: KindCache;
  readonly #graph: KubeObject;
  readonly #signal: AbortSignal;

  constructor(api: KubernetesApi, graphs: KindCache, graph: KubeObject, signal: AbortSignal) {
    const { name = '', namespace } = graph.metadata;
    this.target = { type: graphs.type, name, ...(namespace === undefined ? {} : { namespace }) };
    this.#api = api;
    this.#graphs = graphs;
    this.#graph = graph;
    this.#signal = signal;
  }

  async write({ addFinalizer, tracking, removeFinalizer }: ParentWrite): Promise<void> {
    let graph = this.#graph;
    if (addFinalizer === true) {
      graph = (await this.#writeFinalizers((names) => [...names, keys.GRAPH_FINALIZER])) ?? graph;
    }
    if (tracking !== undefined) await this.#patchStatus(graph, trackingStatus(tracking));
    if (removeFinalizer === true) {
      await this.#writeFinalizers((names) => names.filter((name) => name !== keys.GRAPH_FINALIZER));
    }
  }

  /**
   * Reads the Graph after a conflict. Returns `same` when the resourceVersion is unchanged: the conflict then has
   * another cause and will repeat.
   */
  async reload(): Promise<'same' | 'changed'> {
    const fresh = await this.#reload();
    const { uid, resourceVersion } = this.#graph.metadata;
    return fresh?.metadata.uid === uid && fresh?.metadata.resourceVersion === resourceVersion ? 'same' : 'changed';
  }

  /**
   * Replaces the status. When the spec has changed since the decision, the conditions are not written, because they are
   * about the old spec. The objects that the old spec wrote must not be lost, so they are added to the inventory.
   */
  async writeStatus(status: JsonObject): Promise<void> {
    const { uid = '', generation = 0 } = this.#graph.metadata;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/generation', value: generation },
      { op: 'add', path: '/status', value: status },
    ];
    const options = { ...OPTIONS, type: 'json', subresource: 'status', signal: this.#signal } as const;
    try {
      this.#graphs.observe(await this.#api.patch(refOf(this.#graph), body, options));
    } catch (thrown) {
      if (isNotFound(thrown)) return this.#gone();
      if (!(thrown instanceof KubeError) || thrown.status !== 422) throw thrown;
      const fresh = await this.#reload();
      // The Graph was deleted, or replaced by another one of the same name.
      if (fresh?.metadata.uid !== uid) return;
      if (fresh.metadata.generation === generation) throw thrown;
      await this.#patchStatus(fresh, mergedTracking(fresh.status ?? {}, status));
    }
  }

  /** Changes members of the status. The API server refuses the write when the Graph has changed in the meantime. */
  async #patchStatus({ metadata: { resourceVersion } }: KubeObject, status: JsonObject): Promise<void> {
    const options = { ...OPTIONS, subresource: 'status', signal: this.#signal } as const;
    const body = { ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }), status };
    this.#graphs.observe(await this.#api.patch(refOf(this.#graph), body, options));
  }

  /**
   * Changes only the controller's finalizer. The write has the resourceVersion, so the API server refuses it when
   * another client has changed the list in the meantime.
   */
  async #writeFinalizers(change: (names: readonly string[]) => string[]): Promise<KubeObject | undefined> {
    const { resourceVersion, finalizers = [], deletionTimestamp } = this.#graph.metadata;
    const left = change(finalizers);
    const body = { metadata: { finalizers: left, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      const answer = await this.#api.patch(refOf(this.#graph), body, { ...OPTIONS, signal: this.#signal });
      if (left.length === 0 && deletionTimestamp !== undefined) this.#gone();
      else this.#graphs.observe(answer);
      return answer;
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      this.#gone();
      return undefined;
    }
  }

  async #reload(): Promise<KubeObject | undefined> {
    const fresh = await this.#api.find(refOf(this.#graph), { signal: this.#signal });
    if (fresh === undefined) this.#gone();
    else this.#graphs.observe(fresh);
    return fresh;
  }

  #gone(): void {
    this.#graphs.observeGone(cacheKeyOf(this.#graph), this.#graph.metadata.uid ?? '');
  }
}

/** The inventories of two states of a status together. An entry of the second one replaces the same one of the first. */
export function mergedTracking(stored: JsonObject, decided: JsonObject): JsonObject {
  return {
    managedResources: union(stored['managedResources'], decided['managedResources'], ['apiVersion', 'kind']),
    contributions: union(stored['contributions'], decided['contributions'], [
      'apiVersion',
      'kind',
      'subresource',
      'fieldManager',
    ]),
  };
}

function union(stored: JsonValue | undefined, decided: JsonValue | undefined, key: readonly string[]): JsonValue[] {
  const entries = new Map<string, JsonValue>();
  for (const list of [stored, decided]) {
    for (const entry of Array.isArray(list) ? list : []) {
      if (!isJsonObject(entry)) continue;
      const identity = JSON.stringify([...key, 'namespace', 'name'].map((name) => entry[name] ?? ''));
      // The intent without a UID must not replace the record of an object that exists.
      if (entry['uid'] === undefined && entries.has(identity)) continue;
      entries.set(identity, entry);
    }
  }
  return [...entries.values()];
}
