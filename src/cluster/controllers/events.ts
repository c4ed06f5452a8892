import type { KubeObject } from '../../core/index.ts';
import type { World } from './world.ts';
import { randomSuffix } from './world.ts';

const EVENTS = { group: '', plural: 'events' } as const;

/** Records what a controller did to an object; the same thing again counts up instead of piling up. */
export function recordEvent(
  world: World,
  object: KubeObject,
  component: string,
  reason: string,
  message: string,
  type: 'Normal' | 'Warning' = 'Normal',
): void {
  const { name = '', namespace = 'default', uid = '', resourceVersion = '' } = object.metadata;
  const now = world.timestamp();
  const same = world
    .list(EVENTS, namespace)
    .find(
      (event) =>
        event['reason'] === reason &&
        event['message'] === message &&
        (event['involvedObject'] as { uid?: string } | undefined)?.uid === uid,
    );
  if (same !== undefined) {
    world.update({ ...same, count: (typeof same['count'] === 'number' ? same['count'] : 1) + 1, lastTimestamp: now });
    return;
  }
  const { apiVersion, kind } = object;
  world.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${randomSuffix(16)}`, namespace },
    involvedObject: { apiVersion, kind, name, namespace, uid, resourceVersion },
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
