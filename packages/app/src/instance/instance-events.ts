import { type KubeObject, type ObjectRef, isJsonObject, objectName, refOf } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import type { InstanceEvent } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError, timeOfEvent } from '@typekro/kube';
import { age, firstObserved, textAt, valueAt } from '@typekro/kit/kubernetes';
import { printableLine } from '../text/output-text.ts';
import type { InstanceObservation } from './observation.ts';

/** The type of the listed and watched events. */
export const EVENT = { apiVersion: 'v1', kind: 'Event' } as const;

/** The maximum length of a chain of owners from an object to an object of the instance. */
const MAX_OWNERS = 5;

/** Stands for an object whose read failed, for example because the user may not read the object. */
const UNREADABLE = 'unreadable' as const;

interface PlacedName {
  readonly namespace: string;
  readonly name: string;
}

const isNamedAfter = (ref: ObjectRef, { namespace, name }: PlacedName): boolean =>
  namespace === (ref.namespace ?? '') && `${ref.name}-`.startsWith(`${name}-`);

/**
 * Selects the events about an instance, its objects, and the objects that these own. The name of an owned object must
 * contain the name of an object of the instance. If an object with such a name no longer exists, it counts as owned,
 * because its owner references cannot be read. If the user may not read it, its name must begin with the name of the
 * object of the instance, as controllers name the objects that they create.
 */
export class InstanceEventFilter {
  /** The namespaces of events about the instance. */
  readonly namespaces: readonly string[];
  readonly #api: KubernetesApi;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, boolean>();
  /** The namespaces and names of the objects of the instance. */
  readonly #names: readonly PlacedName[];

  constructor(api: KubernetesApi, { instance, decision, node }: InstanceObservation, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
    const nodes = decision.nodes.filter(({ id }) => node === undefined || id === node);
    const refs = nodes.flatMap(({ objects }) => objects);
    for (const { uid } of refs) if (uid !== undefined) this.#known.set(uid, true);
    if (node === undefined && instance.metadata.uid !== undefined) this.#known.set(instance.metadata.uid, true);
    const objects = refs.map(({ object }) => object);
    const own = refOf(instance);
    this.#names = objects.map(({ namespace = '', name }) => ({ namespace, name }));
    // Events of cluster-scoped objects are in `default`.
    this.namespaces = [...new Set([own, ...objects].map(({ namespace = 'default' }) => namespace))];
  }

  /** Converts an event that the filter selects. Returns `undefined` for any other event. */
  async accept(event: KubeObject): Promise<InstanceEvent | undefined> {
    const about = event['involvedObject'];
    if (!isJsonObject(about)) return undefined;
    const [name, namespace] = [textAt(about, 'name'), textAt(about, 'namespace')];
    const object: ObjectRef = {
      apiVersion: textAt(about, 'apiVersion') || 'v1',
      kind: textAt(about, 'kind'),
      name,
      ...(namespace === '' ? {} : { namespace }),
    };
    if (!(await this.#isOwn(object, textAt(about, 'uid'), 0))) return undefined;
    const series = valueAt(event, 'series', 'count');
    const count = typeof series === 'number' ? series : event['count'];
    const [time, first] = [timeOfEvent(event), firstObserved(event)];
    return {
      time,
      ...(first === '' || first === time ? {} : { first }),
      type: textAt(event, 'type'),
      reason: textAt(event, 'reason'),
      object,
      count: typeof count === 'number' && count > 0 ? count : 1,
      source: textAt(event, 'reportingComponent') || textAt(event, 'source', 'component'),
      message: textAt(event, 'message'),
    };
  }

  async #isOwn(ref: ObjectRef, uid: string, depth: number): Promise<boolean> {
    const known = this.#known.get(uid);
    if (known !== undefined) return known;
    const isLikely = this.#names.some(
      ({ namespace, name }) => namespace === (ref.namespace ?? '') && `-${ref.name}-`.includes(`-${name}-`),
    );
    const isOwn = isLikely && depth < MAX_OWNERS && (await this.#isOwned(ref, uid, depth));
    if (uid !== '') this.#known.set(uid, isOwn);
    return isOwn;
  }

  async #isOwned(ref: ObjectRef, uid: string, depth: number): Promise<boolean> {
    const object = await this.#api.find(ref, { signal: this.#signal }).catch((error: unknown) => {
      if (error instanceof KubeError && !this.#signal.aborted) return UNREADABLE;
      throw error;
    });
    if (object === UNREADABLE) return this.#names.some((own) => isNamedAfter(ref, own));
    // The object is deleted, or another object of the same name has replaced it.
    if (object === undefined || (uid !== '' && object.metadata.uid !== uid)) return true;
    for (const owner of object.metadata.ownerReferences ?? []) {
      const { apiVersion, kind, name } = owner;
      const scope = ref.namespace === undefined ? {} : { namespace: ref.namespace };
      if (await this.#isOwn({ apiVersion, kind, name, ...scope }, owner.uid, depth + 1)) return true;
    }
    return false;
  }
}

/** Lists the events about an instance, oldest first. */
export async function listEvents(
  api: KubernetesApi,
  filter: InstanceEventFilter,
  signal: AbortSignal,
): Promise<InstanceEvent[]> {
  const lists = await Promise.all(filter.namespaces.map((namespace) => api.list(EVENT, { namespace, signal })));
  const all = lists.flatMap(({ items }) => items).toSorted(byVersion);
  const found = await Promise.all(all.map((event) => filter.accept(event)));
  return found.filter((event) => event !== undefined).toSorted(byTime);
}

/** Compares the times of events. Events with equal times keep their order. */
export const byTime = (a: InstanceEvent, b: InstanceEvent): number => compareText(a.time, b.time);

/** Compares the resource versions of events, because the timestamps have a resolution of one second. */
function byVersion(a: KubeObject, b: KubeObject): number {
  return Number(a.metadata.resourceVersion ?? 0) - Number(b.metadata.resourceVersion ?? 0);
}

/** `12s  Warning  BackOff ×14  Pod team-a/shop-x  kubelet: Back-off restarting`. */
export function eventLine(event: InstanceEvent, now: number): string {
  const { time, type, reason, object, count, source, message } = event;
  const often = count > 1 ? ` ×${count}` : '';
  const by = source === '' ? '' : `${source}: `;
  const parts = [
    age(time, now).padStart(5),
    type.padEnd(7),
    `${reason}${often}`,
    objectName(object),
    `${by}${message}`,
  ];
  return parts.map((part) => (part.trim() === part ? printableLine(part) : part)).join('  ');
}
