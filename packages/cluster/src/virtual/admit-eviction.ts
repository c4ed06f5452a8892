import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf, countAt, labelSelectorMatcher, objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { ApiError, forbidden, internalError } from '../errors/api-error.ts';
import { disruptionConditions } from '../kinds/disruption-condition.ts';
import type { UncheckedObjectStore } from '../types/lookup.ts';

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";

/** The maximum number of evicted pods in a budget's `disruptedPods`. A budget with more entries allows no eviction. */
const MAX_DISRUPTED_PODS = 2000;

const UNPROTECTED_PHASES: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Pending']);

/**
 * Refuses an eviction that the pod's budget does not allow. An allowed eviction immediately decreases
 * `disruptionsAllowed` and adds the pod to `disruptedPods`, before the disruption controller computes the status again.
 * The allowed eviction of an unhealthy pod does not change the budget. `now` is the time in RFC 3339 format.
 *
 * @throws ApiError 429 when the budget allows no eviction, and when its status is older than its spec; 500 for a pod
 *   that several budgets select, as kube-apiserver does; 403 when too many evictions of the budget are unconfirmed, and
 *   for a negative `disruptionsAllowed`.
 */
export function admitEviction(store: UncheckedObjectStore, pod: KubeObject, now: string, dryRun: boolean): void {
  if (isBeyondBudgets(pod)) return;
  const { namespace = '', name = '', labels = {} } = pod.metadata;
  const budgets = store.collection('policy', 'poddisruptionbudgets');
  const [budget, ...more] = [...budgets.inNamespace(namespace)].filter(({ object }) => {
    const selector = optionalAt(object.spec, 'selector');
    return selector !== undefined && labelSelectorMatcher(selector)(labels);
  });
  if (budget === undefined) return;
  if (more.length > 0) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const { key, object } = budget;
  if (!isReady(pod) && passesUnhealthy(object)) return;
  checkBudget(object);
  if (dryRun) return;
  const disruptedPods = { ...objectAt(object.status, 'disruptedPods'), [name]: now };
  const disruptionsAllowed = countAt(object.status, 'disruptionsAllowed') - 1;
  // Only the last allowed eviction changes the condition.
  const conditions = disruptionsAllowed === 0 ? { conditions: disruptionConditions(object, 0, now) } : {};
  budgets.put(key, { ...object, status: { ...object.status, disruptionsAllowed, disruptedPods, ...conditions } });
}

/** Is the pod being deleted, finished or not running yet? No budget protects such a pod. */
const isBeyondBudgets = ({ metadata, status }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined || UNPROTECTED_PHASES.has(textAt(status, 'phase'));

const isReady = (pod: KubeObject): boolean => conditionOf(pod, 'Ready')?.['status'] === 'True';

/**
 * Does the budget allow the eviction of an unhealthy pod without counting it? By default, only while enough pods are
 * healthy; with `AlwaysAllow`, always.
 */
function passesUnhealthy({ spec, status }: KubeObject): boolean {
  if (textAt(spec, 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const desired = countAt(status, 'desiredHealthy');
  return desired > 0 && countAt(status, 'currentHealthy') >= desired;
}

/** Checks that a budget allows the eviction of one more pod. */
function checkBudget(budget: KubeObject): void {
  const { metadata, status } = budget;
  const name = metadata.name ?? '';
  const refused = (message: string, details: JsonObject = {}, headers: Record<string, string> = {}) =>
    new ApiError({
      code: 429,
      reason: 'TooManyRequests',
      message: VIOLATION,
      details: { ...details, causes: [{ reason: 'DisruptionBudget', message }] },
      headers,
    });
  if (countAt(status, 'observedGeneration') < (metadata.generation ?? 0)) {
    const message = `The disruption budget ${name} is still being processed by the server.`;
    throw refused(message, { retryAfterSeconds: 10 }, { 'retry-after': '10' });
  }
  const allowed = countAt(status, 'disruptionsAllowed');
  const resource = { group: 'policy', plural: 'poddisruptionbudget' };
  if (allowed < 0) throw forbidden(resource, name, 'pdb disruptions allowed is negative');
  const listed = Object.keys(objectAt(status, 'disruptedPods')).length;
  if (listed > MAX_DISRUPTED_PODS) {
    const problem = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbidden(resource, name, problem);
  }
  if (allowed > 0) return;
  throw refused(whyNone(budget, name));
}

function whyNone(budget: KubeObject, name: string): string {
  const [desired, current] = [countAt(budget.status, 'desiredHealthy'), countAt(budget.status, 'currentHealthy')];
  const condition = conditionOf(budget, 'DisruptionAllowed');
  const [reason, message] = [textAt(condition, 'reason'), textAt(condition, 'message')];
  const isExplained = textAt(condition, 'status') === 'False' && message !== '';
  const start = `The disruption budget ${name}`;
  if (isExplained && reason === 'SyncFailed')
    return `${start} does not allow evicting pods currently because it failed sync: ${message}`;
  if (current <= desired) return `${start} needs ${desired} healthy pods and has ${current} currently`;
  return `${start} does not allow evicting pods currently${isExplained ? ` (${reason}): ${message}` : ''}`;
}
