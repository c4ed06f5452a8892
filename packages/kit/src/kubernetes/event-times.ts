import type { Parent } from './object-fields.ts';
import { objectAt, textAt } from './object-fields.ts';

/**
 * The time at which an Event was first observed, as the server wrote it; an empty string if no field has the time.
 * Reads the fields of `v1` and of `events.k8s.io/v1`.
 */
export function firstObserved(event: Parent): string {
  return textAt(event, 'firstTimestamp') || textAt(event, 'deprecatedFirstTimestamp') || textAt(event, 'eventTime');
}

/** When an Event was last observed, as kubectl prints it: the time of its series, its last time, or its first time. */
export function lastObserved(event: Parent): string {
  return (
    textAt(objectAt(event, 'series'), 'lastObservedTime') ||
    textAt(event, 'lastTimestamp') ||
    textAt(event, 'deprecatedLastTimestamp') ||
    firstObserved(event)
  );
}
