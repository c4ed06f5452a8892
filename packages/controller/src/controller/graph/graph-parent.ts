import { type JsonObject, type KubeObject, jsonEquals, refOf } from '@typekro/kit/core';
import { type ParentPort, type StatusOutcome, ONCE } from '../../execute/index.ts';
import { type KubernetesApi, isConflict, isNotFound, KubeError } from '@typekro/kube';
import { type Decisions, type ObjectTarget, keys, Tracking } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKeyOf } from '../cache/scope-watch.ts';

const OPTIONS = { fieldManager: 'kro', ...ONCE } as const;

/** Writes the finalizer, the record of objects and the status of a Graph with the controller's own identity. */
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

  async write({ addFinalizer, tracking, account, removeFinalizer }: Decisions.ParentWrite): Promise<void> {
    let graph = this.#graph;
    if (addFinalizer === true) {
      graph = (await this.#writeFinalizers((names) => [...names, keys.GRAPH_FINALIZER])) ?? graph;
    }
    if (tracking !== undefined) {
      const applied = account === undefined ? {} : { appliedServiceAccount: account };
      await this.#patchStatus(graph, { ...Tracking.status(tracking), ...applied });
    }
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
   * Replaces the status. The API server refuses the write when the Graph has changed since the decision, because
   * another client may have added to the record. Another decision must then follow. If the spec has also changed, the
   * objects that the old spec wrote must not be lost, so they are added to the record.
   */
  async writeStatus(status: JsonObject): Promise<StatusOutcome> {
    const { uid = '', generation = 0, resourceVersion = '' } = this.#graph.metadata;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/status', value: status },
    ];
    const options = { ...OPTIONS, type: 'json', subresource: 'status', signal: this.#signal } as const;
    try {
      this.#graphs.observe(await this.#api.patch(refOf(this.#graph), body, options));
      return 'written';
    } catch (thrown) {
      if (isNotFound(thrown)) {
        this.#gone();
        return 'decide-again';
      }
      if (!isRefusedTest(thrown)) throw thrown;
      const fresh = await this.#reload();
      // The Graph was deleted, or replaced by another Graph of the same name.
      if (fresh?.metadata.uid !== uid) return 'decide-again';
      if (fresh.metadata.resourceVersion === resourceVersion) throw thrown;
      if (fresh.metadata.generation !== generation) await this.#addToRecord(fresh, status);
      return 'decide-again';
    }
  }

  /**
   * Adds the entries of a decision about an older spec to the stored record. Writes nothing when the record already
   * contains all of them.
   */
  async #addToRecord(fresh: KubeObject, status: JsonObject): Promise<void> {
    const stored = Tracking.read(fresh);
    const merged = Tracking.status(Tracking.merge(stored, Tracking.read({ ...this.#graph, status })));
    if (jsonEquals(merged, Tracking.status(stored))) return;
    try {
      await this.#patchStatus(fresh, merged);
    } catch (thrown) {
      // A conflict is ignored: the next pass also finds the objects, because they were recorded before they were
      // written.
      if (!isConflict(thrown)) throw thrown;
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

/**
 * Did the server refuse a `test` operation of the JSON patch, or the resourceVersion, because another client changed
 * the object?
 */
function isRefusedTest(thrown: unknown): boolean {
  return isConflict(thrown) || (thrown instanceof KubeError && thrown.status === 422);
}
