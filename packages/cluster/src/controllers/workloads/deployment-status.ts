import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { asObjects, conditionOf, countAt, textAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import { recordEvent } from '../events.ts';
import { specNumber, withoutZeros } from '../pods/pod-state.ts';
import { rollingLimits } from './rollout-plan.ts';
import { collisionsOf } from './template-hash.ts';
import type { ControllerClient } from '../controller-client.ts';

function count(sets: readonly KubeObject[], field: string): number {
  return sets.reduce((sum, set) => sum + (typeof set.status?.[field] === 'number' ? set.status[field] : 0), 0);
}

/**
 * Writes the counts and conditions of a Deployment, computed from those of its ReplicaSets. Returns the milliseconds
 * until the progress deadline of a running rollout, or `undefined` when no rollout is running or the deadline has
 * passed.
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
  const { maxUnavailable } = rollingLimits(deployment);
  const moved =
    updated > count([deployment], 'updatedReplicas') ||
    available > count([deployment], 'availableReplicas') ||
    replicas - updated < count([deployment], 'replicas') - count([deployment], 'updatedReplicas');
  const rollout = hasDeadline(deployment)
    ? progressing(deployment, current, { complete, moved, now: client.now() })
    : undefined;
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
      ...(rollout === undefined ? [] : [rollout.condition]),
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
      ...failuresOf(current === undefined ? sets : [current, ...sets]),
    ]),
  });
  return rollout?.remaining;
}

/** Does the status say that all pods have the present template and are available? */
export function isComplete(deployment: KubeObject): boolean {
  const desired = specNumber(deployment, 'replicas', 1);
  const fields = ['replicas', 'updatedReplicas', 'availableReplicas'];
  return (
    fields.every((field) => count([deployment], field) === desired) &&
    count([deployment], 'observedGeneration') >= (deployment.metadata.generation ?? 0)
  );
}

const CREATE_ERROR = 'ReplicaSetCreateError';

/** Reports that the API refuses the new ReplicaSet. `problem` contains the name of the set and the refusal. */
export function reportRefusedSet(client: ControllerClient, deployment: KubeObject, problem: string): void {
  const message = `Failed to create new replica set ${problem}`;
  if (hasDeadline(deployment)) {
    const refused: NewCondition = { type: 'Progressing', status: 'False', reason: CREATE_ERROR, message };
    const conditions = withCondition(asObjects(deployment.status?.['conditions']), refused, client.timestamp());
    client.updateStatus(deployment, { ...deployment.status, conditions });
  }
  recordEvent(client, deployment, 'deployment-controller', CREATE_ERROR, message, 'Warning');
}

/** Returns the condition for ReplicaSets whose pods the API refuses, from the first ReplicaSet that has it. */
function failuresOf(sets: readonly KubeObject[]): NewCondition[] {
  const found = sets.map((set) => conditionOf(set, 'ReplicaFailure')).find((condition) => condition !== undefined);
  if (found === undefined) return [];
  const [reason, message] = [textAt(found, 'reason'), textAt(found, 'message')];
  return [{ type: 'ReplicaFailure', status: 'True', reason, message }];
}

/** The value of `progressDeadlineSeconds` that means no deadline. Such a Deployment has no condition `Progressing`. */
const NO_DEADLINE_SECONDS = 2 ** 31 - 1;
const DEFAULT_DEADLINE_SECONDS = 600;

const deadlineSeconds = (deployment: KubeObject): number =>
  specNumber(deployment, 'progressDeadlineSeconds', DEFAULT_DEADLINE_SECONDS);

const hasDeadline = (deployment: KubeObject): boolean => deadlineSeconds(deployment) !== NO_DEADLINE_SECONDS;

interface NewCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** Sets `lastUpdateTime` to the present time, even when status and reason do not change. */
  readonly fresh?: true;
}

interface Progress {
  readonly complete: boolean;
  /** True when the counts have improved since the last status was written. */
  readonly moved: boolean;
  readonly now: number;
}

