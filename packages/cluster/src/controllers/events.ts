import { createHash } from 'node:crypto';
import type { KubeObject } from '@typekro/kit/core';
import { namePrefix } from '@typekro/kit/kubernetes';
import { type ControllerClient, isApiError } from './controller-client.ts';

const EVENTS = { group: '', plural: 'events' } as const;

/**
 * Records an Event of a controller about an object. A repeated Event only changes the count and the last time of the
 * stored Event. As in Kubernetes, an Event is dropped that the API refuses, e.g. because of a quota or a terminating
 * namespace, and after 25 Events about an object, all but one in five minutes.
 */
export function recordEvent(
  client: ControllerClient,
  object: KubeObject,
  component: string,
  reason: string,
  message: string,
  type: 'Normal' | 'Warning' = 'Normal',
): void {
  client.afterwards(`${object.metadata.uid} ${component} ${reason} ${message}`, () => {
    if (!client.eventLimits.allows(component, object.metadata.uid ?? '', client.now())) return;
    try {
      writeEvent(client, object, component, { reason, message, type });
    } catch (error) {
      if (!isApiError(error)) throw error;
    }
  });
}

interface EventContent {
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
}

function writeEvent(
  client: ControllerClient,
  object: KubeObject,
  component: string,
  { reason, message, type }: EventContent,
): void {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = object.metadata;
  const place = namespace === '' ? 'default' : namespace;
  const now = client.timestamp();
  // The name ends with a digest of UID, component, reason and message, so that a repeated Event is found by its name.
  const digest = createHash('sha1').update(`${uid} ${component} ${reason} ${message}`).digest('hex').slice(0, 16);
  const eventName = `${namePrefix(name, 200)}.${digest}`;
  const same = client.get(EVENTS, place, eventName);
  if (same !== undefined) {
    client.update({ ...same, count: (typeof same['count'] === 'number' ? same['count'] : 1) + 1, lastTimestamp: now });
    return;
  }
  const { apiVersion, kind } = object;
  client.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName, namespace: place },
    involvedObject: { apiVersion, kind, name, ...(namespace === '' ? {} : { namespace }), uid, resourceVersion },
    reason,
    message,
    type,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  });
}
