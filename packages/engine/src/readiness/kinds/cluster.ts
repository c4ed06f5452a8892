import type { KubeObject } from '@typekro/kit/core';
import { countAt, numberAt, objectsAt, statusCondition, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, failed, inProgress, progress, describeCondition } from '../verdict.ts';

/** A namespace is ready in phase Active. */
export function namespace(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  return phase === 'Active' ? current('Active') : inProgress(phase || 'NotObserved', 'the namespace is not active');
}

/** A node is ready when its condition Ready is True. */
export function node(object: KubeObject): Readiness {
  return needs(object, 'Ready');
}

/**
 * A CustomResourceDefinition is ready when its condition Established is True. It has failed if another CRD uses its
 * names.
 */
export function customResourceDefinition(object: KubeObject): Readiness {
  const names = statusCondition(object, 'NamesAccepted');
  if (names?.status === 'False') return failed('NamesNotAccepted', describeCondition('NamesAccepted', names));
  return needs(object, 'Established');
}

/** An APIService is ready when its condition Available is True. */
export function apiService(object: KubeObject): Readiness {
  return needs(object, 'Available');
}

/** A PodDisruptionBudget is ready when it has enough healthy pods or expects no pods. */
export function podDisruptionBudget(object: KubeObject): Readiness {
  const wanted = countAt(object, 'status', 'desiredHealthy');
  const healthy = countAt(object, 'status', 'currentHealthy');
  if (countAt(object, 'status', 'expectedPods') === 0 || healthy >= wanted) return current();
  return inProgress('TooFewHealthyPods', progress(healthy, wanted, 'pods are healthy'));
}

/**
 * A HorizontalPodAutoscaler is ready when its controller has read the scale of the target, unless the condition
 * AbleToScale is False. Missing metrics do not matter: without them the number of replicas does not change.
 */
export function horizontalPodAutoscaler(object: KubeObject): Readiness {
  const able = statusCondition(object, 'AbleToScale');
  if (able?.status === 'False')
    return inProgress(able.reason || 'UnableToScale', describeCondition('AbleToScale', able));
  if (numberAt(object, 'status', 'currentReplicas') !== undefined || able !== undefined) return current();
  return inProgress('NotObserved', 'the autoscaler has not read its target yet');
}

/**
 * A CertificateSigningRequest is ready when its certificate is issued. It has failed if the condition Denied or Failed
 * is True.
 */
export function certificateSigningRequest(object: KubeObject): Readiness {
  for (const type of ['Denied', 'Failed']) {
    const found = statusCondition(object, type);
    if (found?.status === 'True') return failed(type, describeCondition(type, found));
  }
  if (textAt(object, 'status', 'certificate') !== '') return current('Issued');
  const approved = statusCondition(object, 'Approved')?.status === 'True';
  return inProgress(approved ? 'Approved' : 'Pending', approved ? 'no certificate is issued yet' : 'not approved yet');
}

/** A ResourceQuota is ready when its status has the limits: from then on, the quota controller counts the usage. */
export function resourceQuota(object: KubeObject): Readiness {
  return valueAt(object, 'status', 'hard') === undefined
    ? inProgress('NotObserved', 'the quota is not counted yet')
    : current();
}

/** Endpoints are ready when at least one endpoint has an address. */
export function endpoints(object: KubeObject): Readiness {
  const addresses = objectsAt(object, 'subsets').flatMap((subset) => objectsAt(subset, 'addresses'));
  return addresses.length > 0 ? current() : inProgress('NoAddresses', 'no endpoint has an address yet');
}

/** An object is ready when its condition with this type is True. */
export function needs(object: KubeObject, type: string): Readiness {
  const found = statusCondition(object, type);
  if (found === undefined) return inProgress('NotObserved', `condition ${type} is not set yet`);
  return found.status === 'True' ? current() : inProgress(found.reason || 'NotReady', describeCondition(type, found));
}
