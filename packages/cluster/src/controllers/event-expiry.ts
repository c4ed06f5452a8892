import { type SimulatedController, concerns, MAX_CHANGED_OBJECTS } from './simulated-controller.ts';

const EVENTS = { group: '', plural: 'events' } as const;

/** The time that an Event is kept after its last change: one hour, as in the API server. */
const LIFETIME_MS = 3_600_000;

/** The controller's only key. */
const ALL = 'all';

/**
 * Removes Events one hour after their last change, so that they do not fill a cluster that runs for a long time. A
 * start or a restore of the cluster counts as a change, because etcd gives leases their full time again.
 */
export function eventExpiry(): SimulatedController {
  /** The changes of Events, sorted by time. Only the last change of an Event determines when it expires. */
  const changes: { readonly key: string; readonly version: string; readonly time: number }[] = [];
  let first = 0;
  let waiting = false;
  return {
    name: 'event-expiry',

    *keysOf(event, client) {
      if (!concerns(event, '', 'events') || event.type === 'DELETED') return;
      const { key, object } = event.stored;
      changes.push({ key, version: object.metadata.resourceVersion ?? '', time: client.now() });
      if (!waiting) yield ALL;
    },

    reset() {
      changes.length = 0;
      first = 0;
      waiting = false;
    },

    reconcile(_key, client) {
      const end = first + MAX_CHANGED_OBJECTS;
      for (; first < changes.length && first < end; first += 1) {
        const change = changes[first];
        if (change === undefined || change.time + LIFETIME_MS > client.now()) break;
        const event = client.at(EVENTS, change.key);
        if (event?.metadata.resourceVersion === change.version) client.remove(event);
      }
      if (first === end) return 'next';
      if (first > 1000 && first * 2 > changes.length) {
        changes.splice(0, first);
        first = 0;
      }
      const next = changes[first];
      waiting = next !== undefined;
      return next === undefined ? undefined : next.time + LIFETIME_MS - client.now();
    },
  };
}
