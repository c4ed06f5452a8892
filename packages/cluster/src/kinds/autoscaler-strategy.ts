import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  pathSegment,
  textAt,
  quantityOf,
} from '@typekro/kit/kubernetes';
import { type Problems, fieldNotSupported } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';
import { ensureAt, fill } from '../types/parts.ts';

const DOWN_POLICIES = () => [{ type: 'Percent', value: 100, periodSeconds: 15 }];
const UP_POLICIES = () => [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];

/** The strategy of HorizontalPodAutoscaler in both versions. */
export const autoscalerStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    spec['minReplicas'] ??= 1;
    if (object.apiVersion === 'autoscaling/v1') {
      spec['targetCPUUtilizationPercentage'] ??= 80;
      return;
    }
    if (listAt(spec, 'metrics').length === 0) {
      spec['metrics'] = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ];
    }
    const behavior = optionalAt(spec, 'behavior');
    if (behavior === undefined) return;
    const down = ensureAt(behavior, 'scaleDown');
    fill(down, { selectPolicy: 'Max' });
    down['policies'] ??= DOWN_POLICIES();
    const up = ensureAt(behavior, 'scaleUp');
    fill(up, { selectPolicy: 'Max' });
    up['stabilizationWindowSeconds'] ??= 0;
    up['policies'] ??= UP_POLICIES();
  },
  validate(object, problems, context) {
    if (context.subresource === '') validateAutoscaler(object, problems);
  },
};

