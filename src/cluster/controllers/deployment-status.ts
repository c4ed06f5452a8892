import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { asObjects, conditionOf } from '../../kubernetes/index.ts';
import { specNumber, withoutZeros } from './pods.ts';
import { collisionsOf } from './template-hash.ts';
import type { ControllerClient } from './controller-client.ts';

function count(sets: readonly KubeObject[], field: string): number {
  return sets.reduce((sum, set) => sum + (typeof set.status?.[field] === 'number' ? set.status[field] : 0), 0);
}

/**
 * Writes counts and conditions of a Deployment from those of its ReplicaSets. Returns the milliseconds until the
 * progress deadline of a running rollout; `undefined` without such a rollout, and after the deadline.
 */
export function reportDeployment(
  client: ControllerClient,
  deployment: KubeObject,
  sets: readonly KubeObject[],
  current: KubeObject | undefined,
): number | undefined {
  const desired = specNumber(deployment, 'replicas', 1);
  const replicas = count(sets, 'replicas');
  const available = count(sets, 'availableReplicas');
  const updated = current === undefined ? 0 : count([current], 'replicas');
  const unavailable = Math.max(0, sets.reduce((sum, set) => sum + specNumber(set, 'replicas', 0), 0) - available);
  const complete = current !== undefined && updated === desired && replicas === desired && available === desired;
  const maxUnavailable = maxUnavailableOf(deployment, desired);
  const moved =
    updated > count([deployment], 'updatedReplicas') ||
    available > count([deployment], 'availableReplicas') ||
    replicas - updated < count([deployment], 'replicas') - count([deployment], 'updatedReplicas');
  const rollout = progressing(deployment, current, { complete, moved, now: client.now() });
  client.updateStatus(deployment, {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...withoutZeros({
      replicas,
      updatedReplicas: updated,
      readyReplicas: count(sets, 'readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: unavailable,
      collisionCount: collisionsOf(deployment),
    }),
    terminatingReplicas: count(sets, 'terminatingReplicas'),
    conditions: mergeConditions(client, deployment, [
      rollout.condition,
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
      ...failuresOf(sets),
    ]),
  });
  return rollout.remaining;
}

/** The condition for ReplicaSets whose pods the API refuses. */
function failuresOf(sets: readonly KubeObject[]): NewCondition[] {
  const found = sets.map((set) => conditionOf(set, 'ReplicaFailure')).find((condition) => condition !== undefined);
  if (found === undefined) return [];
  return [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: String(found['message']) }];
}

interface NewCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** Sets the time of the last update to the present time, even when status and reason stay equal. */
  readonly fresh?: true;
}

interface Progress {
  readonly complete: boolean;
  /** Have the counts improved since the last status was written? */
  readonly moved: boolean;
  readonly now: number;
}

interface Rollout {
  readonly condition: NewCondition;
  /** The milliseconds until the deadline of a running rollout. */
  readonly remaining?: number;
}

function progressing(deployment: KubeObject, current: KubeObject | undefined, progress: Progress): Rollout {
  const set = `ReplicaSet "${current?.metadata.name ?? ''}"`;
  const known = conditionOf(deployment, 'Progressing');
  const progressCondition = (status: NewCondition['status'], reason: string, message: string): NewCondition => ({
    type: 'Progressing',
    status,
    reason,
    message,
  });
  if (deployment.spec?.['paused'] === true) {
    return { condition: progressCondition('Unknown', 'DeploymentPaused', 'Deployment is paused') };
  }
  if (progress.complete) {
    return { condition: progressCondition('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`) };
  }
  const deadline = specNumber(deployment, 'progressDeadlineSeconds', 600) * 1000;
  // A complete Deployment that loses pods is not rolling out. Only a new template begins another rollout.
  const isComplete = known?.['reason'] === 'NewReplicaSetAvailable' && String(known['message']).startsWith(`${set} `);
  if (isComplete)
    return { condition: progressCondition('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`) };
  const expired = known?.['reason'] === 'ProgressDeadlineExceeded';
  const same = known !== undefined && String(known['message']).includes(`"${current?.metadata.name ?? ''}"`);
  if (current === undefined || !same) {
    const message = `Created new replica set "${current?.metadata.name ?? ''}"`;
    return { condition: progressCondition('True', 'NewReplicaSetCreated', message), remaining: deadline };
  }
  const since = progress.moved ? progress.now : Date.parse(String(known['lastUpdateTime']));
  const remaining = since + deadline - progress.now;
  if (remaining <= 0 || (expired && !progress.moved)) {
    return { condition: progressCondition('False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`) };
  }
  const created = known['reason'] === 'NewReplicaSetCreated' && !progress.moved;
  const condition: NewCondition = created
    ? progressCondition('True', 'NewReplicaSetCreated', String(known['message']))
    : {
        ...progressCondition('True', 'ReplicaSetUpdated', `${set} is progressing.`),
        ...(progress.moved ? { fresh: true } : {}),
      };
  return { condition, remaining };
}

/**
 * Merges conditions as the Deployment controller does. A condition with equal status and reason stays as it is, unless
 * `fresh` is set. A condition that changes moves to the end of the list. A Deployment without conditions gets
 * Progressing before Available.
 */
function mergeConditions(
  client: ControllerClient,
  deployment: KubeObject,
  wanted: readonly NewCondition[],
): JsonObject[] {
  const now = client.timestamp();
  const before = deployment.status?.['conditions'];
  const known = asObjects(before);
  let conditions = known.filter(({ type }) => wanted.some((condition) => condition.type === type));
  const first = conditions.length === 0;
  for (const condition of first ? wanted : wanted.toReversed()) {
    const old = conditions.find((entry) => entry['type'] === condition.type);
    const sameStatus = old?.['status'] === condition.status;
    const { fresh, ...written } = condition;
    if (sameStatus && old?.['reason'] === condition.reason && fresh !== true) continue;
    const lastTransitionTime = sameStatus ? (old?.['lastTransitionTime'] ?? now) : now;
    conditions = [
      ...conditions.filter((entry) => entry !== old),
      { ...written, lastUpdateTime: now, lastTransitionTime },
    ];
  }
  return conditions;
}

function maxUnavailableOf(deployment: KubeObject, desired: number): number {
  const strategy = isJsonObject(deployment.spec?.['strategy']) ? deployment.spec['strategy'] : {};
  if (strategy['type'] === 'Recreate') return 0;
  const rolling = isJsonObject(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {};
  const value = rolling['maxUnavailable'] ?? '25%';
  if (typeof value === 'number') return Math.min(desired, value);
  return Math.floor((Number.parseInt(String(value), 10) * desired) / 100) || 0;
}
