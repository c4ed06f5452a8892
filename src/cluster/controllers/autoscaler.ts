import type { JsonObject, KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { specNumber } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';

const NAME = 'horizontal-pod-autoscaler';
const AUTOSCALERS = { group: 'autoscaling', plural: 'horizontalpodautoscalers' } as const;

/** A condition of a status. It is a type alias, because an interface is not assignable to `JsonObject`. */
type Condition = {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

/**
 * Scales the targets of HorizontalPodAutoscalers. Like a cluster without a metrics server, the cluster has no metrics.
 * Only `minReplicas` and `maxReplicas` therefore change the number of replicas.
 */
export const autoscalerController: SimulatedController = {
  name: NAME,
  target: targetIn(AUTOSCALERS),

  *keysOf(event, client) {
    const { object, key } = event.stored;
    if (concerns(event, AUTOSCALERS.group, AUTOSCALERS.plural)) {
      if (event.type !== 'DELETED') yield key;
      return;
    }
    // An object without replicas cannot be the target of an autoscaler.
    if (client.isEmpty(AUTOSCALERS) || typeof object.spec?.['replicas'] !== 'number') return;
    for (const autoscaler of client.list(AUTOSCALERS, object.metadata.namespace ?? '')) {
      const reference = objectAt(autoscaler.spec, 'scaleTargetRef');
      if (reference['kind'] === object.kind && reference['name'] === object.metadata.name)
        yield keyOfObject(autoscaler);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const autoscaler = client.get(AUTOSCALERS, namespace, name);
    if (autoscaler === undefined || autoscaler.metadata.deletionTimestamp !== undefined) return;
    const target = targetOf(client, autoscaler);
    if (target === undefined) return reportMissing(client, autoscaler);
    const current = specNumber(target, 'replicas', 1);
    const { desired, limited } = decide(autoscaler, current);
    if (desired !== current) {
      client.update({ ...target, spec: { ...target.spec, replicas: desired } });
      const text = `New size: ${desired}; reason: ${desired > current ? 'Current number of replicas below Spec.MinReplicas' : 'Current number of replicas above Spec.MaxReplicas'}`;
      recordEvent(client, autoscaler, NAME, 'SuccessfulRescale', text);
    }
    const status = {
      currentReplicas: desired,
      desiredReplicas: desired,
      ...(desired === current ? {} : { lastScaleTime: client.timestamp() }),
    };
    report(client, autoscaler, status, [ABLE, desired === 0 ? DISABLED : unmeasured(autoscaler), limited]);
  },
};

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

function targetOf(client: ControllerClient, autoscaler: KubeObject): KubeObject | undefined {
  const reference = objectAt(autoscaler.spec, 'scaleTargetRef');
  const resource = client.resourceOfKind(textAt(reference, 'apiVersion'), textAt(reference, 'kind'));
  if (resource === undefined) return undefined;
  return client.get(resource, autoscaler.metadata.namespace ?? '', textAt(reference, 'name'));
}

/** The replicas within the bounds; a target with 0 replicas keeps 0. */
function decide(autoscaler: KubeObject, current: number): { desired: number; limited: Condition } {
  const minimum = specNumber(autoscaler, 'minReplicas', 1);
  const maximum = specNumber(autoscaler, 'maxReplicas', 1);
  const limit = (status: 'True' | 'False', reason: string, message: string): Condition => ({
    type: 'ScalingLimited',
    status,
    reason,
    message,
  });
  if (current !== 0 && current < minimum) {
    const message = 'the desired replica count is less than the minimum replica count';
    return { desired: minimum, limited: limit('True', 'TooFewReplicas', message) };
  }
  if (current > maximum) {
    const message = 'the desired replica count is more than the maximum replica count';
    return { desired: maximum, limited: limit('True', 'TooManyReplicas', message) };
  }
  const message = 'the desired count is within the acceptable range';
  return { desired: current, limited: limit('False', 'DesiredWithinRange', message) };
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

function reportMissing(client: ControllerClient, autoscaler: KubeObject): void {
  const reference = objectAt(autoscaler.spec, 'scaleTargetRef');
  const [kind, name] = [textAt(reference, 'kind'), textAt(reference, 'name')];
  const resource = client.resourceOfKind(textAt(reference, 'apiVersion'), kind);
  const place =
    resource === undefined ? kind : `${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}`;
  const problem = resource === undefined ? `no matches for kind "${kind}"` : `${place} ${goQuote(name)} not found`;
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
