/**
 * The number of replicas that the metrics of a HorizontalPodAutoscaler request, computed as Kubernetes does. The
 * functions are pure.
 */
import type { JsonObject, KubeObject } from '../../core/index.ts';
import {
  formatQuantity,
  numberAt,
  objectAt,
  objectsAt,
  quantityOf,
  quantityOfInteger,
  quantityToFloat,
  textAt,
} from '../../kubernetes/index.ts';
import { isFinished, isReady, isTerminating } from './pods.ts';

/** A pod of the target, and its metrics; `undefined` without any. */
export interface MeasuredPod {
  readonly pod: KubeObject;
  readonly metrics: JsonObject | undefined;
}

/** The replicas for one metric, or the reason why they cannot be computed. */
export type MetricResult =
  | { readonly replicas: number; readonly status: JsonObject; readonly name: string }
  | { readonly reason: string; readonly message: string };

/** A difference of at most a tenth from the target changes nothing. */
const TOLERANCE = 0.1;

/** The replicas that a metric of the types `Resource` and `ContainerResource` requests. */
export function replicasFor(metric: JsonObject, current: number, pods: readonly MeasuredPod[]): MetricResult {
  const type = textAt(metric, 'type') || 'Resource';
  const field = type === 'ContainerResource' ? 'containerResource' : 'resource';
  const source = objectAt(metric, field);
  const resource = textAt(source, 'name');
  const fails = (message: string): MetricResult => ({ reason: `FailedGet${type}Metric`, message });
  if (type !== 'Resource' && type !== 'ContainerResource') return fails(`unable to get metrics of type ${type}`);
  const container = type === 'ContainerResource' ? textAt(source, 'container') : undefined;
  const target = objectAt(source, 'target');
  const utilization = numberAt(target, 'averageUtilization');
  const average = quantityOf(target['averageValue']);
  const groups = groupPods(pods, resource, container);
  if (groups.measured.length === 0) {
    const what = `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`;
    return fails(utilization === undefined ? what : `failed to get ${resource} utilization: ${what}`);
  }
  const total = sum(groups.measured.map(({ use }) => use));
  const averageUse = averageText(resource, total / groups.measured.length);
  const status = (value: JsonObject): JsonObject => ({
    type,
    [field]: { name: resource, ...(container === undefined ? {} : { container }), current: value },
  });
  const name = container === undefined ? resource : `${container} ${resource}`;
  if (utilization === undefined) {
    if (average === undefined)
      return fails(
        'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      );
    const wanted = quantityToFloat(average);
    const replicas = scaled(current, groups, {
      busy: () => wanted,
      ratio: (entries) => sum(entries.map(({ use }) => use)) / entries.length / wanted,
    });
    return { replicas, status: status({ averageValue: averageUse }), name: `${name} resource` };
  }
  const missing = pods.map(({ pod }) => requestProblem(pod, resource, container)).find((text) => text !== undefined);
  if (missing !== undefined) return fails(`failed to get ${resource} utilization: ${missing}`);
  const request = (pod: KubeObject): number => requestOf(pod, resource, container);
  const fallback = Math.max(100, utilization) / 100;
  const percentOf = (entries: readonly PodUse[]): number =>
    Math.trunc((sum(entries.map(({ use }) => use)) * 100) / sum(entries.map(({ pod }) => request(pod))));
  const replicas = scaled(current, groups, {
    busy: (pod) => request(pod) * fallback,
    ratio: (entries) => percentOf(entries) / utilization,
  });
  return {
    replicas,
    status: status({ averageUtilization: percentOf(groups.measured), averageValue: averageUse }),
    name: `${name} resource utilization (percentage of request)`,
  };
}

interface PodUse {
  readonly pod: KubeObject;
  readonly use: number;
}

interface Groups {
  /** The pods that have metrics and are not Pending. For CPU, a pod must also be ready. */
  readonly measured: readonly PodUse[];
  readonly unready: readonly KubeObject[];
  readonly missing: readonly KubeObject[];
}

function groupPods(pods: readonly MeasuredPod[], resource: string, container: string | undefined): Groups {
  const measured: PodUse[] = [];
  const [unready, missing]: [KubeObject[], KubeObject[]] = [[], []];
  for (const { pod, metrics } of pods) {
    if (isTerminating(pod) || isFinished(pod)) continue;
    const containers = objectsAt(metrics, 'containers').filter(
      ({ name }) => container === undefined || name === container,
    );
    if (textAt(pod.status, 'phase') === 'Pending') unready.push(pod);
    else if (containers.length === 0) missing.push(pod);
    else if (resource === 'cpu' && !isReady(pod)) unready.push(pod);
    else measured.push({ pod, use: sum(containers.map((entry) => amount(objectAt(entry, 'usage')[resource]))) });
  }
  return { measured, unready, missing };
}

/**
 * The replicas for the ratio between usage and target. A pod without metrics makes the change smaller: it counts as
 * idle when the number grows, and as busy when the number falls. A pod that is not ready counts as idle when the number
 * grows.
 */
function scaled(
  current: number,
  { measured, unready, missing }: Groups,
  target: { readonly busy: (pod: KubeObject) => number; readonly ratio: (entries: readonly PodUse[]) => number },
): number {
  const ratio = target.ratio(measured);
  const addsUnready = unready.length > 0 && ratio > 1;
  if (!addsUnready && missing.length === 0) {
    return Math.abs(1 - ratio) <= TOLERANCE ? current : Math.ceil(ratio * measured.length);
  }
  const all = [
    ...measured,
    ...missing.map((pod) => ({ pod, use: ratio < 1 ? target.busy(pod) : 0 })),
    ...(addsUnready ? unready.map((pod) => ({ pod, use: 0 })) : []),
  ];
  const corrected = target.ratio(all);
  const isTurned = (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1);
  if (Math.abs(1 - corrected) <= TOLERANCE || isTurned) return current;
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

/** An average as a quantity: thousandths of a CPU, and whole units of everything else. */
function averageText(resource: string, value: number): string {
  if (resource === 'cpu') return `${Math.round(value * 1000)}m`;
  return formatQuantity(quantityOfInteger(BigInt(Math.round(value))));
}
