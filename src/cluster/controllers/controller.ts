import type { StoreEvent } from '../store/store.ts';
import type { World } from './world.ts';

/**
 * A simulated controller: which pieces of work an event makes necessary, and how one of them is done.
 * `reconcile` looks at the cluster as it is and brings it closer to what it should be; it must be safe to
 * call at any time and any number of times.
 */
export interface SimulatedController {
  /** Name in user names and in events, e.g. `deployment-controller`; switches it off in the options. */
  readonly name: string;
  /** Keys of the work; usually `namespace/name` of the object that the controller is about. */
  keysOf(event: StoreEvent, world: World): Iterable<string>;
  /** Does the work of one key; gives the milliseconds after which to look again, if time alone changes something. */
  reconcile(key: string, world: World): number | undefined | void;
}

/** Is the event about this resource? */
export function concerns(event: StoreEvent, group: string, plural: string): boolean {
  return event.collection.plural === plural && event.collection.group === group;
}

/** `namespace/name` of the event's object. */
export function eventKey(event: StoreEvent): string {
  return event.stored.key;
}

/** The parts of a key; cluster-scoped objects have the namespace `''`. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
