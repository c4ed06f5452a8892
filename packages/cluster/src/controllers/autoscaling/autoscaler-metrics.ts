/**
 * Computes the number of replicas from the metrics of a HorizontalPodAutoscaler, as Kubernetes does. The functions are
 * pure.
 */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  formatQuantity,
  numberAt,
  objectAt,
  objectsAt,
  quantityOf,
  quantityOfInteger,
  quantityToFloat,
  textAt,
} from '@typekro/kit/kubernetes';
import { type MetricProblem, customMetricProblem } from './autoscaler-custom-metrics.ts';
import { isReady, isTerminating } from '../pods/pod-state.ts';

/** A pod of the target, and its metrics, or `undefined` when it has none. */
export interface MeasuredPod {
  readonly pod: KubeObject;
  readonly metrics: JsonObject | undefined;
}

/** The replicas for one metric, or the reason why they cannot be computed. */
export type MetricResult =
  | { readonly replicas: number; readonly status: JsonObject; readonly name: string }
  | MetricProblem;

/**
 * The relative differences between usage and target up to which the number of replicas does not change: the tolerances
 * of `behavior.scaleDown` (less usage) and `behavior.scaleUp` (more usage). By default, 0.1.
 */
export interface Tolerances {
  readonly down: number;
  readonly up: number;
}

/** Returns the tolerances of a `behavior`. */
export function tolerancesOf(behavior: JsonObject): Tolerances {
  const tolerance = (field: string): number => {
    const quantity = quantityOf(objectAt(behavior, field)['tolerance']);
    return quantity === undefined ? DEFAULT_TOLERANCE : quantityToFloat(quantity);
  };
  return { down: tolerance('scaleDown'), up: tolerance('scaleUp') };
}

const DEFAULT_TOLERANCE = 0.1;

/** The data about an autoscaler's target that is needed to evaluate its metrics. */
export interface MeasuredTarget {
  readonly namespace: string;
  /** The `spec.replicas` of the Scale. */
  readonly current: number;
  readonly pods: readonly MeasuredPod[];
  readonly tolerances: Tolerances;
}

/**
 * Computes the replicas from a metric of the type `Resource` or `ContainerResource`. A metric of any other type is a
 * problem.
 */
export function replicasFor(metric: JsonObject, scaled: MeasuredTarget): MetricResult {
  const type = textAt(metric, 'type') || 'Resource';
  if (type !== 'Resource' && type !== 'ContainerResource') return customMetricProblem(metric, scaled.namespace);
  const field = type === 'ContainerResource' ? 'containerResource' : 'resource';
  const source = objectAt(metric, field);
  const resource = textAt(source, 'name');
  const container = type === 'ContainerResource' ? textAt(source, 'container') : undefined;
  const measured = measureResource(objectAt(source, 'target'), { resource, container }, scaled);
  if (typeof measured === 'string') {
    const what = container === undefined ? `${resource} resource` : `${container} container`;
    return {
      reason: `FailedGet${type}Metric`,
      message: measured,
      error: `failed to get ${what} metric value: ${measured}`,
    };
  }
  const named = { name: resource, ...(container === undefined ? {} : { container }) };
  return { ...measured, status: { type, [field]: { ...named, current: measured.status } } };
}

/** A resource of the pods, or of one container in each pod. */
interface MeasuredResource {
  readonly resource: string;
  readonly container: string | undefined;
}

/** Computes the replicas for a resource, and its current values. Returns the reason if they cannot be computed. */
function measureResource(
  target: JsonObject,
  { resource, container }: MeasuredResource,
  { current, pods, tolerances }: MeasuredTarget,
): { readonly replicas: number; readonly status: JsonObject; readonly name: string } | string {
  const utilization = numberAt(target, 'averageUtilization');
  const average = quantityOf(target['averageValue']);
  if (utilization === undefined && average === undefined) {
    return 'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set';
  }
  const fails = (cause: string) =>
    `failed to get ${resource} ${average === undefined ? 'utilization' : 'usage'}: ${cause}`;
  if (pods.every(({ metrics }) => metrics === undefined)) {
    return fails(`unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`);
  }
  const groups = groupPods(pods, resource, container);
  if (groups.measured.length === 0) return fails('did not receive metrics for targeted pods (pods might be unready)');
  const total = sum(groups.measured.map(({ use }) => use));
  const averageValue = averageText(resource, total / groups.measured.length);
  if (average !== undefined) {
    const wanted = quantityToFloat(average);
    const replicas = scaleByRatio(current, groups, tolerances, {
      busy: () => wanted,
      ratio: (entries) => sum(entries.map(({ use }) => use)) / entries.length / wanted,
    });
    return { replicas, status: { averageValue }, name: `${resource} resource` };
  }
  const problem = pods.map(({ pod }) => requestProblem(pod, resource, container)).find((text) => text !== undefined);
  if (problem !== undefined) return fails(problem);
  const percentage = utilization ?? 0;
  const request = (pod: KubeObject): number => requestOf(pod, resource, container);
  const percentOf = (entries: readonly PodUse[]): number =>
    Math.trunc((sum(entries.map(({ use }) => use)) * 100) / sum(entries.map(({ pod }) => request(pod))));
  const replicas = scaleByRatio(current, groups, tolerances, {
    busy: (pod) => (request(pod) * Math.max(100, percentage)) / 100,
    ratio: (entries) => percentOf(entries) / percentage,
  });
  return {
    replicas,
    status: { averageUtilization: percentOf(groups.measured), averageValue },
    name: `${resource}${container === undefined ? '' : ' container'} resource utilization (percentage of request)`,
  };
}

