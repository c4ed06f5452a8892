/**
 * Limits the changes that a HorizontalPodAutoscaler makes to the number of replicas, as in Kubernetes. The functions
 * are pure.
 */
import type { JsonObject } from '@typekro/kit/core';
import { numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { AutoscalerCondition } from './autoscaler-conditions.ts';

/** The recent recommendations and changes of an autoscaler. Times are milliseconds since the epoch. */
export interface ScaleHistory {
  readonly recommendations: readonly { readonly time: number; readonly replicas: number }[];
  readonly changes: readonly { readonly time: number; readonly change: number }[];
}

/** The present number of replicas, the number that follows from the metrics, and the bounds of the autoscaler. */
export interface ScaleRecommendation {
  readonly current: number;
  readonly wanted: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly now: number;
}

/** The number of replicas within all limits. */
export interface LimitedScale {
  readonly replicas: number;
  /** The history, with this recommendation added. */
  readonly history: ScaleHistory;
  /** The conditions `AbleToScale` and `ScalingLimited`. */
  readonly conditions: readonly [AutoscalerCondition, AutoscalerCondition];
}

/** The longest period and window of a `behavior`, in seconds. */
const MAX_WINDOW_SECONDS = 3600;
const DEFAULT_DOWN_WINDOW_SECONDS = 300;
const DEFAULT_UP_POLICIES = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const DEFAULT_DOWN_POLICIES = [{ type: 'Percent', value: 100, periodSeconds: 15 }];

/**
 * Returns a history that begins with the present number of replicas, so that the stabilization window also delays the
 * first change.
 */
export const initialHistory = (replicas: number, time: number): ScaleHistory => ({
  recommendations: [{ time, replicas }],
  changes: [],
});

/**
 * Applies the stabilization windows and policies of a `behavior`, and the bounds of the autoscaler. An empty `behavior`
 * means that the autoscaler has none.
 */
export function limitScale(behavior: JsonObject, scale: ScaleRecommendation, history: ScaleHistory): LimitedScale {
  const { wanted, now } = scale;
  const isRecent = ({ time }: { readonly time: number }) => time > now - MAX_WINDOW_SECONDS * 1000;
  const stable = stabilize(behavior, scale, history);
  const { replicas, reason, message } = hasRules(behavior)
    ? limitByRules(behavior, scale, stable.replicas, history)
    : limitByDefault(scale, stable.replicas);
  return {
    replicas,
    history: {
      recommendations: [...history.recommendations.filter(isRecent), { time: now, replicas: wanted }],
      changes: history.changes.filter(isRecent),
    },
    conditions: [
      { type: 'AbleToScale', status: 'True', reason: stable.reason, message: stable.message },
      { type: 'ScalingLimited', status: replicas === stable.replicas ? 'False' : 'True', reason, message },
    ],
  };
}

/** Adds a change of the number of replicas to the history. A change of 0 adds nothing. */
export function withChange(history: ScaleHistory, time: number, change: number): ScaleHistory {
  return change === 0 ? history : { ...history, changes: [...history.changes, { time, change }] };
}

/** A number of replicas, with the reason and message of the condition that explains the limit. */
interface Limit {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

const hasRules = (behavior: JsonObject): boolean => Object.keys(behavior).length > 0;

/**
 * Returns the lowest recommendation of the stabilization window for an increase, and the highest for a decrease.
 * Without a `behavior`, only a decrease is delayed.
 */
function stabilize(
  behavior: JsonObject,
  { current, wanted, now }: ScaleRecommendation,
  { recommendations }: ScaleHistory,
): Limit {
  const isUp = hasRules(behavior) && wanted >= current;
  const windowSeconds = isUp
    ? (numberAt(objectAt(behavior, 'scaleUp'), 'stabilizationWindowSeconds') ?? 0)
    : (numberAt(objectAt(behavior, 'scaleDown'), 'stabilizationWindowSeconds') ?? DEFAULT_DOWN_WINDOW_SECONDS);
  const recent = recommendations
    .filter(({ time }) => time > now - windowSeconds * 1000)
    .map(({ replicas }) => replicas);
  const replicas = isUp ? Math.min(wanted, ...recent) : Math.max(wanted, ...recent);
  if (replicas === wanted) {
    return { replicas, reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  }
  const [compared, extreme] = isUp ? ['lower', 'lowest'] : ['higher', 'highest'];
  return {
    replicas,
    reason: isUp ? 'ScaleUpStabilized' : 'ScaleDownStabilized',
    message: `recent recommendations were ${compared} than current one, applying the ${extreme} recent recommendation`,
  };
}

const WITHIN_RANGE = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const UP_LIMIT = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const DOWN_LIMIT = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/**
 * Returns the limit without a `behavior`: the number can grow to twice the present number, or to 4 if that is more. It
 * can decrease to any value.
 */
function limitByDefault({ current, minimum, maximum }: ScaleRecommendation, replicas: number): Limit {
  const upLimit = Math.max(2 * current, 4);
  const highest = Math.min(maximum, upLimit);
  if (replicas < minimum) return { replicas: minimum, ...TOO_FEW };
  if (replicas > highest) return { replicas: highest, ...(maximum > upLimit ? UP_LIMIT : TOO_MANY) };
  return { replicas, ...WITHIN_RANGE };
}

/** Returns the limit that the policies of a `behavior` set. */
function limitByRules(
  behavior: JsonObject,
  { current, minimum, maximum, now }: ScaleRecommendation,
  replicas: number,
  { changes }: ScaleHistory,
): Limit {
  const limit = (direction: 1 | -1): number => {
    const [field, defaults] =
      direction === 1 ? (['scaleUp', DEFAULT_UP_POLICIES] as const) : (['scaleDown', DEFAULT_DOWN_POLICIES] as const);
    const recent = changes.map(({ time, change }) => ({ ageMs: now - time, change }));
    return policyLimit(objectAt(behavior, field), defaults, current, recent, direction);
  };
  if (replicas > current) {
    const upLimit = limit(1);
    const highest = Math.min(maximum, upLimit);
    if (replicas > highest) return { replicas: highest, ...(maximum > upLimit ? UP_LIMIT : TOO_MANY) };
  } else if (replicas < current) {
    const downLimit = limit(-1);
    const lowest = Math.max(minimum, downLimit);
    if (replicas < lowest) return { replicas: lowest, ...(minimum < downLimit ? DOWN_LIMIT : TOO_FEW) };
  }
  return { replicas, ...WITHIN_RANGE };
}

/** Returns the limit that the policies for one direction set. `direction` is 1 for up and -1 for down. */
function policyLimit(
  rules: JsonObject,
  defaults: readonly JsonObject[],
  current: number,
  changes: readonly { readonly ageMs: number; readonly change: number }[],
  direction: 1 | -1,
): number {
  const select = textAt(rules, 'selectPolicy') || 'Max';
  if (select === 'Disabled') return current;
  const own = objectsAt(rules, 'policies');
  const limits = (own.length === 0 ? defaults : own).map((policy) => {
    const [value = 0, periodSeconds = 0] = [numberAt(policy, 'value'), numberAt(policy, 'periodSeconds')];
    const inPeriod = changes.filter(({ ageMs }) => ageMs < periodSeconds * 1000);
    const start = current - inPeriod.reduce((total, { change }) => total + change, 0);
    if (policy['type'] === 'Pods') return start + direction * value;
    const scaled = start * (1 + (direction * value) / 100);
    return direction === 1 ? Math.ceil(scaled) : Math.trunc(scaled);
  });
  const isWidest = (select === 'Max') === (direction === 1);
  const limit = isWidest ? Math.max(...limits) : Math.min(...limits);
  // Earlier changes within the period can already exceed the policies, so the limit must not reverse the direction.
  return direction === 1 ? Math.max(current, limit) : Math.min(current, limit);
}
