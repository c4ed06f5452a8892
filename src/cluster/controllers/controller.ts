import type { KubeObject } from '../../core/index.ts';
import type { StoreEvent } from '../store/store.ts';
import type { ResourceName, ControllerClient } from './controller-client.ts';

/**
 * A simulated controller. `keysOf` derives the keys of its work from events. `reconcile` does the work of one key: it
 * compares the present state of the cluster with the desired state, and changes the present state. `reconcile` may be
 * called at any time and any number of times.
 */
export interface SimulatedController {
  /** The name in user names, in events and in the options, e.g. `deployment-controller`. */
  readonly name: string;
  /** The manager of the fields that the controller writes. Default: `kube-controller-manager`. */
  readonly fieldManager?: string;
  /**
   * The keys of the work that an event causes. A key is usually `namespace/name` of the object that the controller
   * reconciles.
   */
  keysOf(event: StoreEvent, client: ControllerClient): Iterable<string>;
  /** Finds work whose keys `keysOf` cannot derive from an event alone. */
  readonly search?: WorkSearch;
  /** The object of a key. The annotations of this object may hold, slow or fail the work. */
  target?(key: string, client: ControllerClient): KubeObject | undefined;
  /** True for a controller that handles the annotation for failures itself, or ignores this annotation. */
  readonly ownFailures?: boolean;
  /**
   * Drops the controller's state. Called after `restore` replaces the whole state. An ADDED event for every object
   * follows.
   */
  reset?(): void;
  /**
   * Does the work of one key. Returns the milliseconds after which the result changes without an event; `undefined`
   * when only an event can change it.
   */
  reconcile(key: string, client: ControllerClient): number | undefined | void;
}

/**
 * Finds the work that a change of one object causes for many other objects, e.g. the change of a node. `keysOf` returns
 * the key of the search, which is not the key of an object. The search runs after the present event. One run serves all
 * events that have caused it until then.
 */
export interface WorkSearch {
  /** Is this the key of a search? */
  isKey(key: string): boolean;
  /** The keys of the work. Holds and delays apply to this work, and not to the search. */
  find(key: string, client: ControllerClient): Iterable<string>;
}

/** Makes the `target` of a controller whose keys name the objects of one resource. */
export function targetIn(resource: ResourceName): (key: string, client: ControllerClient) => KubeObject | undefined {
  return (key, client) => {
    const { namespace, name } = splitKey(key);
    return client.get(resource, namespace, name);
  };
}

/** Is the event about this resource? */
export function concerns(event: StoreEvent, group: string, plural: string): boolean {
  return event.collection.plural === plural && event.collection.group === group;
}

/** The parts of a key. The namespace of cluster-scoped objects is `''`. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `namespace/name` of an object, or only the name of a cluster-scoped object. */
export function keyOfObject({ metadata }: KubeObject): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}
