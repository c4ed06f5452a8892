/**
 * The limits of a HorizontalPodAutoscaler for changes of the number of replicas, as in Kubernetes. The functions are
 * pure.
 */
import type { JsonObject } from '../../core/index.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';

/** The recent recommendations and changes of an autoscaler. Times are milliseconds since the epoch. */
export interface ScaleHistory {
  readonly recommendations: readonly { readonly time: number; readonly replicas: number }[];
  readonly changes: readonly { readonly time: number; readonly change: number }[];
}

/** The present and the wanted number of replicas. */
export interface ScaleRecommendation {
  readonly current: number;
  readonly wanted: number;
  readonly now: number;
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
 * The number of replicas after the stabilization windows and the policies of a `behavior`, and the history with this
 * recommendation.
 */
export function limitScale(
  behavior: JsonObject,
  { current, wanted, now }: ScaleRecommendation,
  { recommendations, changes }: ScaleHistory,
): { readonly replicas: number; readonly history: ScaleHistory } {
  const recent = [...recommendations, { time: now, replicas: wanted }].filter(
    ({ time }) => time > now - MAX_WINDOW_SECONDS * 1000,
  );
  const history = {
    recommendations: recent,
    changes: changes.filter(({ time }) => time > now - MAX_WINDOW_SECONDS * 1000),
  };
  const [up, down] = [objectAt(behavior, 'scaleUp'), objectAt(behavior, 'scaleDown')];
  const within = (seconds: number) =>
    recent.filter(({ time }) => time > now - seconds * 1000).map(({ replicas }) => replicas);
  const lowest = Math.min(wanted, ...within(numberAt(up, 'stabilizationWindowSeconds') ?? 0));
  const highest = Math.max(
    wanted,
    ...within(numberAt(down, 'stabilizationWindowSeconds') ?? DEFAULT_DOWN_WINDOW_SECONDS),
  );
  const stable = lowest > current ? lowest : highest < current ? highest : current;
  // Without a `behavior`, the number may double or grow to 4, and it may fall to any value.
  if (Object.keys(behavior).length === 0) return { replicas: Math.min(stable, Math.max(2 * current, 4)), history };
  if (stable > current) {
    return { replicas: Math.min(stable, limitOf(up, DEFAULT_UP_POLICIES, current, history, now, 1)), history };
  }
  if (stable < current) {
    return { replicas: Math.max(stable, limitOf(down, DEFAULT_DOWN_POLICIES, current, history, now, -1)), history };
  }
  return { replicas: current, history };
}

/** Adds a change of the number of replicas to the history. A change of 0 adds nothing. */
export function withChange(history: ScaleHistory, time: number, change: number): ScaleHistory {
  return change === 0 ? history : { ...history, changes: [...history.changes, { time, change }] };
}

/** The bound that the policies of one direction set. `direction` is 1 for up and -1 for down. */
function limitOf(
  rules: JsonObject,
  defaults: readonly JsonObject[],
  current: number,
  { changes }: ScaleHistory,
  now: number,
  direction: 1 | -1,
): number {
  const select = textAt(rules, 'selectPolicy') || 'Max';
  if (select === 'Disabled') return current;
  const own = objectsAt(rules, 'policies');
  const bounds = (own.length === 0 ? defaults : own).map((policy) => {
    const [value = 0, periodSeconds = 0] = [numberAt(policy, 'value'), numberAt(policy, 'periodSeconds')];
    const made = changes
      .filter(({ time, change }) => time > now - periodSeconds * 1000 && Math.sign(change) === direction)
      .reduce((total, { change }) => total + change, 0);
    const start = current - made;
    if (policy['type'] === 'Pods') return start + direction * value;
    const scaled = start * (1 + (direction * value) / 100);
    return direction === 1 ? Math.ceil(scaled) : Math.floor(scaled);
  });
  const isWidest = (select === 'Max') === (direction === 1);
  const bound = isWidest ? Math.max(...bounds) : Math.min(...bounds);
  // A change within the period may already be greater than the policies allow.
  return direction === 1 ? Math.max(current, bound) : Math.min(current, bound);
}
