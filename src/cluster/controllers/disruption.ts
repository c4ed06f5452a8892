import type { KubeObject } from '../../core/index.ts';
import { objectsAt, optionalAt } from '../../kubernetes/index.ts';
import { selects } from '../kinds/selects.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { isFinished, isReady, PODS, specNumber, isTurn } from './pods.ts';
import { share } from './rollout-plan.ts';
import type { ControllerClient } from './controller-client.ts';
import { controllerOf } from './relation-index.ts';

const BUDGETS = { group: 'policy', plural: 'poddisruptionbudgets' } as const;

/** Computes how many pods of each PodDisruptionBudget may be evicted now. Evictions read this count. */
export const disruptionController: SimulatedController = {
  name: 'disruption-controller',
  target: targetIn(BUDGETS),

  *keysOf(event, client) {
    if (concerns(event, 'policy', 'poddisruptionbudgets') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods') || client.isEmpty(BUDGETS) || !isTurn(event)) return;
    const pods = [event.stored.object, event.previous?.object].filter((pod) => pod !== undefined);
    for (const budget of client.list(BUDGETS, event.stored.object.metadata.namespace ?? '')) {
      if (pods.some((pod) => covers(budget, pod))) yield keyOfObject(budget);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const budget = client.get(BUDGETS, namespace, name);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
    const pods = client.list(PODS, namespace).filter((pod) => covers(budget, pod) && !isFinished(pod));
    const healthy = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
    const { expected, desired } = healthOf(client, budget, pods);
    const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
    const observedGeneration = budget.metadata.generation ?? 1;
    const known = objectsAt(budget.status, 'conditions').find(({ type }) => type === 'DisruptionAllowed');
    const status = allowed > 0 ? 'True' : 'False';
    const condition = {
      type: 'DisruptionAllowed',
      status,
      observedGeneration,
      lastTransitionTime: known?.['status'] === status ? (known['lastTransitionTime'] ?? null) : client.timestamp(),
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
    };
    client.updateStatus(budget, {
      observedGeneration,
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions: [condition],
    });
  },
};

function covers(budget: KubeObject, pod: KubeObject): boolean {
  const selector = optionalAt(budget.spec, 'selector');
  return selector !== undefined && selects(selector, pod.metadata.labels ?? {});
}

/** The expected number of pods, and the number of pods that must stay healthy. */
function healthOf(
  client: ControllerClient,
  budget: KubeObject,
  pods: readonly KubeObject[],
): { expected: number; desired: number } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined && maxUnavailable !== null) {
    const expected = scaleOf(client, pods);
    return { expected, desired: Math.max(0, expected - share(maxUnavailable, expected, Math.ceil)) };
  }
  if (typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable };
  const expected = scaleOf(client, pods);
  return { expected, desired: share(minAvailable ?? 0, expected, Math.ceil) };
}

/** The sum of the `replicas` of the pods' controllers. A pod without a controller counts as one. */
function scaleOf(client: ControllerClient, pods: readonly KubeObject[]): number {
  const owners = new Map<string, number>();
  let alone = 0;
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) alone += 1;
    else if (!owners.has(reference.uid)) {
      const resource = client.resourceOfKind(reference.apiVersion, reference.kind);
      const owner = resource && client.get(resource, pod.metadata.namespace ?? '', reference.name);
      owners.set(reference.uid, owner === undefined ? 0 : specNumber(owner, 'replicas', 0));
    }
  }
  return alone + [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
}
