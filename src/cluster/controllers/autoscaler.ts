import type { JsonObject, KubeObject } from '../../core/index.ts';
import { withGroup } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { countAt, numberAt, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import type { Matcher } from '../protocol/selectors.ts';
import { parseLabelSelector } from '../protocol/selectors.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import type { MetricResult } from './autoscaler-metrics.ts';
import { replicasFor } from './autoscaler-metrics.ts';
import { ScaleTargets } from './autoscaler-targets.ts';
import type { ScaleHistory } from './autoscaler-limits.ts';
import { limitScale, withChange } from './autoscaler-limits.ts';
import { POD_METRICS } from './metrics-server.ts';
import { jsonOf, PODS, specNumber } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';
import { isApiError } from './controller-client.ts';

const NAME = 'horizontal-pod-autoscaler';
const AUTOSCALERS = { group: 'autoscaling', plural: 'horizontalpodautoscalers' } as const;

/** A condition of a status. It is a type alias, because an interface is not assignable to `JsonObject`. */
type Condition = {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

/** The time between two reads of the metrics, as in Kubernetes. */
const INTERVAL_MS = 15_000;

/**
 * Scales the targets of HorizontalPodAutoscalers. Metrics count when pods of the target have some. Otherwise only
 * `minReplicas` and `maxReplicas` change the number of replicas.
 */
export function autoscalerController(): SimulatedController {
  const histories = new Map<string, ScaleHistory>();
  const targets = new ScaleTargets();
  return {
    name: NAME,
    target: targetIn(AUTOSCALERS),

    *keysOf(event, client) {
      const { object, key } = event.stored;
      if (concerns(event, AUTOSCALERS.group, AUTOSCALERS.plural)) {
        targets.take(key, event.type === 'DELETED' ? undefined : object);
        if (event.type !== 'DELETED') yield key;
        return;
      }
      if (concerns(event, POD_METRICS.group, POD_METRICS.plural)) {
        if (event.type !== 'ADDED') return;
        yield* client.list(AUTOSCALERS, object.metadata.namespace ?? '').map(keyOfObject);
        return;
      }
      yield* targets.autoscalersOf(object);
    },

    reset() {
      histories.clear();
      targets.clear();
    },

    reconcile(key, client) {
      const { namespace, name } = splitKey(key);
      const autoscaler = client.get(AUTOSCALERS, namespace, name);
      if (autoscaler === undefined || autoscaler.metadata.deletionTimestamp !== undefined) {
        histories.delete(key);
        return;
      }
      const target = targetOf(client, autoscaler);
      if (typeof target === 'string') return reportMissing(client, autoscaler, target);
      const { current } = target;
      const known = histories.get(key) ?? NO_HISTORY;
      const waitMs = untilNextReadMs(autoscaler, current, known, client.now());
      if (waitMs > 0) return waitMs;
      const measured = current === 0 ? [] : measure(client, autoscaler, target);
      const computed = measured.filter((result) => 'replicas' in result);
      const [highest] = computed.toSorted((a, b) => b.replicas - a.replicas);
      const limit = () => {
        const recommendation = { current, wanted: highest?.replicas ?? current, now: client.now() };
        return limitScale(objectAt(autoscaler.spec, 'behavior'), recommendation, known);
      };
      const { replicas, history } = highest === undefined ? { replicas: current, history: known } : limit();
      const { desired, limited } = decide(autoscaler, current, replicas);
      // A run whose writes wait for webhooks begins again, from the history before this reconcile.
      const nextHistory = withChange(history, client.now(), desired - current);
      client.afterwards(`${autoscaler.metadata.uid} history`, () => histories.set(key, nextHistory));
      if (desired !== current) {
        client.scale(target.object, desired);
        const reason = reasonOf(autoscaler, current, desired, highest);
        recordEvent(client, autoscaler, NAME, 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
      }
      const status = {
        currentReplicas: desired,
        desiredReplicas: desired,
        ...(computed.length === 0 ? {} : { currentMetrics: computed.map((result) => result.status) }),
        ...(desired === current ? {} : { lastScaleTime: client.timestamp() }),
      };
      const unknown = target.selects === undefined ? NO_SELECTOR : unmeasured(autoscaler);
      const active = highest === undefined ? unknown : measuredBy(highest.name);
      report(client, autoscaler, status, [ABLE, desired === 0 ? DISABLED : active, limited]);
      // Without metrics, the number depends only on objects, so no timer is needed.
      return client.isEmpty(POD_METRICS) ? undefined : INTERVAL_MS;
    },
  };
}

const NO_HISTORY: ScaleHistory = { recommendations: [], changes: [] };

/** The milliseconds until the metrics are read again. A number of replicas outside the bounds is corrected at once. */
function untilNextReadMs(autoscaler: KubeObject, current: number, known: ScaleHistory, now: number): number {
  const last = known.recommendations.at(-1);
  const isWithin =
    current >= specNumber(autoscaler, 'minReplicas', 1) && current <= specNumber(autoscaler, 'maxReplicas', 1);
  return last === undefined || !isWithin ? 0 : last.time + INTERVAL_MS - now;
}

/** The replicas that each metric requests. */
function measure(
  client: ControllerClient,
  autoscaler: KubeObject,
  { selects, current }: Target,
): readonly MetricResult[] {
  const namespace = autoscaler.metadata.namespace ?? '';
  if (client.isEmpty(POD_METRICS) || selects === undefined) return [];
  const pods = client
    .list(PODS, namespace)
    .filter(selects)
    .map((pod) => {
      const metrics = client.get(POD_METRICS, namespace, pod.metadata.name ?? '');
      return { pod, metrics: metrics === undefined ? undefined : jsonOf(metrics) };
    });
  return metricsOf(autoscaler).map((metric) => replicasFor(metric, current, pods));
}

/** The metrics of an autoscaler; `autoscaling/v1` has a percentage of the CPU instead. */
function metricsOf({ spec }: KubeObject): readonly JsonObject[] {
  const averageUtilization = numberAt(spec, 'targetCPUUtilizationPercentage');
  if (averageUtilization === undefined) return objectsAt(spec, 'metrics');
  return [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }];
}

function reasonOf(
  autoscaler: KubeObject,
  current: number,
  desired: number,
  metric: { readonly name: string } | undefined,
): string {
  if (current < specNumber(autoscaler, 'minReplicas', 1)) return 'Current number of replicas below Spec.MinReplicas';
  if (current > specNumber(autoscaler, 'maxReplicas', 1)) return 'Current number of replicas above Spec.MaxReplicas';
  return desired > current ? `${metric?.name ?? ''} above target` : 'All metrics below target';
}

const measuredBy = (metric: string): Condition => ({
  type: 'ScalingActive',
  status: 'True',
  reason: 'ValidMetricFound',
  message: `the HPA was able to successfully calculate a replica count from ${metric}`,
});

const ABLE: Condition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'ReadyForNewScale',
  message: 'recommended size matches current size',
};

const DISABLED: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

/** The target of an autoscaler, as its Scale describes it. */
interface Target {
  readonly object: KubeObject;
  /** The `spec.replicas` of the Scale. */
  readonly current: number;
  /** Which pods belong to the target? `undefined` when its Scale has no selector. */
  readonly selects: Matcher | undefined;
}

/** The target of an autoscaler, or the reason why its Scale cannot be read. */
function targetOf(client: ControllerClient, autoscaler: KubeObject): Target | string {
  const reference = objectAt(autoscaler.spec, 'scaleTargetRef');
  const [kind, name] = [textAt(reference, 'kind'), textAt(reference, 'name')];
  const resource = client.resourceOfKind(textAt(reference, 'apiVersion'), kind);
  if (resource === undefined) return `no matches for kind "${kind}"`;
  const object = client.get(resource, autoscaler.metadata.namespace ?? '', name);
  if (object === undefined) return `${withGroup(resource.plural, resource.group)} ${goQuote(name)} not found`;
  try {
    const scale = client.scaleOf(object);
    const selects = parseLabelSelector(textAt(scale, 'status', 'selector'));
    return { object, current: countAt(scale, 'spec', 'replicas'), selects };
  } catch (thrown) {
    if (isApiError(thrown)) return thrown.message;
    throw thrown;
  }
}

const NO_SELECTOR: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'InvalidSelector',
  message: "the HPA target's scale is missing a selector",
};

