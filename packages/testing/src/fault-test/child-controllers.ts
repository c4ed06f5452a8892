import { type JsonObject, type KubeObject, type ObjectRef, isJsonObject, refOf, setOwn } from '@typekro/kit/core';
import { isConflict, isNotFound, KubeError } from '@typekro/kube';
import { keys, ObjectKey } from '@typekro/engine/runtime';
import { partialDifferences } from '../graph-test/partial-differences.ts';
import type { GraphWorld } from '../graph-test/graph-world.ts';
import type { FaultyWorld } from '../simulation/faulty-world.ts';
import type { NotedWrite } from '../simulation/ledger.ts';
import { noise } from '../simulation/sim-clock.ts';

/** Finalizers that the controller or the cluster itself removes. */
const OWN_FINALIZERS: ReadonlySet<string> = new Set([
  keys.FINALIZER,
  'foregroundDeletion',
  'orphan',
  'customresourcecleanup.apiextensions.k8s.io',
]);

/**
 * The maximum times, in milliseconds, until the simulated controller of a kind sets a status, and until it removes
 * finalizers.
 */
const STATUS_WITHIN_MS = 4000;
const RELEASE_WITHIN_MS = 20_000;

/**
 * Simulates the controllers of the children's kinds. If the test has set the status of an object, this class sets the
 * same status again after the object was recreated. From objects that are being deleted, it removes the finalizers that
 * neither this project's controller nor the cluster removes.
 */
export class ChildControllers {
  readonly #faulty: FaultyWorld;
  readonly #world: GraphWorld;
  readonly #seed: number;
  readonly #set: string;
  /** Maps the key of an object to the status that the test has set. */
  readonly #statuses = new Map<string, { readonly ref: ObjectRef; status: JsonObject }>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #due = new Set<string>();
  #count = 0;
  #stopped = false;

  /** `set` is the id of the instance's ApplySet. */
  constructor(faulty: FaultyWorld, world: GraphWorld, set: string, seed: number) {
    this.#faulty = faulty;
    this.#world = world;
    this.#set = set;
    this.#seed = seed;
    world.onStatus = (ref, status) => this.#remember(ref, status);
    faulty.ledger.onWrite.push((write) => this.#seen(write));
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Registers work. The world does not count as settled until the work has ended. */
  track(work: Promise<unknown>): void {
    const running = work.catch(ignoreChanged).then(() => void this.#running.delete(running));
    this.#running.add(running);
  }

  /** Checks all children again, because the ledger does not record changes that the cluster itself makes. */
  async sweep(children: readonly KubeObject[]): Promise<void> {
    for (const child of children) if (child.metadata.deletionTimestamp !== undefined) await this.#release(refOf(child));
    for (const key of this.#statuses.keys()) await this.#give(key);
  }

  #remember(ref: ObjectRef, status: JsonObject): void {
    const { apiVersion, kind, name, namespace } = ref;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const key = ObjectKey.of({ apiVersion, kind, metadata });
    const known = this.#statuses.get(key);
    this.#statuses.set(key, { ref, status: known === undefined ? status : merged(known.status, status) });
  }

  #seen({ key, object }: NotedWrite): void {
    if (object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      if (object.metadata.labels?.[keys.PART_OF_LABEL] !== this.#set) return;
      this.#soon(`release ${key}`, RELEASE_WITHIN_MS, () => this.#release(refOf(object)));
    } else if (this.#statuses.has(key)) {
      this.#soon(`status ${key}`, STATUS_WITHIN_MS, () => this.#give(key));
    }
  }

  #soon(what: string, withinMs: number, work: () => Promise<unknown>): void {
    if (this.#due.has(what)) return;
    this.#due.add(what);
    const milliseconds = Math.floor(noise(this.#seed, 'stand-in', (this.#count += 1)) * withinMs);
    this.#faulty.clock.setTimer(milliseconds, () => {
      this.#due.delete(what);
      if (!this.#stopped) this.track(work());
    });
  }

  async #give(key: string): Promise<void> {
    const known = this.#statuses.get(key);
    const live = known === undefined ? undefined : await this.#faulty.admin.find(known.ref);
    if (known === undefined || live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    const { generation } = live.metadata;
    const observed = typeof known.status['observedGeneration'] === 'number' && typeof generation === 'number';
    const status = observed ? { ...known.status, observedGeneration: generation } : known.status;
    if (partialDifferences({ status }, live).length === 0) return;
    await this.#world.giveStatus(known.ref, status);
  }

  async #release(ref: ObjectRef): Promise<void> {
    const live = await this.#faulty.admin.find(ref);
    if (live?.metadata.deletionTimestamp === undefined) return;
    const { uid = '', resourceVersion = '', finalizers = [] } = live.metadata;
    const kept = finalizers.filter((finalizer) => OWN_FINALIZERS.has(finalizer));
    if (kept.length === finalizers.length) return;
    await this.#faulty.admin.patch(ref, { metadata: { uid, resourceVersion, finalizers: kept } });
  }
}

/** Ignores the error if the object was changed, deleted or recreated in the meantime. */
function ignoreChanged(thrown: unknown): void {
  const isOther = thrown instanceof KubeError && thrown.status === 422;
  if (!isNotFound(thrown) && !isConflict(thrown) && !isOther) throw thrown;
}

/** Combines two merge patches into one. Nulls stay, because they delete members. */
function merged(first: JsonObject, second: JsonObject): JsonObject {
  const result: JsonObject = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const before = Object.hasOwn(first, name) ? first[name] : undefined;
    setOwn(result, name, isJsonObject(before) && isJsonObject(value) ? merged(before, value) : (value ?? null));
  }
  return result;
}
