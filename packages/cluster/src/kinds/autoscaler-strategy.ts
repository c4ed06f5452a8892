import { listAt, optionalAt, pathSegment, quantityOf } from '@typekro/kit/kubernetes';
import type { Field } from '../errors/field-problems.ts';
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
    if (context.subresource === '') validateAutoscaler(problems.field('spec', object.spec));
  },
};

function validateAutoscaler(spec: Field) {
  const [min, max] = [spec.number('minReplicas'), spec.count('maxReplicas')];
  const least = min.value ?? 1;
  const metrics = spec.objects('metrics');
  min.atLeast(0, 'must be greater than or equal to 1');
  min.atLeast(1, 'must be greater than or equal to 1');
  if (least < 1 && !metrics.some(({ value: { type } }) => type === 'Object' || type === 'External'))
    spec
      .list('metrics')
      .forbidden('must specify at least one Object or External metric to support scaling to zero replicas');
  if (max.value < 1) max.required('must be set and greater than 0');
  max.atLeast(least, 'must be greater than or equal to `minReplicas`');
  const target = spec.object('scaleTargetRef');
  validateReference(target);
  const apiVersion = target.text('apiVersion');
  if (!apiVersion.value.includes('/') && apiVersion.value !== 'v1')
    apiVersion.invalid('apiVersion must specify API group');
  metrics.forEach(validateMetric);
  // In `autoscaling/v1`, the target is a CPU percentage. Errors about it name the metric to which the API server
  // converts the percentage.
  const percentage = spec.number('targetCPUUtilizationPercentage');
  percentage.at('spec.metrics[0].resource.target.averageUtilization').atLeast(1, 'must be greater than 0');
  for (const key of ['scaleUp', 'scaleDown']) {
    const rules = spec.object('behavior').optional(key);
    if (rules !== undefined) validateScaling(rules);
  }
}

/** Checks the reference to the scaled or measured object. */
function validateReference(reference: Field) {
  for (const key of ['kind', 'name']) reference.text(key).name(pathSegment);
}

const POLICY_TYPES = ['Percent', 'Pods'];
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];

function validateScaling(rules: Field) {
  const window = rules.number('stabilizationWindowSeconds');
  window.atLeast(0, 'must be greater than or equal to zero');
  window.atMost(3600, 'must be less than or equal to 3600');
  const tolerance = rules.member('tolerance');
  if ((quantityOf(tolerance.value)?.unscaled ?? 0n) < 0n) tolerance.invalid('must be greater than or equal to 0');
  rules.text('selectPolicy').oneOfIfSet(SELECT_POLICIES);
  rules.list('policies').notEmpty('must specify at least one Policy');
  for (const policy of rules.objects('policies')) {
    policy.text('type').oneOf(POLICY_TYPES);
    const period = policy.count('periodSeconds');
    policy.count('value').atLeast(1, 'must be greater than zero');
    period.atLeast(1, 'must be greater than zero');
    period.atMost(1800, 'must be less than or equal to 1800');
  }
}

const METRIC_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const sourceOf = (type: string) => type.charAt(0).toLowerCase() + type.slice(1);

function validateMetric(metric: Field) {
  const type = metric.text('type');
  type.notEmpty('must specify a metric source type');
  if (!METRIC_TYPES.includes(type.value)) {
    // The API server reports an unknown type twice, with the same error.
    for (const _time of [1, 2]) type.notSupported(METRIC_TYPES);
    return;
  }
  const expected = sourceOf(type.value);
  for (const other of METRIC_TYPES.map(sourceOf))
    if (other !== expected && metric.value[other] !== undefined)
      metric.member(other).forbidden('must populate the given metric source only');
  const source = metric.optional(expected);
  if (source === undefined) {
    metric.member(expected).required('must populate information for the given metric source');
    return;
  }
  if (expected === 'resource' || expected === 'containerResource') {
    source.text('name').notEmpty('must specify a resource name');
    if (expected === 'containerResource') source.text('container').notEmpty('must specify a container');
  } else {
    source.object('metric').text('name').name(pathSegment, 'must specify a metric name');
    if (expected === 'object') validateReference(source.object('describedObject'));
  }
  validateTarget(source.object('target'), expected);
}

function validateTarget(target: Field, source: string) {
  const type = target.text('type');
  type.notEmpty('must specify a metric target type');
  if (!['Utilization', 'Value', 'AverageValue'].includes(type.value))
    type.invalid('must be either Utilization, Value, or AverageValue');
  const [value, average] = [target.member('value'), target.member('averageValue')];
  for (const amount of [value, average])
    if (amount.value !== undefined && (quantityOf(amount.value)?.unscaled ?? 0n) <= 0n)
      amount.invalid('must be positive');
  const utilization = target.number('averageUtilization');
  utilization.atLeast(1, 'must be greater than 0');
  const hasAverage = average.value !== undefined;
  if (source === 'resource' || source === 'containerResource') {
    if (utilization.value !== undefined && hasAverage)
      average.forbidden('may not set both a target raw value and a target utilization');
    if (utilization.value === undefined && !hasAverage)
      utilization.required('must set either a target raw value or a target utilization');
  } else if (source === 'pods') {
    if (!hasAverage) average.required('must specify a positive target averageValue');
  } else if (value.value === undefined && !hasAverage)
    average.required('must set either a target value or averageValue');
}