interface Rollout {
  readonly condition: NewCondition;
  /** The milliseconds until the deadline of a running rollout. */
  readonly remaining?: number;
}

function progressing(deployment: KubeObject, current: KubeObject | undefined, progress: Progress): Rollout {
  const set =
    current === undefined ? `Deployment "${deployment.metadata.name ?? ''}"` : `ReplicaSet "${current.metadata.name}"`;
  const known = conditionOf(deployment, 'Progressing');
  const progressCondition = (status: NewCondition['status'], reason: string, message: string): NewCondition => ({
    type: 'Progressing',
    status,
    reason,
    message,
  });
  const reason = textAt(known, 'reason');
  const timedOut = progressCondition('False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`);
  if (deployment.spec?.['paused'] === true) {
    if (reason === 'ProgressDeadlineExceeded') return { condition: timedOut };
    return { condition: progressCondition('Unknown', 'DeploymentPaused', 'Deployment is paused') };
  }
  // A complete Deployment that loses pods stays complete. Only a new template begins another rollout.
  const isComplete = reason === 'NewReplicaSetAvailable' && textAt(known, 'message').startsWith(`${set} `);
  if (progress.complete || isComplete)
    return { condition: progressCondition('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`) };
  const deadline = deadlineSeconds(deployment) * 1000;
  if (current === undefined) {
    return { condition: progressCondition('True', 'ReplicaSetUpdated', `${set} is progressing.`), remaining: deadline };
  }
  const { name = '' } = current.metadata;
  // A set counts as new until the ReplicaSet controller has observed it.
  const isNew = countAt(current.status, 'observedGeneration') === 0;
  const isResumed = !isNew && (reason === 'DeploymentPaused' || reason === 'DeploymentResumed');
  if (
    known === undefined ||
    reason === CREATE_ERROR ||
    !(isResumed || textAt(known, 'message').includes(`"${name}"`))
  ) {
    const condition = isNew
      ? progressCondition('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
      : progressCondition('True', 'FoundNewReplicaSet', `Found new replica set "${name}"`);
    return { condition, remaining: deadline };
  }
  const isFresh = progress.moved || reason === 'DeploymentPaused';
  const since = isFresh ? progress.now : Date.parse(textAt(known, 'lastUpdateTime'));
  const remaining = since + deadline - progress.now;
  if (remaining <= 0 || (reason === 'ProgressDeadlineExceeded' && !progress.moved)) return { condition: timedOut };
  if (progress.moved) {
    const condition = progressCondition('True', 'ReplicaSetUpdated', `${set} is progressing.`);
    return { condition: { ...condition, fresh: true }, remaining };
  }
  if (isResumed) {
    return { condition: progressCondition('Unknown', 'DeploymentResumed', 'Deployment is resumed'), remaining };
  }
  const isBegun = reason === 'NewReplicaSetCreated' || reason === 'FoundNewReplicaSet';
  const condition = isBegun
    ? progressCondition('True', reason, textAt(known, 'message'))
    : progressCondition('True', 'ReplicaSetUpdated', `${set} is progressing.`);
  return { condition, remaining };
}

/**
 * Merges conditions like the Deployment controller. A condition with equal status and reason is kept, except if `fresh`
 * is set. A changed condition moves to the end of the list. A Deployment without conditions gets Progressing before
 * Available.
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
  for (const condition of first ? wanted : wanted.toReversed()) conditions = withCondition(conditions, condition, now);
  return conditions;
}

/** Returns the conditions with the new or changed condition at the end. */
function withCondition(conditions: JsonObject[], condition: NewCondition, now: string): JsonObject[] {
  const old = conditions.find((entry) => entry['type'] === condition.type);
  const sameStatus = old?.['status'] === condition.status;
  const { fresh, ...written } = condition;
  if (sameStatus && old?.['reason'] === condition.reason && fresh !== true) return conditions;
  const lastTransitionTime = transitionTimeOf(old, condition.status, now);
  return [...conditions.filter((entry) => entry !== old), { ...written, lastUpdateTime: now, lastTransitionTime }];
}
