import type { KubeObject } from '@typekro/kit/core';
import { type Clock, type KubeClient, isConflict, isNotFound, KubeError } from '@typekro/kube';
import type { Ledger, NotedWrite } from '../../packages/testing/src/simulation/ledger.ts';
import { templateManagers } from '../../packages/testing/src/simulation/graph-writers.ts';
import { noise } from '../../packages/testing/src/simulation/sim-clock.ts';

const HOLD = 'rival.test/hold';

/**
 * Four other controllers that write to the children, each with its own delays. The first writes the status for which a
 * node waits. The second adds its own fields. The third delays deletions with a finalizer. The fourth contests a field
 * for some rounds.
 */
export class Rivals {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #seed: number;
  #count = 0;
  /** Maps the UID of an object to the remaining rounds of its contest. */
  readonly #contests = new Map<string, number>();
  #stopped = false;
  /** The writes in flight. */
  readonly #inFlight = new Set<Promise<void>>();

  constructor(client: KubeClient, clock: Clock, ledger: Ledger, seed: number) {
    this.#client = client;
    this.#clock = clock;
    this.#seed = seed;
    ledger.onWrite.push((write) => this.#seen(write));
  }

  stop(): void {
    this.#stopped = true;
  }

  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  #seen({ method, object, key }: NotedWrite): void {
    const [kind = '', namespace = '', name = ''] = key.split('/');
    if (kind !== 'ConfigMap' && kind !== 'PodDisruptionBudget.policy') return;
    if (method === 'DELETE') {
      if (name.endsWith('-base')) this.#soon(60_000, () => this.#letGo(namespace, name));
      return;
    }
    if (object === undefined || !isOfController(object)) return;
    if (kind === 'PodDisruptionBudget.policy' && object.status?.['currentHealthy'] !== 1) {
      this.#soon(4000, () => this.#fillIn(object));
    }
    if (name.endsWith('-base') && object.metadata.finalizers?.includes(HOLD) !== true) {
      this.#soon(500, () => this.#hold(object));
    }
    if (name.endsWith('-mid') && object.metadata.annotations?.['rival.test/seen'] === undefined) {
      this.#soon(2000, () => this.#annotate(object));
    }
    if (name.endsWith('-after')) this.#contest(key, object);
  }

  #soon(withinMs: number, work: () => Promise<unknown>): void {
    const milliseconds = Math.floor(noise(this.#seed, 'rival', (this.#count += 1)) * withinMs);
    this.#clock.setTimer(milliseconds, () => {
      if (this.#stopped) return;
      const running = work()
        .catch((thrown: unknown) => {
          // In the meantime, the object was deleted, or was created again with another UID.
          const isOther = thrown instanceof KubeError && thrown.status === 422;
          if (!isNotFound(thrown) && !isConflict(thrown) && !isOther) throw thrown;
        })
        .then(() => void this.#inFlight.delete(running));
      this.#inFlight.add(running);
    });
  }

  #fillIn(object: KubeObject): Promise<unknown> {
    const { uid = '', generation = 1 } = object.metadata;
    const status = {
      observedGeneration: generation,
      currentHealthy: 1,
      desiredHealthy: 1,
      disruptionsAllowed: 0,
      expectedPods: 1,
    };
    return this.#client.patch(refOfObject(object), { metadata: { uid }, status }, { subresource: 'status' });
  }

  async #hold(object: KubeObject): Promise<unknown> {
    const ref = refOfObject(object);
    const live = await this.#client.find(ref);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return undefined;
    const { resourceVersion = '', finalizers = [] } = live.metadata;
    if (finalizers.includes(HOLD)) return undefined;
    return this.#client.patch(ref, { metadata: { resourceVersion, finalizers: [...finalizers, HOLD] } });
  }

  async #letGo(namespace: string, name: string): Promise<unknown> {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name };
    const live = await this.#client.find(ref);
    if (live?.metadata.deletionTimestamp === undefined) return undefined;
    const finalizers = (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== HOLD);
    return this.#client.patch(ref, { metadata: { uid: live.metadata.uid ?? '', finalizers } });
  }

  #annotate(object: KubeObject): Promise<unknown> {
    const { uid = '' } = object.metadata;
    const body = { metadata: { uid, annotations: { 'rival.test/seen': 'yes' } }, data: { rival: 'kept' } };
    return this.#client.patch(refOfObject(object), body, { fieldManager: 'rival' });
  }

  /** Writes its own value into `data.healthy` of about a third of the objects, in two rounds for each object. */
  #contest(key: string, object: KubeObject): void {
    const data = object['data'] as { healthy?: string } | undefined;
    if (data?.healthy === 'mine') return;
    const uid = object.metadata.uid ?? '';
    const left = this.#contests.get(uid) ?? (noise(this.#seed, key, 0) < 0.33 ? 2 : 0);
    this.#contests.set(uid, left - 1);
    if (left <= 0) return;
    this.#soon(3000, () =>
      this.#client.patch(
        refOfObject(object),
        { metadata: { uid }, data: { healthy: 'mine' } },
        { fieldManager: 'rival' },
      ),
    );
  }
}

/** Has the controller written the object, as a child of an instance or for a Graph? */
function isOfController(object: KubeObject): boolean {
  return (
    object.metadata.labels?.['applyset.kubernetes.io/part-of'] !== undefined || templateManagers(object).length > 0
  );
}

function refOfObject({ apiVersion, kind, metadata }: KubeObject) {
  const { name = '', namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}