function validateAutoscaler(object: KubeObject, problems: Problems) {
  const spec = object.spec ?? {};
  const [min, max] = [numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas') ?? 0];
  const metrics = objectsAt(spec, 'metrics');
  if (min < 0) problems.invalid('spec.minReplicas', min, 'must be greater than or equal to 1');
  if (min < 1) {
    problems.invalid('spec.minReplicas', min, 'must be greater than or equal to 1');
    if (!metrics.some(({ type }) => type === 'Object' || type === 'External'))
      problems.forbidden(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      );
  }
  if (max < 1) problems.required('spec.maxReplicas', 'must be set and greater than 0');
  if (max < min) problems.invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`');
  validateReference(objectAt(spec, 'scaleTargetRef'), 'spec.scaleTargetRef', problems);
  const apiVersion = textAt(objectAt(spec, 'scaleTargetRef'), 'apiVersion');
  if (!apiVersion.includes('/') && apiVersion !== 'v1')
    problems.invalid('spec.scaleTargetRef.apiVersion', apiVersion, 'apiVersion must specify API group');
  for (const [index, metric] of metrics.entries()) validateMetric(metric, `spec.metrics[${index}]`, problems);
  // In `autoscaling/v1`, the target is a CPU percentage. Errors about it name the metric to which the API server
  // converts the percentage.
  const percentage = numberAt(spec, 'targetCPUUtilizationPercentage');
  if (percentage !== undefined && percentage < 1)
    problems.invalid('spec.metrics[0].resource.target.averageUtilization', percentage, 'must be greater than 0');
  const behavior = objectAt(spec, 'behavior');
  for (const key of ['scaleUp', 'scaleDown']) {
    const rules = optionalAt(behavior, key);
    if (rules !== undefined) validateScaling(rules, `spec.behavior.${key}`, problems);
  }
}

/** Checks the reference to the scaled or measured object. */
function validateReference(reference: JsonObject, at: string, problems: Problems) {
  for (const key of ['kind', 'name']) {
    const value = textAt(reference, key);
    problems.requireName(`${at}.${key}`, value, pathSegment);
  }
}

const POLICY_TYPES = ['Percent', 'Pods'];
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];

function validateScaling(rules: JsonObject, at: string, problems: Problems) {
  const window = numberAt(rules, 'stabilizationWindowSeconds');
  if (window !== undefined && window < 0)
    problems.invalid(`${at}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero');
  if (window !== undefined && window > 3600)
    problems.invalid(`${at}.stabilizationWindowSeconds`, window, 'must be less than or equal to 3600');
  const tolerance = rules['tolerance'];
  if ((quantityOf(tolerance)?.unscaled ?? 0n) < 0n)
    problems.invalid(`${at}.tolerance`, tolerance, 'must be greater than or equal to 0');
  const select = textAt(rules, 'selectPolicy');
  if (select !== '' && !SELECT_POLICIES.includes(select))
    problems.notSupported(`${at}.selectPolicy`, select, SELECT_POLICIES);
  const policies = objectsAt(rules, 'policies');
  if (policies.length === 0) problems.required(`${at}.policies`, 'must specify at least one Policy');
  for (const [index, policy] of policies.entries()) {
    const place = `${at}.policies[${index}]`;
    const type = textAt(policy, 'type');
    problems.requireOneOf(`${place}.type`, type, POLICY_TYPES);
    for (const key of ['value', 'periodSeconds']) {
      const value = numberAt(policy, key) ?? 0;
      if (value <= 0) problems.invalid(`${place}.${key}`, value, 'must be greater than zero');
    }
    const period = numberAt(policy, 'periodSeconds') ?? 0;
    if (period > 1800) problems.invalid(`${place}.periodSeconds`, period, 'must be less than or equal to 1800');
  }
}

const METRIC_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const sourceOf = (type: string) => type.charAt(0).toLowerCase() + type.slice(1);

function validateMetric(metric: JsonObject, at: string, problems: Problems) {
  const type = textAt(metric, 'type');
  if (type === '') problems.required(`${at}.type`, 'must specify a metric source type');
  if (!METRIC_TYPES.includes(type)) {
    // The API server reports an unknown type twice, with the same error.
    const unknown = fieldNotSupported(`${at}.type`, type, METRIC_TYPES);
    problems.push(unknown, unknown);
    return;
  }
  const expected = sourceOf(type);
  for (const other of METRIC_TYPES.map(sourceOf))
    if (other !== expected && metric[other] !== undefined)
      problems.forbidden(`${at}.${other}`, 'must populate the given metric source only');
  const source = optionalAt(metric, expected);
  if (source === undefined) {
    problems.required(`${at}.${expected}`, 'must populate information for the given metric source');
    return;
  }
  const place = `${at}.${expected}`;
  if (expected === 'resource' || expected === 'containerResource') {
    if (textAt(source, 'name') === '') problems.required(`${place}.name`, 'must specify a resource name');
    if (expected === 'containerResource' && textAt(source, 'container') === '')
      problems.required(`${place}.container`, 'must specify a container');
  } else {
    const name = textAt(objectAt(source, 'metric'), 'name');
    problems.requireName(`${place}.metric.name`, name, pathSegment, 'must specify a metric name');
    if (expected === 'object')
      validateReference(objectAt(source, 'describedObject'), `${place}.describedObject`, problems);
  }
  validateTarget(objectAt(source, 'target'), expected, `${place}.target`, problems);
}

function validateTarget(target: JsonObject, source: string, at: string, problems: Problems) {
  const type = textAt(target, 'type');
  if (type === '') problems.required(`${at}.type`, 'must specify a metric target type');
  if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    problems.invalid(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue');
  for (const key of ['value', 'averageValue']) {
    const value = target[key];
    if (value !== undefined && (quantityOf(value)?.unscaled ?? 0n) <= 0n)
      problems.invalid(`${at}.${key}`, value, 'must be positive');
  }
  const utilization = numberAt(target, 'averageUtilization');
  if (utilization !== undefined && utilization < 1)
    problems.invalid(`${at}.averageUtilization`, utilization, 'must be greater than 0');
  const [value, average] = [target['value'] !== undefined, target['averageValue'] !== undefined];
  if (source === 'resource' || source === 'containerResource') {
    if (utilization !== undefined && average)
      problems.forbidden(`${at}.averageValue`, 'may not set both a target raw value and a target utilization');
    if (utilization === undefined && !average)
      problems.required(`${at}.averageUtilization`, 'must set either a target raw value or a target utilization');
  } else if (source === 'pods') {
    if (!average) problems.required(`${at}.averageValue`, 'must specify a positive target averageValue');
  } else if (!value && !average)
    problems.required(`${at}.averageValue`, 'must set either a target value or averageValue');
}
