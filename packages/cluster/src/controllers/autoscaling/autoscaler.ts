import { type JsonObject, type KubeObject, withGroup } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { conditionOf, countAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type Matcher, parseLabelSelector } from '../../protocol/selectors.ts';
import { type SimulatedController, concerns, keyOfObject, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import type { AutoscalerCondition } from './autoscaler-conditions.ts';
import { GOT_SCALE, rescaled, rescaleFailed, scaleUnreadable, withConditions } from './autoscaler-conditions.ts';
import type { AutoscalerDecision, AutoscalerFacts, AutoscalerWarning } from './autoscaler-decision.ts';
import { decideScale } from './autoscaler-decision.ts';
import { ScaleTargets } from './autoscaler-targets.ts';
import { type ScaleHistory, initialHistory, withChange } from './autoscaler-limits.ts';
import { POD_METRICS } from './metrics-server.ts';
import { PODS, specNumber } from '../pods/pod-state.ts';
import { type ControllerClient, isApiError } from '../controller-client.ts';

const NAME = 'horizontal-pod-autoscaler';
const AUTOSCALERS = { group: 'autoscaling', plural: 'horizontalpodautoscalers' } as const;

/** The time between two reads of the metrics, as in Kubernetes. */
const INTERVAL_MS = 15_000;

/** The state that the controller keeps for an autoscaler. */
interface AutoscalerMemory {
  readonly history: ScaleHistory;
  /** The time of the last read of the metrics, in milliseconds since the epoch. */
  readonly readAt: number;
  /** The warnings of this read. */
  readonly warnings: readonly AutoscalerWarning[];
}

/**
 * Scales the targets of HorizontalPodAutoscalers. If no pod of the target has metrics, only `minReplicas` and
 * `maxReplicas` change the number of replicas.
 */
export function autoscalerController(): SimulatedController {
  const memories = new Map<string, AutoscalerMemory>();
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
      memories.clear();
      targets.clear();
    },

    reconcile(key, client) {
      const autoscaler = client.at(AUTOSCALERS, key);
      if (autoscaler === undefined || autoscaler.metadata.deletionTimestamp !== undefined) {
        memories.delete(key);
        return;
      }
      const target = targetOf(client, autoscaler);
      if (typeof target === 'string') return reportMissing(client, autoscaler, target);
      const memory = memories.get(key);
      const waitMs = untilNextReadMs(autoscaler, target.current, memory, client.now());
      if (waitMs > 0) return waitMs;
      const history = memory?.history ?? initialHistory(target.current, client.now());
      const decision = decideScale(factsOf(client, autoscaler, target, history));
      const { change, warnings } = carryOut(client, autoscaler, target, decision);
      warnAnew(client, autoscaler, warnings, memory?.warnings);
      // The state is updated only after the reconcile, because a reconcile that waits for webhooks runs again from the
      // earlier state.
      client.afterwards(`${autoscaler.metadata.uid} history`, () => {
        // Without metrics, the read is not recorded, so that the first metrics are read immediately.
        const readAt = client.isEmpty(POD_METRICS) ? 0 : client.now();
        memories.set(key, { history: withChange(decision.history, client.now(), change), readAt, warnings });
      });
      // Without metrics, the number of replicas depends only on objects, whose events start the next reconcile.
      return client.isEmpty(POD_METRICS) ? undefined : INTERVAL_MS;
    },
  };
}

/**
 * Returns the milliseconds until the next read of the metrics. Returns 0 for a number of replicas outside the bounds,
 * to correct it immediately.
 */
function untilNextReadMs(
  autoscaler: KubeObject,
  current: number,
  memory: AutoscalerMemory | undefined,
  now: number,
): number {
  const { minimum, maximum } = boundsOf(autoscaler);
  return memory === undefined || current < minimum || current > maximum ? 0 : memory.readAt + INTERVAL_MS - now;
}

const boundsOf = (autoscaler: KubeObject): { readonly minimum: number; readonly maximum: number } => ({
  minimum: specNumber(autoscaler, 'minReplicas', 1),
  maximum: specNumber(autoscaler, 'maxReplicas', 1),
});

