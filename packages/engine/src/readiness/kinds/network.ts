import type { KubeObject } from '@typekro/kit/core';
import { conditionIn, objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, inProgress, describeCondition, staleVerdict } from '../verdict.ts';

/** A Service of type LoadBalancer is ready when it has an address; a Service of another type is ready at once. */
export function service(object: KubeObject): Readiness {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return current();
  return hasAddress(object) ? current() : inProgress('NoAddress', 'the load balancer has no address yet');
}

/**
 * An Ingress is ready when it has an address. Many controllers never publish an address, and the object does not show
 * whether its controller does. An Ingress with an empty status therefore counts as ready.
 */
export function ingress(object: KubeObject): Readiness {
  const published = objectsAt(object, 'status', 'loadBalancer', 'ingress');
  if (published.length === 0) return current('NoAddress', 'no address is published');
  return hasAddress(object) ? current() : inProgress('NoAddress', 'the load balancer has no address yet');
}

function hasAddress(object: KubeObject): boolean {
  const entries = objectsAt(object, 'status', 'loadBalancer', 'ingress');
  return entries.some((entry) => textAt(entry, 'ip') !== '' || textAt(entry, 'hostname') !== '');
}

/** A Gateway is ready when its newest generation is accepted and programmed into the data plane. */
export function gateway(object: KubeObject): Readiness {
  for (const type of ['Accepted', 'Programmed']) {
    const found = statusCondition(object, type);
    if (found === undefined) return inProgress('NotObserved', `condition ${type} is not set yet`);
    const stale = staleVerdict(object, type, found);
    if (stale !== undefined) return stale;
    if (found.status !== 'True') return inProgress(found.reason || 'NotReady', describeCondition(type, found));
  }
  return current();
}

/**
 * A route is ready when its status has at least one parent, and no parent has an outdated or failed condition. The
 * checked conditions are `Accepted` and `ResolvedRefs`. A missing condition is ignored.
 */
export function gatewayRoute(object: KubeObject): Readiness {
  const parents = objectsAt(object, 'status', 'parents');
  if (parents.length === 0) return inProgress('NotObserved', 'no gateway has accepted the route yet');
  for (const parent of parents) {
    const conditions = objectsAt(parent, 'conditions');
    for (const type of ['Accepted', 'ResolvedRefs']) {
      const found = conditionIn(conditions, type);
      if (found === undefined) continue;
      const stale = staleVerdict(object, type, found);
      if (stale !== undefined) return stale;
      if (found.status !== 'True') return inProgress(found.reason || 'NotReady', describeCondition(type, found));
    }
  }
  return current();
}