/** The wanted replicas within the bounds; a target with 0 replicas keeps 0. */
function decide(autoscaler: KubeObject, current: number, wanted: number): { desired: number; limited: Condition } {
  const minimum = specNumber(autoscaler, 'minReplicas', 1);
  const maximum = specNumber(autoscaler, 'maxReplicas', 1);
  const limit = (status: 'True' | 'False', reason: string, message: string): Condition => ({
    type: 'ScalingLimited',
    status,
    reason,
    message,
  });
  if (current !== 0 && wanted < minimum) {
    const message = 'the desired replica count is less than the minimum replica count';
    return { desired: minimum, limited: limit('True', 'TooFewReplicas', message) };
  }
  if (wanted > maximum) {
    const message = 'the desired replica count is more than the maximum replica count';
    return { desired: maximum, limited: limit('True', 'TooManyReplicas', message) };
  }
  const message = 'the desired count is within the acceptable range';
  return { desired: wanted, limited: limit('False', 'DesiredWithinRange', message) };
}

/** The condition for an autoscaler without metrics, in Kubernetes' words. */
function unmeasured(autoscaler: KubeObject): Condition {
  const [metric = {}] = objectsAt(autoscaler.spec, 'metrics');
  const name = textAt(objectAt(metric, 'resource'), 'name');
  const type = textAt(metric, 'type') || 'Resource';
  const cause =
    name === ''
      ? `unable to get metrics of type ${type}`
      : `failed to get ${name} utilization: unable to get metrics for resource ${name}: no metrics returned from resource metrics API`;
  return {
    type: 'ScalingActive',
    status: 'False',
    reason: `FailedGet${type}Metric`,
    message: `the HPA was unable to compute the replica count: ${cause}`,
  };
}