function factsOf(
  client: ControllerClient,
  autoscaler: KubeObject,
  { selects, current }: Target,
  history: ScaleHistory,
): AutoscalerFacts {
  const namespace = autoscaler.metadata.namespace ?? '';
  const pods = selects && client.list(PODS, namespace).filter(selects);
  return {
    namespace,
    behavior: objectAt(autoscaler.spec, 'behavior'),
    metrics: metricsOf(autoscaler),
    ...boundsOf(autoscaler),
    current,
    pods: pods?.map((pod) => {
      const metrics = client.get(POD_METRICS, namespace, pod.metadata.name ?? '');
      return { pod, metrics: metrics === undefined ? undefined : metrics };
    }),
    history,
    now: client.now(),
  };
}

/** Scales the target, and writes the status. Returns the change of the number of replicas, and all warnings. */
function carryOut(
  client: ControllerClient,
  autoscaler: KubeObject,
  { object, current }: Target,
  { rescale, isFailed, conditions, warnings, currentMetrics }: AutoscalerDecision,
): { readonly change: number; readonly warnings: readonly AutoscalerWarning[] } {
  const known = numberAt(autoscaler.status, 'desiredReplicas') ?? 0;
  const status = (desiredReplicas: number): JsonObject => ({
    currentReplicas: current,
    desiredReplicas,
    ...(currentMetrics === undefined ? {} : { currentMetrics: [...currentMetrics] }),
  });
  const withScale = [GOT_SCALE, ...conditions];
  if (rescale === undefined) {
    report(client, autoscaler, status(isFailed ? known : current), withScale);
    return { change: 0, warnings };
  }
  const { replicas, reason } = rescale;
  try {
    client.scale(object, replicas);
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    report(client, autoscaler, status(known), [...withScale, rescaleFailed(thrown.message)]);
    const message = `New size: ${replicas}; reason: ${reason}; error: ${thrown.message}`;
    return { change: 0, warnings: [...warnings, { reason: 'FailedRescale', message }] };
  }
  recordEvent(client, autoscaler, NAME, 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
  const lastScaleTime = client.timestamp();
  report(client, autoscaler, { ...status(replicas), lastScaleTime }, [...withScale, rescaled(replicas)]);
  return { change: replicas - current, warnings };
}

/** Returns the metrics of an autoscaler. The CPU percentage of `autoscaling/v1` is converted into a metric. */
function metricsOf({ spec }: KubeObject): readonly JsonObject[] {
  const averageUtilization = numberAt(spec, 'targetCPUUtilizationPercentage');
  if (averageUtilization === undefined) return objectsAt(spec, 'metrics');
  return [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }];
}

/** The target of an autoscaler, as described by its Scale. */
interface Target {
  readonly object: KubeObject;
  /** The `spec.replicas` of the Scale. */
  readonly current: number;
  /** Matches the pods of the target. `undefined` when its Scale has no selector. */
  readonly selects: Matcher | undefined;
}

/** Returns the target of an autoscaler, or the reason why its Scale cannot be read. */
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

function reportMissing(client: ControllerClient, autoscaler: KubeObject, problem: string): void {
  const condition = scaleUnreadable(problem);
  const before = conditionOf(autoscaler, condition.type);
  if (before?.['message'] !== condition.message) {
    recordEvent(client, autoscaler, NAME, condition.reason, problem, 'Warning');
  }
  const status = {
    currentReplicas: numberAt(autoscaler.status, 'currentReplicas') ?? 0,
    desiredReplicas: numberAt(autoscaler.status, 'desiredReplicas') ?? 0,
  };
  report(client, autoscaler, status, [condition]);
}

/**
 * Records the warnings that the previous read did not have. Kubernetes records each warning every 15 seconds, which
 * only increases the count of the Event.
 */
function warnAnew(
  client: ControllerClient,
  autoscaler: KubeObject,
  warnings: readonly AutoscalerWarning[],
  known: readonly AutoscalerWarning[] = [],
): void {
  for (const { reason, message } of warnings) {
    if (known.some((each) => each.reason === reason && each.message === message)) continue;
    recordEvent(client, autoscaler, NAME, reason, message, 'Warning');
  }
}

function report(
  client: ControllerClient,
  autoscaler: KubeObject,
  status: JsonObject,
  conditions: readonly AutoscalerCondition[],
): void {
  const { lastScaleTime } = autoscaler.status ?? {};
  const before = objectsAt(autoscaler.status, 'conditions');
  client.updateStatus(autoscaler, {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    ...status,
    conditions: withConditions(before, conditions, client.timestamp()),
  });
}
