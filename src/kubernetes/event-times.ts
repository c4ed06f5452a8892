import type { Parent } from './object-fields.ts';
import { objectAt, textAt } from './object-fields.ts';

/**
 * When an Event was first observed, as the server wrote it; an empty text when the Event does not say it. The fields
 * are those of `v1` and `events.k8s.io/v1`.
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