function reportMissing(client: ControllerClient, autoscaler: KubeObject, problem: string): void {
  const message = `the HPA controller was unable to get the target's current scale: ${problem}`;
  const condition: Condition = { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message };
  recordEventOnce(client, autoscaler, condition, problem);
  const status = {
    currentReplicas: numberAt(autoscaler.status, 'currentReplicas') ?? 0,
    desiredReplicas: numberAt(autoscaler.status, 'desiredReplicas') ?? 0,
  };
  report(client, autoscaler, status, [condition]);
}

function recordEventOnce(
  client: ControllerClient,
  autoscaler: KubeObject,
  condition: Condition,
  problem: string,
): void {
  const known = objectsAt(autoscaler.status, 'conditions').find(({ type }) => type === condition.type);
  if (known?.['message'] === condition.message) return;
  recordEvent(client, autoscaler, NAME, condition.reason, problem, 'Warning');
}

function report(
  client: ControllerClient,
  autoscaler: KubeObject,
  status: JsonObject,
  conditions: readonly Condition[],
): void {
  const before = objectsAt(autoscaler.status, 'conditions');
  const { lastScaleTime } = autoscaler.status ?? {};
  client.updateStatus(autoscaler, {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    ...status,
    conditions: conditions.map((condition) => {
      const known = before.find(({ type }) => type === condition.type);
      const same = known?.['status'] === condition.status;
      return { ...condition, lastTransitionTime: same ? (known['lastTransitionTime'] ?? null) : client.timestamp() };
    }),
  });
}
