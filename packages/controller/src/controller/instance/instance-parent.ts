import { type JsonObject, type KubeObject, refOf } from '@typekro/kit/core';
import { type ParentPort, type StatusOutcome, ONCE } from '../../execute/index.ts';
import { type KubernetesApi, isConflict, isNotFound, KubeError } from '@typekro/kube';
import { classify, isBusy } from '@typekro/kit/kubernetes';
import { type Decisions, type ObjectTarget, Finalizers, keys, RecordedStatus } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKeyOf } from '../cache/scope-watch.ts';

/** Writes the labels, finalizer, inventory and status of an instance with the controller's own identity. */
export class InstanceParent implements ParentPort {
  readonly target: ObjectTarget;
  readonly #api: KubernetesApi;
  readonly #instances: KindCache;
  readonly #instance: KubeObject;
  readonly #signal: AbortSignal;
  readonly #options: Parameters<typeof RecordedStatus.writes>[2];

  constructor(
    api: KubernetesApi,
    instances: KindCache,
    instance: KubeObject,
    signal: AbortSignal,
    options: Parameters<typeof RecordedStatus.writes>[2],
  ) {
    const { name = '', namespace } = instance.metadata;
    this.target = { type: instances.type, name, ...(namespace === undefined ? {} : { namespace }) };
    this.#api = api;
    this.#instances = instances;
    this.#instance = instance;
    this.#signal = signal;
    this.#options = options;
  }

  async write({ labels, inventory, removeFinalizer }: Decisions.ParentWrite): Promise<void> {
    // The apply of the labels also writes the whole inventory, so children need not wait for `complete`.
    if (labels !== undefined) await this.#apply(labels, keys.LABEL_MANAGER);
    else if (inventory !== undefined) await this.#apply(inventory, keys.INVENTORY_MANAGER);
    if (removeFinalizer === true) await this.#dropFinalizer();
  }

  /**
   * When both labels and inventory must be written, also applies the inventory under its own manager, after the apply
   * of the labels. A later write of only the labels, by kro, then does not remove the inventory. Children may be
   * written in the meantime, because the inventory already covers them.
   */
  async complete({ labels, inventory }: Decisions.ParentWrite): Promise<void> {
    if (labels === undefined || inventory === undefined) return;
    try {
      await this.#apply(inventory, keys.INVENTORY_MANAGER);
    } catch (thrown) {
      // The next step repeats this write.
      if (thrown instanceof KubeError && isBusy(classify(thrown))) return;
      // The instance was deleted or replaced in the meantime. The next step finds that out.
      if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
      await this.reload();
    }
  }

  /**
   * Reads the instance after a conflict. Returns `same` when the resourceVersion is unchanged: the conflict then has
   * another cause and occurs again.
   */
  async reload(): Promise<'same' | 'changed'> {
    const { uid = '', resourceVersion } = this.#instance.metadata;
    const fresh = await this.#api.find(refOf(this.#instance), { signal: this.#signal });
    if (fresh === undefined) this.#instances.observeGone(cacheKeyOf(this.#instance), uid);
    else this.#instances.observe(fresh);
    return fresh?.metadata.uid === uid && fresh.metadata.resourceVersion === resourceVersion ? 'same' : 'changed';
  }

  /** Writes the status of the instance. Each request names the uid, so that it cannot reach another instance. */
  async writeStatus(status: JsonObject): Promise<StatusOutcome> {
    const { uid = '' } = this.#instance.metadata;
    try {
      for (const write of RecordedStatus.writes(this.#instance, status, this.#options)) {
        this.#instances.observe(await this.#sendStatus(write, uid));
      }
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      this.#instances.observeGone(cacheKeyOf(this.#instance), uid);
    }
    return 'written';
  }

  #sendStatus(
    { method, manager: fieldManager, status }: ReturnType<typeof RecordedStatus.writes>[number],
    uid: string,
  ): Promise<KubeObject> {
    const options = { subresource: 'status', fieldManager, signal: this.#signal } as const;
    const { apiVersion, kind, name, namespace } = refOf(this.#instance);
    if (method === 'apply') {
      const metadata = { name, uid, ...(namespace === undefined ? {} : { namespace }) };
      return this.#api.apply({ apiVersion, kind, metadata, status }, { ...options, force: true });
    }
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/status', value: status },
    ];
    return this.#api.patch(refOf(this.#instance), body, { ...options, type: 'json' });
  }

  async #apply(object: KubeObject, fieldManager: string): Promise<void> {
    this.#instances.observe(
      await this.#api.apply(object, { fieldManager, force: true, signal: this.#signal, ...ONCE }),
    );
  }

  /**
   * Removes only the controller's finalizer. The write has the resourceVersion, so the API server refuses it when
   * another client has added a finalizer in the meantime.
   */
  async #dropFinalizer(): Promise<void> {
    const { uid = '', resourceVersion } = this.#instance.metadata;
    const left = Finalizers.others(this.#instance);
    const body = { metadata: { finalizers: left, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      const options = { fieldManager: 'kro', signal: this.#signal, ...ONCE };
      const answer = await this.#api.patch(refOf(this.#instance), body, options);
      if (left.length === 0) this.#instances.observeGone(cacheKeyOf(this.#instance), uid);
      else this.#instances.observe(answer);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      this.#instances.observeGone(cacheKeyOf(this.#instance), uid);
    }
  }
}
