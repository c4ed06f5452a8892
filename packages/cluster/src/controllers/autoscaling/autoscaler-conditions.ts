import type { JsonObject } from '@typekro/kit/core';
import { transitionTimeOf } from '@typekro/kit/kubernetes';

/** A condition of an autoscaler's status. It is a type alias, because an interface is not assignable to `JsonObject`. */
export type AutoscalerCondition = {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

/** Returns the conditions of a status after the changes. Conditions of other types are kept, as in Kubernetes. */
export function withConditions(
  before: readonly JsonObject[],
  changes: readonly AutoscalerCondition[],
  timestamp: string,
): JsonObject[] {
  const conditions = new Map(before.map((condition) => [condition['type'], condition]));
  for (const change of changes) {
    const known = conditions.get(change.type);
    conditions.set(change.type, { ...change, lastTransitionTime: transitionTimeOf(known, change.status, timestamp) });
  }
  return [...conditions.values()];
}

export const GOT_SCALE: AutoscalerCondition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededGetScale',
  message: "the HPA controller was able to get the target's current scale",
};

export const scaleUnreadable = (problem: string): AutoscalerCondition => ({
  type: 'AbleToScale',
  status: 'False',
  reason: 'FailedGetScale',
  message: `the HPA controller was unable to get the target's current scale: ${problem}`,
});

export const rescaled = (replicas: number): AutoscalerCondition => ({
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededRescale',
  message: `the HPA controller was able to update the target scale to ${replicas}`,
});

export const rescaleFailed = (problem: string): AutoscalerCondition => ({
  type: 'AbleToScale',
  status: 'False',
  reason: 'FailedUpdateScale',
  message: `the HPA controller was unable to update the target scale: ${problem}`,
});

export const DISABLED: AutoscalerCondition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

export const NO_SELECTOR: AutoscalerCondition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'InvalidSelector',
  message: "the HPA target's scale is missing a selector",
};

export const unmeasured = (reason: string, problem: string): AutoscalerCondition => ({
  type: 'ScalingActive',
  status: 'False',
  reason,
  message: `the HPA was unable to compute the replica count: ${problem}`,
});

export const measuredBy = (metric: string): AutoscalerCondition => ({
  type: 'ScalingActive',
  status: 'True',
  reason: 'ValidMetricFound',
  message: `the HPA was able to successfully calculate a replica count from ${metric}`,
});
