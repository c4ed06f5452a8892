import type { JsonValue, KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { ParentPort } from '../../execute/index.ts';
import { ONCE } from '../../execute/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { isConflict, isNotFound, KubeError } from '../../kube/index.ts';
import { classify, isBusy } from '../../kubernetes/index.ts';
import type { ObjectTarget, ParentWrite } from '../../runtime/index.ts';
import { keys } from '../../runtime/index.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { keyOf } from '../cache/scope-watch.ts';

/** The instance as the parent of its children: its labels, finalizer, inventory and status, written as the controller. */
export class InstanceParent implements ParentPort {
  readonly target: ObjectTarget;
  readonly #api: KubernetesApi;
  readonly #instances: KindCache;
  readonly #instance: KubeObject;
  readonly #signal: AbortSignal;

  constructor(api: KubernetesApi, instances: KindCache, instance: KubeObject, signal: AbortSignal) {
    const { name = '', namespace } = instance.metadata;
    this.target = { type: instances.type, name, ...(namespace === undefined ? {} : { namespace }) };
    this.#api = api;
    this.#instances = instances;
    this.#instance = instance;
    this.#signal = signal;
  }

  async write({ labels, inventory, removeFinalizer }: ParentWrite): Promise<void> {
    // The labels bring the whole inventory along: `complete` need not be waited for.
    if (labels !== undefined) await this.#apply(labels, keys.LABEL_MANAGER);
    else if (inventory !== undefined) await this.#apply(inventory, keys.INVENTORY_MANAGER);
    if (removeFinalizer === true) await this.#dropFinalizer();
  }

  /**
   * Applies the inventory under its own manager, too, when the labels brought it: kro's later writes of the
   * labels alone must not take it away. Children may be written meanwhile, since they are covered already.
   */
  async complete({ labels, inventory }: ParentWrite): Promise<void> {
    if (labels === undefined || inventory === undefined) return;
    try {
      await this.#apply(inventory, keys.INVENTORY_MANAGER);
    } catch (thrown) {
      // It is due again when the rest is done.
      if (thrown instanceof KubeError && isBusy(classify(thrown))) return;
      // It was deleted or replaced meanwhile: the next step sees what is there.
      if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
      await this.reload();
    }
  }

  /** Fetches the instance. `same`: a conflict is about something else than its version, and will be there again. */
  async reload(): Promise<'same' | 'changed'> {
    const { uid = '', resourceVersion } = this.#instance.metadata;
    const fresh = await this.#api.find(refOf(this.#instance), { signal: this.#signal });
    if (fresh === undefined) this.#instances.observeGone(keyOf(this.#instance), uid);
    else this.#instances.observe(fresh);
    return fresh?.metadata.uid === uid && fresh.metadata.resourceVersion === resourceVersion ? 'same' : 'changed';
  }

  /** Replaces the status of the instance, if it is still the same object. */
  async writeStatus(status: JsonValue): Promise<void> {
    const { uid = '' } = this.#instance.metadata;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/status', value: status },
    ];
    const options = { type: 'json', subresource: 'status', fieldManager: 'kro', signal: this.#signal } as const;
    try {
      this.#instances.observe(await this.#api.patch(refOf(this.#instance), body, options));
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      this.#instances.observeGone(keyOf(this.#instance), uid);
    }
  }

  async #apply(object: KubeObject, fieldManager: string): Promise<void> {
    this.#instances.observe(
      await this.#api.apply(object, { fieldManager, force: true, signal: this.#signal, ...ONCE }),
    );
  }

  /** Takes the controller's finalizer off, and no other: the version makes sure that none was added meanwhile. */
  async #dropFinalizer(): Promise<void> {
    const { uid = '', resourceVersion, finalizers = [] } = this.#instance.metadata;
    const left = finalizers.filter((finalizer) => finalizer !== keys.FINALIZER);
    const body = { metadata: { finalizers: left, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      const options = { fieldManager: 'kro', signal: this.#signal, ...ONCE };
      const answer = await this.#api.patch(refOf(this.#instance), body, options);
      if (left.length === 0) this.#instances.observeGone(keyOf(this.#instance), uid);
      else this.#instances.observe(answer);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      this.#instances.observeGone(keyOf(this.#instance), uid);
    }
  }
}
