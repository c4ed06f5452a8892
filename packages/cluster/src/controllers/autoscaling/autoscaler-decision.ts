/**
 * Decides what a HorizontalPodAutoscaler does after one read of its metrics, in the same order as Kubernetes'
 * controller. The functions are pure.
 */
import type { JsonObject } from '@typekro/kit/core';
import { type AutoscalerCondition, DISABLED, measuredBy, NO_SELECTOR, unmeasured } from './autoscaler-conditions.ts';
import { type ScaleHistory, limitScale } from './autoscaler-limits.ts';
import { type MeasuredPod, type MetricResult, replicasFor, tolerancesOf } from './autoscaler-metrics.ts';

/** The inputs of a decision. */
export interface AutoscalerFacts {
  readonly namespace: string;
  /** The `behavior` of the autoscaler, or `{}` if it has none. */
  readonly behavior: JsonObject;
  readonly metrics: readonly JsonObject[];
  readonly minimum: number;
  readonly maximum: number;
  /** The `spec.replicas` of the target's Scale. */
  readonly current: number;
  /** The pods that the selector of the Scale matches, or `undefined` when the Scale has no selector. */
  readonly pods: readonly MeasuredPod[] | undefined;
  readonly history: ScaleHistory;
  /** The time in milliseconds since the epoch. */
  readonly now: number;
}

/** An Event of the type `Warning`. */
export interface AutoscalerWarning {
  readonly reason: string;
  readonly message: string;
}

/** The result of a decision. */
export interface AutoscalerDecision {
  /** The number of replicas to write, or `undefined` when the number does not change. */
  readonly rescale: { readonly replicas: number; readonly reason: string } | undefined;
  /** True when no number can be computed from the metrics. `status.desiredReplicas` then keeps its value. */
  readonly isFailed: boolean;
  readonly conditions: readonly AutoscalerCondition[];
  readonly warnings: readonly AutoscalerWarning[];
  /** `status.currentMetrics`, or `undefined` when the metrics were not read. */
  readonly currentMetrics: readonly JsonObject[] | undefined;
  readonly history: ScaleHistory;
}

/** Decides what an autoscaler does at `facts.now`. */
export function decideScale(facts: AutoscalerFacts): AutoscalerDecision {
  const { current, minimum, maximum, history } = facts;
  const decision = { isFailed: false, warnings: [], currentMetrics: undefined, history };
  if (current === 0 && minimum !== 0) return { ...decision, rescale: undefined, conditions: [DISABLED] };
  if (current > maximum) {
    const reason = 'Current number of replicas above Spec.MaxReplicas';
    return { ...decision, rescale: { replicas: maximum, reason }, conditions: [] };
  }
  if (current < minimum) {
    const reason = 'Current number of replicas below Spec.MinReplicas';
    return { ...decision, rescale: { replicas: minimum, reason }, conditions: [] };
  }
  return decideByMetrics(facts);
}

type ValidMetric = Extract<MetricResult, { replicas: number }>;

function decideByMetrics(facts: AutoscalerFacts): AutoscalerDecision {
  const { current, pods, behavior, metrics, namespace, history } = facts;
  if (pods === undefined) {
    const problem = 'selector is required';
    const warnings = [{ reason: 'SelectorRequired', message: problem }, computeFailed(problem)];
    return failed(facts, NO_SELECTOR, warnings, undefined);
  }
  const target = { namespace, current, pods, tolerances: tolerancesOf(behavior) };
  const results = metrics.map((metric) => replicasFor(metric, target));
  const valid = results.filter((result): result is ValidMetric => 'replicas' in result);
  const problems = results.filter((result) => 'reason' in result);
  const warnings = problems.map(({ reason, message }) => ({ reason, message }));
  const currentMetrics = results.map((result) => ('status' in result ? result.status : { type: '' }));
  const [highest] = valid.toSorted((a, b) => b.replicas - a.replicas);
  const [first] = problems;
  // An invalid metric prevents a decrease, because a valid value of this metric could request more replicas.
  if (first !== undefined && (highest === undefined || highest.replicas < current)) {
    const count = `invalid metrics (${problems.length} invalid out of ${metrics.length})`;
    const all = [...warnings, computeFailed(`${count}, first error is: ${first.error}`)];
    return failed(facts, unmeasured(first.reason, first.message), all, currentMetrics);
  }
  if (highest === undefined) return failed(facts, undefined, [], currentMetrics);
  const limited = limitScale(behavior, { ...facts, wanted: highest.replicas }, history);
  const { replicas, conditions } = limited;
  const reason = highest.replicas > current ? `${highest.name} above target` : 'All metrics below target';
  return {
    rescale: replicas === current ? undefined : { replicas, reason },
    isFailed: false,
    conditions: [measuredBy(highest.name), ...conditions],
    warnings,
    currentMetrics,
    history: limited.history,
  };
}

const computeFailed = (message: string): AutoscalerWarning => ({ reason: 'FailedComputeMetricsReplicas', message });

const failed = (
  { history }: AutoscalerFacts,
  condition: AutoscalerCondition | undefined,
  warnings: readonly AutoscalerWarning[],
  currentMetrics: readonly JsonObject[] | undefined,
): AutoscalerDecision => ({
  rescale: undefined,
  isFailed: true,
  conditions: condition === undefined ? [] : [condition],
  warnings,
  currentMetrics,
  history,
});
