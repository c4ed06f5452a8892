import type { KubeObject } from '@typekro/kit/core';
import type { StoreEvent } from '../store/store.ts';
import { workOf } from '../store/stored-size.ts';
import type { ResourceName, ControllerClient } from './controller-client.ts';

/**
 * A simulated controller. `keysOf` derives the keys of its work from events. `reconcile` carries out the work for one
 * key: it compares the present state of the cluster with the desired state, and changes the present state. `reconcile`
 * must be safe to call at any time and repeatedly.
 */
export interface SimulatedController {
  /** The name by which user names, events and options denote the controller, e.g. `deployment-controller`. */
  readonly name: string;
  /** The field manager of the controller's writes. Default: `kube-controller-manager`. */
  readonly fieldManager?: string;
  /**
   * Returns the keys of the work that an event causes. A key is usually `namespace/name` of the object to reconcile.
   */
  keysOf(event: StoreEvent, client: ControllerClient): Iterable<string>;
  /** Finds work whose keys `keysOf` cannot derive from an event alone. */
  readonly search?: WorkSearch;
  /** Returns the object of a key. Annotations of this object can pause the work, slow it down, or make it fail. */
  target?(key: string, client: ControllerClient): KubeObject | undefined;
  /** True for a controller that handles the annotation for failures itself, or ignores this annotation. */
  readonly ownFailures?: boolean;
  /**
   * Drops the controller's own state. Called after `restore` has replaced the state of the cluster. ADDED events for
   * all objects follow.
   */
  reset?(): void;
  /**
   * Carries out the work for one key. Returns the milliseconds after which to reconcile the key again without an event,
   * `'next'` when the reconcile did a part of its work, or `undefined` when only an event can change the result.
   */
  reconcile(key: string, client: ControllerClient): number | 'next' | undefined | void;
}

/**
 * Finds the work that a change of one object, e.g. a node, causes for many other objects. `keysOf` returns the key of
 * the search, which is not the key of an object. The search runs after the present event, once for all events that
 * requested it until then.
 */
export interface WorkSearch {
  /** Is this the key of a search? */
  isKey(key: string): boolean;
  /** Returns the keys of the work. Annotations can pause or delay this work, but not the search. */
  find(key: string, client: ControllerClient): Iterable<string>;
}

/** Returns the `target` function of a controller whose keys name objects of one resource. */
export function targetIn(resource: ResourceName): (key: string, client: ControllerClient) => KubeObject | undefined {
  return (key, client) => client.at(resource, key);
}

/** Is the event about this resource? */
export function concerns(event: StoreEvent, group: string, plural: string): boolean {
  return event.collection.plural === plural && event.collection.group === group;
}

/** Splits a key. The namespace of cluster-scoped objects is `''`. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Returns `namespace/name` of an object, or only the name of a cluster-scoped object. */
export function keyOfObject({ metadata }: KubeObject): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The maximum number of objects that one reconcile creates, removes or counts, and the maximum work of their writes. */
export const MAX_CHANGED_OBJECTS = 100;
const MAX_CHANGED_WORK = 300;

/**
 * The changes of one reconcile. The events of these objects, or the result of the reconcile, cause the next one, and
 * other requests are handled in between. A few pods of a large template are as much work as many pods of a small one.
 */
export class Batch {
  readonly #client: Pick<ControllerClient, 'workDone'> | undefined;
  readonly #doneBefore: number;
  #objects = 0;
  #work = 0;

  /** With a client, the work that it counts during the writes counts too, e.g. the checks of many quotas. */
  constructor(client?: Pick<ControllerClient, 'workDone'>) {
    this.#client = client;
    this.#doneBefore = client?.workDone ?? 0;
  }

  /** Counts the change of an object. Returns true when the rest must wait for the next reconcile. */
  isFullWith(object: KubeObject): boolean {
    this.#objects += 1;
    this.#work += workOf(object);
    const done = Math.max(this.#work, (this.#client?.workDone ?? 0) - this.#doneBefore);
    return this.#objects >= MAX_CHANGED_OBJECTS || done >= MAX_CHANGED_WORK;
  }
}

/** Returns the first objects that one reconcile changes: at least one, if there are any. */
export function firstBatch<Item extends KubeObject>(objects: readonly Item[]): readonly Item[] {
  const batch = new Batch();
  const last = objects.findIndex((object) => batch.isFullWith(object));
  return last < 0 ? objects : objects.slice(0, last + 1);
}
