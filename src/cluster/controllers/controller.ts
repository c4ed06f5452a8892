import type { KubeObject } from '../../core/index.ts';
import type { StoreEvent } from '../store/store.ts';
import type { ResourceName, ControllerClient } from './controller-client.ts';

/**
 * A simulated controller: which pieces of work an event makes necessary, and how one of them is done.
 * `reconcile` looks at the cluster as it is and brings it closer to what it should be; it must be safe to
 * call at any time and any number of times.
 */
export interface SimulatedController {
  /** Name in user names, in events and in the options, e.g. `deployment-controller`. */
  readonly name: string;
  /** Keys of the work that an event causes; usually `namespace/name` of the object that the controller reconciles. */
  keysOf(event: StoreEvent, client: ControllerClient): Iterable<string>;
  /** The object of a key: its annotations may hold, slow or fail the work. */
  target?(key: string, client: ControllerClient): KubeObject | undefined;
  /** The controller reads the annotation for failures itself, or ignores it. */
  readonly ownFailures?: boolean;
  /** Drops what the controller remembers: the whole state was replaced, and every object comes as a new one. */
  reset?(): void;
  /** Does the work of one key; gives the milliseconds until the next call, if time alone changes something. */
  reconcile(key: string, client: ControllerClient): number | undefined | void;
}

/** The target of keys that name an object of one resource. */
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

/** The parts of a key; cluster-scoped objects have the namespace `''`. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `namespace/name` of an object, or its name when it has no namespace. */
export function keyOfObject({ metadata }: KubeObject): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The earliest of several times of the next call. */
export function soonest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
