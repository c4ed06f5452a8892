import { isIP } from 'node:net';
import type { JsonObject } from '@typekro/kit/core';
import {
  dnsLabel,
  dnsSubdomain,
  domainPath,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  pathSegment,
  portName,
  textAt,
  wildcardSubdomain,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { defaultClass } from '../storage/storage-admission.ts';
import { cidrProblem, isProperPart } from './ip-addresses.ts';
import { checkPortOrName } from '../pods/container-handlers.ts';
import { validateSelector } from '../validate-selector.ts';
import { ensureAt, fill, portProblem } from '../../types/parts.ts';

/** The deprecated annotation that names the class of an Ingress. Its successor is the field `ingressClassName`. */
const CLASS = 'kubernetes.io/ingress.class';

const MAX_CONTROLLER_BYTES = 250;

/** The annotation that marks the default IngressClass. Ingresses without a class get this class. */
const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';

export const ingressStrategy: Partial<Strategy> = {
  admitMutating(object, context) {
    if (context.subresource !== '') return;
    const spec = ensureAt(object, 'spec');
    const isNamed = (spec['ingressClassName'] ?? null) !== null || object.metadata.annotations?.[CLASS] !== undefined;
    const name = isNamed ? undefined : defaultClass(context, 'networking.k8s.io', 'ingressclasses', [IS_DEFAULT]);
    if (name !== undefined) spec['ingressClassName'] = name;
  },
  validate(object, problems) {
    validateIngress(object.spec ?? {}, problems);
    const name = textAt(object.spec, 'ingressClassName');
    const annotation = object.metadata.annotations?.[CLASS];
    if (annotation !== undefined && name !== '' && annotation !== name)
      problems.invalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified');
  },
  // The check that the annotation and the field agree does not run for updates.
  validateUpdate: (object, _old, problems) => validateIngress(object.spec ?? {}, problems),
  warnings: (object) =>
    object.metadata.annotations?.[CLASS] === undefined
      ? []
      : ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'],
};

function validateIngress(spec: JsonObject, problems: Problems) {
  const backend = optionalAt(spec, 'defaultBackend');
  const rules = objectsAt(spec, 'rules');
  if (backend === undefined && rules.length === 0)
    problems.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified');
  if (backend !== undefined) validateBackend(backend, 'spec.defaultBackend', problems);
  for (const [index, rule] of rules.entries()) validateRule(rule, `spec.rules[${index}]`, problems);
  for (const [index, tls] of objectsAt(spec, 'tls').entries()) validateTls(tls, `spec.tls[${index}]`, problems);
  const name = textAt(spec, 'ingressClassName');
  if (name !== '') problems.invalidFor('spec.ingressClassName', name, dnsSubdomain(name));
}

function validateRule(rule: JsonObject, at: string, problems: Problems) {
  const host = textAt(rule, 'host');
  if (host !== '') {
    if (isIP(host) !== 0) problems.invalid(`${at}.host`, host, 'must be a DNS name, not an IP address');
    problems.invalidFor(`${at}.host`, host, hostName(host));
  }
  const http = optionalAt(rule, 'http');
  if (http === undefined) return;
  if (listAt(http, 'paths').length === 0) problems.required(`${at}.http.paths`);
  for (const [index, path] of objectsAt(http, 'paths').entries())
    validatePath(path, `${at}.http.paths[${index}]`, problems);
}

const hostName = (host: string) => (host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host));

function validateTls(tls: JsonObject, at: string, problems: Problems) {
  for (const [index, host] of listAt(tls, 'hosts').entries())
    problems.invalidFor(`${at}.hosts[${index}]`, host, hostName(String(host)));
  const secret = textAt(tls, 'secretName');
  if (secret !== '') problems.invalidFor(`${at}.secretName`, secret, dnsSubdomain(secret));
}

function validatePath(path: JsonObject, at: string, problems: Problems) {
  const type = textAt(path, 'pathType');
  const value = textAt(path, 'path');
  if (type === '') problems.required(`${at}.pathType`, 'pathType must be specified');
  else if (['Exact', 'Prefix'].includes(type)) {
    if (!value.startsWith('/')) problems.invalid(`${at}.path`, value, 'must be an absolute path');
    for (const sequence of ['//', '/./', '/../', '%2f', '%2F']) {
      if (value.includes(sequence)) problems.invalid(`${at}.path`, value, `must not contain '${sequence}'`);
    }
    for (const ending of ['/..', '/.'])
      if (value.endsWith(ending)) problems.invalid(`${at}.path`, value, `cannot end with '${ending}'`);
  } else if (type !== 'ImplementationSpecific') {
    problems.notSupported(`${at}.pathType`, type, ['Exact', 'ImplementationSpecific', 'Prefix']);
  } else if (value !== '' && !value.startsWith('/')) problems.invalid(`${at}.path`, value, 'must be an absolute path');
  validateBackend(objectAt(path, 'backend'), `${at}.backend`, problems);
}

function validateBackend(backend: JsonObject, at: string, problems: Problems) {
  const service = optionalAt(backend, 'service');
  const resource = optionalAt(backend, 'resource');
  if (service !== undefined && resource !== undefined)
    problems.invalid(at, '', 'cannot set both resource and service backends');
  if (service === undefined && resource === undefined)
    problems.invalid(at, '', 'resource or service backend is required');
  if (resource !== undefined) validateReference(resource, `${at}.resource`, problems);
  if (service === undefined) return;
  const target = textAt(service, 'name');
  problems.requireName(`${at}.service.name`, target, dnsLabel);
  const port = objectAt(service, 'port');
  const [name, number] = [textAt(port, 'name'), numberAt(port, 'number') ?? 0];
  if (name !== '' && number !== 0) problems.invalid(at, '', 'cannot set both port name & port number');
  else if (name === '' && number === 0) problems.required(at, 'port name or number is required');
  else if (name !== '') problems.invalidFor(`${at}.service.port.name`, name, portName(name));
  else {
    problems.add(portProblem(number, `${at}.service.port.number`));
  }
}