interface PodUse {
  readonly pod: KubeObject;
  readonly use: number;
}

interface Groups {
  /**
   * The pods that have metrics and are neither Pending, nor Failed, nor being deleted. For CPU, a pod must also be
   * ready.
   */
  readonly measured: readonly PodUse[];
  readonly unready: readonly KubeObject[];
  readonly missing: readonly KubeObject[];
}

function groupPods(pods: readonly MeasuredPod[], resource: string, container: string | undefined): Groups {
  const measured: PodUse[] = [];
  const [unready, missing]: [KubeObject[], KubeObject[]] = [[], []];
  for (const { pod, metrics } of pods) {
    const phase = textAt(pod.status, 'phase');
    if (isTerminating(pod) || phase === 'Failed') continue;
    const use = useOf(metrics, resource, container);
    if (phase === 'Pending') unready.push(pod);
    else if (use === undefined) missing.push(pod);
    else if (resource === 'cpu' && !isReady(pod)) unready.push(pod);
    else measured.push({ pod, use });
  }
  return { measured, unready, missing };
}

/**
 * Returns the usage of a pod or of one of its containers, or `undefined` when the pod has no metrics, or a container
 * has none for the resource.
 */
function useOf(metrics: JsonObject | undefined, resource: string, container: string | undefined): number | undefined {
  const uses = objectsAt(metrics, 'containers')
    .filter(({ name }) => container === undefined || name === container)
    .map((entry) => objectAt(entry, 'usage')[resource]);
  return uses.length === 0 || uses.includes(undefined) ? undefined : sum(uses.map(amount));
}

/**
 * Computes the replicas from the ratio between usage and target. A pod without metrics reduces the change: it counts as
 * idle when the number grows, and as busy when the number decreases. A pod that is not ready counts as idle when the
 * number grows.
 */
function scaleByRatio(
  current: number,
  { measured, unready, missing }: Groups,
  tolerances: Tolerances,
  target: { readonly busy: (pod: KubeObject) => number; readonly ratio: (entries: readonly PodUse[]) => number },
): number {
  const isNear = (ratio: number) => 1 - tolerances.down <= ratio && ratio <= 1 + tolerances.up;
  const ratio = target.ratio(measured);
  const addsUnready = unready.length > 0 && ratio > 1;
  if (!addsUnready && missing.length === 0) return isNear(ratio) ? current : Math.ceil(ratio * measured.length);
  const all = [
    ...measured,
    ...(ratio === 1 ? [] : missing.map((pod) => ({ pod, use: ratio < 1 ? target.busy(pod) : 0 }))),
    ...(addsUnready ? unready.map((pod) => ({ pod, use: 0 })) : []),
  ];
  const corrected = target.ratio(all);
  const isTurned = (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1);
  if (isNear(corrected) || isTurned) return current;
  const replicas = Math.ceil(corrected * all.length);
  const wrongWay = (corrected < 1 && replicas > current) || (corrected > 1 && replicas < current);
  return wrongWay ? current : replicas;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const amount = (value: JsonObject[string] | undefined): number => {
  const quantity = quantityOf(value);
  return quantity === undefined ? 0 : quantityToFloat(quantity);
};

const containersOf = (pod: KubeObject, container: string | undefined): JsonObject[] =>
  objectsAt(pod.spec, 'containers').filter(({ name }) => container === undefined || name === container);

const requestOf = (pod: KubeObject, resource: string, container: string | undefined): number =>
  sum(containersOf(pod, container).map((entry) => amount(objectAt(entry, 'resources', 'requests')[resource])));

function requestProblem(pod: KubeObject, resource: string, container: string | undefined): string | undefined {
  const withoutRequest = containersOf(pod, container).find(
    (entry) => objectAt(entry, 'resources', 'requests')[resource] === undefined,
  );
  if (withoutRequest === undefined) return undefined;
  return `missing request for ${resource} in container ${textAt(withoutRequest, 'name')} of Pod ${pod.metadata.name ?? ''}`;
}

/** Formats an average as a quantity: in millicores for CPU, and in whole units for any other resource. */
function averageText(resource: string, value: number): string {
  if (resource === 'cpu') return `${Math.round(value * 1000)}m`;
  return formatQuantity(quantityOfInteger(BigInt(Math.round(value))));
}
