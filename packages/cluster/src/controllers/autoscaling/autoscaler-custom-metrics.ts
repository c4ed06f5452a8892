/**
 * The errors for metrics of the types `Pods`, `Object` and `External`. These metrics come from the custom and the
 * external metrics API, which this cluster does not have. The messages are those of Kubernetes. The functions are pure.
 */
import type { JsonObject } from '@typekro/kit/core';
import { objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { goLabelSelector } from '../../types/label-selector-text.ts';

/** The reason why no number of replicas can be computed from a metric. */
export interface MetricProblem {
  /** The reason of the condition and of the Event. */
  readonly reason: string;
  /** The message of the Event, which is also part of the condition's message. */
  readonly message: string;
  /** The error in the message of the Event `FailedComputeMetricsReplicas`. */
  readonly error: string;
}

const NO_CUSTOM_METRICS =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';

/** Returns the problem of a metric whose type is neither `Resource` nor `ContainerResource`. */
export function customMetricProblem(metric: JsonObject, namespace: string): MetricProblem {
  const type = textAt(metric, 'type');
  if (type === 'Pods') return podsProblem(objectAt(metric, 'pods'));
  if (type === 'Object') return objectProblem(objectAt(metric, 'object'), namespace);
  if (type === 'External') return externalProblem(objectAt(metric, 'external'), namespace);
  const message = `unknown metric source type "${type}"`;
  return { reason: 'InvalidMetricSourceType', message, error: message };
}

function podsProblem(source: JsonObject): MetricProblem {
  const message = `unable to get metric ${textAt(source, 'metric', 'name')}: ${NO_CUSTOM_METRICS}`;
  return { reason: 'FailedGetPodsMetric', message, error: `failed to get pods metric value: ${message}` };
}

function objectProblem(source: JsonObject, namespace: string): MetricProblem {
  const name = textAt(source, 'metric', 'name');
  const described = objectAt(source, 'describedObject');
  const [kind, object] = [textAt(described, 'kind'), textAt(described, 'name')];
  const message = `unable to get metric ${name}: ${kind} on ${namespace} ${object}/${NO_CUSTOM_METRICS}`;
  const isAverage = textAt(source, 'target', 'type') === 'AverageValue';
  const cause = isAverage ? `failed to get ${name} object metric: ${message}` : message;
  return { reason: 'FailedGetObjectMetric', message, error: `failed to get object metric value: ${cause}` };
}

function externalProblem(source: JsonObject, namespace: string): MetricProblem {
  const name = textAt(source, 'metric', 'name');
  const selector = optionalAt(source, 'metric', 'selector');
  const selects = selector === undefined ? 'nil' : goLabelSelector(selector);
  const cause = `the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`;
  const message = `unable to get external metric ${namespace}/${name}/${selects}: unable to fetch metrics from external metrics API: ${cause}`;
  const isAverage = objectAt(source, 'target')['averageValue'] !== undefined;
  const outer = isAverage ? `failed to get ${name} external metric` : `failed to get external metric ${name}`;
  return {
    reason: 'FailedGetExternalMetric',
    message,
    error: `failed to get ${name} external metric value: ${outer}: ${message}`,
  };
}
