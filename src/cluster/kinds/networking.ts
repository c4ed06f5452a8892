import type { JsonObject, KubeObject } from '../../core/index.ts';
import { fieldInvalid, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import type { Strategy } from '../registry/strategy.ts';
import { dnsSubdomain } from './names.ts';
import { ensureAt, fill, listAt, numberAt, objectAt, objectsAt, optionalAt, portProblem, textAt } from './parts.ts';

export const ingressStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const spec = object.spec ?? {};
    const backend = optionalAt(spec, 'defaultBackend');
    const rules = objectsAt(spec, 'rules');
    if (backend === undefined && rules.length === 0)
      problems.push(fieldInvalid('spec', null, 'either `defaultBackend` or `rules` must be specified'));
    if (backend !== undefined) validateBackend(backend, 'spec.defaultBackend', problems);
    for (const [index, rule] of rules.entries()) validateRule(rule, `spec.rules[${index}]`, problems);
  },
  warnings: (object) =>
    object.metadata.annotations?.['kubernetes.io/ingress.class'] === undefined
      ? []
      : ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'],
};

function validateRule(rule: JsonObject, at: string, problems: FieldProblem[]) {
  const host = textAt(rule, 'host');
  if (host !== '') {
    const name = host.startsWith('*.') ? host.slice(2) : host;
    for (const text of dnsSubdomain(name)) problems.push(fieldInvalid(`${at}.host`, host, text));
  }
  const http = optionalAt(rule, 'http');
  if (http === undefined) return;
  if (listAt(http, 'paths').length === 0) problems.push(fieldRequired(`${at}.http.paths`));
  for (const [index, path] of objectsAt(http, 'paths').entries())
    validatePath(path, `${at}.http.paths[${index}]`, problems);
}

function validatePath(path: JsonObject, at: string, problems: FieldProblem[]) {
  const type = textAt(path, 'pathType');
  const value = textAt(path, 'path');
  if (type === '') problems.push(fieldRequired(`${at}.pathType`, 'pathType must be specified'));
  else if (['Exact', 'Prefix'].includes(type)) {
    if (!value.startsWith('/')) problems.push(fieldInvalid(`${at}.path`, value, 'must be an absolute path'));
    for (const sequence of ['//', '/./', '/../', '%2f', '%2F']) {
      if (value.includes(sequence)) problems.push(fieldInvalid(`${at}.path`, value, `must not contain '${sequence}'`));
    }
  } else if (type !== 'ImplementationSpecific') {
    problems.push({
      reason: 'FieldValueNotSupported',
      field: `${at}.pathType`,
      message: `Unsupported value: ${JSON.stringify(type)}: supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    });
  } else if (value !== '' && !value.startsWith('/'))
    problems.push(fieldInvalid(`${at}.path`, value, 'must be an absolute path'));
  validateBackend(objectAt(path, 'backend'), `${at}.backend`, problems);
}

function validateBackend(backend: JsonObject, at: string, problems: FieldProblem[]) {
  const service = optionalAt(backend, 'service');
  const resource = optionalAt(backend, 'resource');
  if (service !== undefined && resource !== undefined)
    problems.push(fieldInvalid(at, '', 'cannot set both resource and service backends'));
  if (service === undefined) {
    if (resource === undefined) problems.push(fieldRequired(at, 'either resource or service backend is required'));
    return;
  }
  if (textAt(service, 'name') === '') problems.push(fieldRequired(`${at}.service.name`));
  const port = objectAt(service, 'port');
  const [name, number] = [textAt(port, 'name'), numberAt(port, 'number') ?? 0];
  if (name !== '' && number !== 0) problems.push(fieldInvalid(at, '', 'cannot set both port name & port number'));
  else if (name === '' && number === 0) problems.push(fieldRequired(at, 'port name or number is required'));
  else if (name === '') {
    const problem = portProblem(number, `${at}.service.port.number`);
    if (problem !== undefined) problems.push(problem);
  }
}

export const networkPolicyStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object as unknown as JsonObject, 'spec');
    for (const rule of [...objectsAt(spec, 'ingress'), ...objectsAt(spec, 'egress')]) {
      for (const port of objectsAt(rule, 'ports')) fill(port, { protocol: 'TCP' });
    }
    if (listAt(spec, 'policyTypes').length === 0) {
      spec['policyTypes'] = objectsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    }
  },
};

const DOWN_POLICIES = () => [{ type: 'Percent', value: 100, periodSeconds: 15 }];
const UP_POLICIES = () => [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];

/** HorizontalPodAutoscaler in both versions. */
export const autoscalerStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object as unknown as JsonObject, 'spec');
    spec['minReplicas'] ??= 1;
    if (object.apiVersion === 'autoscaling/v1') {
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
  validate: validateAutoscaler,
  validateUpdate(object, _old, problems, context) {
    if (context.subresource === '') validateAutoscaler(object, problems);
  },
};

function validateAutoscaler(object: KubeObject, problems: FieldProblem[]) {
  const spec = object.spec ?? {};
  const [min, max] = [numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas') ?? 0];
  if (min < 1) problems.push(fieldInvalid('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if (max < 1) problems.push(fieldRequired('spec.maxReplicas', 'must be set and greater than 0'));
  if (max < min) problems.push(fieldInvalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  const target = objectAt(spec, 'scaleTargetRef');
  if (textAt(target, 'kind') === '') problems.push(fieldRequired('spec.scaleTargetRef.kind'));
  if (textAt(target, 'name') === '') problems.push(fieldRequired('spec.scaleTargetRef.name'));
  const apiVersion = textAt(target, 'apiVersion');
  if (!apiVersion.includes('/') && apiVersion !== 'v1')
    problems.push(fieldInvalid('spec.scaleTargetRef.apiVersion', apiVersion, 'apiVersion must specify API group'));
}