/** Checks the reference to an object of any kind. */
function validateReference(reference: JsonObject, at: string, problems: Problems) {
  const group = reference['apiGroup'];
  if (typeof group === 'string') problems.invalidFor(`${at}.apiGroup`, group, dnsSubdomain(group));
  for (const key of ['kind', 'name']) {
    const value = textAt(reference, key);
    problems.requireName(`${at}.${key}`, value, pathSegment, `${key} is required`);
  }
}

export const networkPolicyStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    for (const rule of [...objectsAt(spec, 'ingress'), ...objectsAt(spec, 'egress')]) {
      for (const port of objectsAt(rule, 'ports')) fill(port, { protocol: 'TCP' });
    }
    if (listAt(spec, 'policyTypes').length === 0) {
      spec['policyTypes'] = objectsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    }
  },
  validate: (object, problems) => validatePolicy(object.spec ?? {}, problems),
};

function validatePolicy(spec: JsonObject, problems: Problems) {
  validateSelector(objectAt(spec, 'podSelector'), 'spec.podSelector', problems);
  for (const [list, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    for (const [index, rule] of objectsAt(spec, list).entries()) {
      const at = `spec.${list}[${index}]`;
      for (const [position, port] of objectsAt(rule, 'ports').entries())
        validatePolicyPort(port, `${at}.ports[${position}]`, problems);
      for (const [position, peer] of objectsAt(rule, peers).entries())
        validatePeer(peer, `${at}.${peers}[${position}]`, problems);
    }
  }
  const types = listAt(spec, 'policyTypes');
  if (types.length > 2) {
    problems.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes');
    return;
  }
  for (const [index, type] of types.entries())
    problems.requireOneOf(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']);
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

function validatePolicyPort(port: JsonObject, at: string, problems: Problems) {
  const protocol = textAt(port, 'protocol');
  problems.requireOneOf(`${at}.protocol`, protocol, PROTOCOLS);
  const { port: first, endPort: last } = port;
  if (first !== undefined) checkPortOrName(first, `${at}.port`, problems);
  if (typeof last !== 'number') return;
  const refuse = (text: string, shown = last) => problems.invalid(`${at}.endPort`, shown, text);
  if (first === undefined) refuse('may not be specified when `port` is not specified');
  else if (typeof first === 'string') refuse('may not be specified when `port` is non-numeric');
  else if (last < Number(first)) refuse('must be greater than or equal to `port`', Number(first));
  const problem = first === undefined || typeof first === 'string' ? undefined : portProblem(last, `${at}.endPort`);
  if (problem !== undefined) problems.push(problem);
}

function validatePeer(peer: JsonObject, at: string, problems: Problems) {
  const selectors = ['podSelector', 'namespaceSelector'].filter((key) => optionalAt(peer, key) !== undefined);
  for (const key of selectors) validateSelector(objectAt(peer, key), `${at}.${key}`, problems);
  const block = optionalAt(peer, 'ipBlock');
  if (block === undefined) {
    if (selectors.length === 0) problems.required(at, 'must specify a peer');
    return;
  }
  if (selectors.length > 0) problems.forbidden(at, 'may not specify both ipBlock and another peer');
  const cidr = textAt(block, 'cidr');
  const wrong = cidr === '' ? undefined : cidrProblem(cidr);
  if (cidr === '') problems.required(`${at}.ipBlock.cidr`);
  else if (wrong !== undefined) problems.invalid(`${at}.ipBlock.cidr`, cidr, wrong);
  for (const [index, entry] of listAt(block, 'except').entries()) {
    const inner = String(entry);
    const text =
      cidrProblem(inner) ??
      (cidr !== '' && wrong === undefined && !isProperPart(inner, cidr)
        ? 'must be a strict subset of `cidr`'
        : undefined);
    if (text !== undefined) problems.invalid(`${at}.ipBlock.except[${index}]`, inner, text);
  }
}

/** The strategy of IngressClasses. */
export const ingressClassStrategy: Partial<Strategy> = {
  defaults(object) {
    const parameters = optionalAt(object.spec, 'parameters');
    if (parameters !== undefined) fill(parameters, { scope: 'Cluster' });
  },
  validate(object, problems) {
    const controller = textAt(object.spec, 'controller');
    problems.requireName('spec.controller', controller, domainPath);
    if (Buffer.byteLength(controller) > MAX_CONTROLLER_BYTES) problems.tooLong('spec.controller', MAX_CONTROLLER_BYTES);
    const parameters = optionalAt(object.spec, 'parameters');
    if (parameters === undefined) return;
    const at = 'spec.parameters';
    validateReference(parameters, at, problems);
    const [scope, namespace] = [textAt(parameters, 'scope'), textAt(parameters, 'namespace')];
    problems.requireOneOf(`${at}.scope`, scope, ['Cluster', 'Namespace']);
    if (scope === 'Namespace' && namespace === '')
      problems.required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'");
    if (scope === 'Cluster' && namespace !== '')
      problems.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'");
  },
  validateUpdate(object, old, problems) {
    const controller = textAt(object.spec, 'controller');
    if (controller !== textAt(old.spec, 'controller'))
      problems.invalid('spec.controller', controller, 'field is immutable');
  },
};
