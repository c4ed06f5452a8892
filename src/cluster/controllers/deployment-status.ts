import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { conditionOf, specNumber, withoutZeros } from './pods.ts';
import type { World } from './world.ts';

function count(sets: readonly KubeObject[], field: string): number {
  return sets.reduce((sum, set) => sum + (typeof set.status?.[field] === 'number' ? set.status[field] : 0), 0);
}

/** Writes counts and conditions of a Deployment from those of its ReplicaSets. */
export function reportDeployment(
  world: World,
  deployment: KubeObject,
  sets: readonly KubeObject[],
  current: KubeObject | undefined,
): void {
  const desired = specNumber(deployment, 'replicas', 1);
  const replicas = count(sets, 'replicas');
  const available = count(sets, 'availableReplicas');
  const updated = current === undefined ? 0 : count([current], 'replicas');
  const unavailable = Math.max(0, sets.reduce((sum, set) => sum + specNumber(set, 'replicas', 0), 0) - available);
  const complete = current !== undefined && updated === desired && replicas === desired && available === desired;
  const maxUnavailable = minimumMissing(deployment, desired);
  world.updateStatus(deployment, {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...withoutZeros({
      replicas,
      updatedReplicas: updated,
      readyReplicas: count(sets, 'readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: unavailable,
    }),
    terminatingReplicas: count(sets, 'terminatingReplicas'),
    conditions: mergeConditions(world, deployment, [
      progressing(deployment, current, complete),
      available >= desired - maxUnavailable
        ? {
            type: 'Available',
            status: 'True',
            reason: 'MinimumReplicasAvailable',
            message: 'Deployment has minimum availability.',
          }
        : {
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
            message: 'Deployment does not have minimum availability.',
          },
    ]),
  });
}

interface NewCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

function progressing(deployment: KubeObject, current: KubeObject | undefined, complete: boolean): NewCondition {
  const set = `ReplicaSet "${current?.metadata.name ?? ''}"`;
  if (deployment.spec?.['paused'] === true) {
    return { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  }
  if (complete) {
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `${set} has successfully progressed.`,
    };
  }
  if (current === undefined || conditionOf(deployment, 'Progressing') === undefined) {
    const message = `Created new replica set "${current?.metadata.name ?? ''}"`;
    return { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message };
  }
  return { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `${set} is progressing.` };
}

/**
 * Conditions as the Deployment controller keeps them: one whose status and reason stay is left as it is,
 * one that changes goes to the end of the list. The first Progressing comes before the first Available.
 */
function mergeConditions(world: World, deployment: KubeObject, wanted: readonly NewCondition[]): JsonObject[] {
  const now = world.timestamp();
  const before = deployment.status?.['conditions'];
  let conditions = Array.isArray(before) ? before.filter(isJsonObject) : [];
  const first = conditions.length === 0;
  for (const condition of first ? wanted : wanted.toReversed()) {
    const known = conditions.find((entry) => entry['type'] === condition.type);
    const sameStatus = known?.['status'] === condition.status;
    if (sameStatus && known?.['reason'] === condition.reason) continue;
    const lastTransitionTime = sameStatus ? (known?.['lastTransitionTime'] ?? now) : now;
    conditions = [
      ...conditions.filter((entry) => entry !== known),
      { ...condition, lastUpdateTime: now, lastTransitionTime },
    ];
  }
  return conditions;
}

function minimumMissing(deployment: KubeObject, desired: number): number {
  const strategy = isJsonObject(deployment.spec?.['strategy']) ? deployment.spec['strategy'] : {};
  if (strategy['type'] === 'Recreate') return 0;
  const rolling = isJsonObject(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {};
  const value = rolling['maxUnavailable'] ?? '25%';
  if (typeof value === 'number') return Math.min(desired, value);
  return Math.floor((Number.parseInt(String(value), 10) * desired) / 100) || 0;
}
