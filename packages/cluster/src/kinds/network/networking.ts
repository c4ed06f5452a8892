import { isIP } from 'node:net';
import {
  dnsLabel,
  dnsSubdomain,
  domainPath,
  listAt,
  objectsAt,
  optionalAt,
  pathSegment,
  portName,
  textAt,
  wildcardSubdomain,
} from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { defaultClass } from '../storage/storage-admission.ts';
import { cidrProblem, isProperPart } from './ip-addresses.ts';
import { checkPortOrName } from '../pods/container-handlers.ts';
import { validateSelector } from '../validate-selector.ts';
import { ensureAt, fill } from '../../types/parts.ts';

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
    validateIngress(problems.field('spec', object.spec));
    const name = textAt(object.spec, 'ingressClassName');
    const annotation = object.metadata.annotations?.[CLASS];
    if (annotation !== undefined && name !== '' && annotation !== name)
      problems.invalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified');
  },
  // The check that the annotation and the field agree does not run for updates.
  validateUpdate: (object, _old, problems) => validateIngress(problems.field('spec', object.spec)),
  warnings: (object) =>
    object.metadata.annotations?.[CLASS] === undefined
      ? []
      : ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'],
};

function validateIngress(spec: Field) {
  const backend = spec.optional('defaultBackend');
  const rules = spec.objects('rules');
  if (backend === undefined && rules.length === 0)
    spec.invalid('either `defaultBackend` or `rules` must be specified', null);
  if (backend !== undefined) validateBackend(backend);
  rules.forEach(validateRule);
  for (const tls of spec.objects('tls')) {
    for (const host of tls.texts('hosts')) host.matches(hostName);
    tls.text('secretName').matchesIfSet(dnsSubdomain);
  }
  spec.text('ingressClassName').matchesIfSet(dnsSubdomain);
}

function validateRule(rule: Field) {
  const host = rule.text('host');
  if (isIP(host.value) !== 0) host.invalid('must be a DNS name, not an IP address');
  host.matchesIfSet(hostName);
  const http = rule.optional('http');
  http?.list('paths').notEmpty();
  http?.objects('paths').forEach(validatePath);
}

const hostName = (host: string) => (host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host));

function validatePath(entry: Field) {
  const [type, path] = [entry.text('pathType'), entry.text('path')];
  if (type.value === '') type.required('pathType must be specified');
  else if (['Exact', 'Prefix'].includes(type.value)) {
    if (!path.value.startsWith('/')) path.invalid('must be an absolute path');
    for (const sequence of ['//', '/./', '/../', '%2f', '%2F'])
      if (path.value.includes(sequence)) path.invalid(`must not contain '${sequence}'`);
    for (const ending of ['/..', '/.']) if (path.value.endsWith(ending)) path.invalid(`cannot end with '${ending}'`);
  } else if (type.value !== 'ImplementationSpecific') {
    type.notSupported(['Exact', 'ImplementationSpecific', 'Prefix']);
  } else if (path.value !== '' && !path.value.startsWith('/')) path.invalid('must be an absolute path');
  validateBackend(entry.object('backend'));
}

function validateBackend(backend: Field) {
  const [service, resource] = [backend.optional('service'), backend.optional('resource')];
  if (service !== undefined && resource !== undefined)
    backend.invalid('cannot set both resource and service backends', '');
  if (service === undefined && resource === undefined) backend.invalid('resource or service backend is required', '');
  if (resource !== undefined) validateReference(resource);
  if (service === undefined) return;
  service.text('name').name(dnsLabel);
  const port = service.object('port');
  const [name, number] = [port.text('name'), port.count('number')];
  if (name.value !== '' && number.value !== 0) backend.invalid('cannot set both port name & port number', '');
  else if (name.value === '' && number.value === 0) backend.required('port name or number is required');
  else if (name.value !== '') name.matches(portName);
  else number.port();
}

/** Checks the reference to an object of any kind. */
function validateReference(reference: Field) {
  if (typeof reference.value['apiGroup'] === 'string') reference.text('apiGroup').matches(dnsSubdomain);
  for (const key of ['kind', 'name']) reference.text(key).name(pathSegment, `${key} is required`);
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
  validate: (object, problems) => validatePolicy(problems.field('spec', object.spec)),
};

function validatePolicy(spec: Field) {
  validateSelector(spec.object('podSelector'));
  for (const [list, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    for (const rule of spec.objects(list)) {
      rule.objects('ports').forEach(validatePolicyPort);
      rule.objects(peers).forEach(validatePeer);
    }
  }
  const types = spec.list('policyTypes');
  if (types.value.length > 2) types.invalid('may not specify more than two policyTypes');
  else for (const type of spec.texts('policyTypes')) type.oneOf(['Ingress', 'Egress']);
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

function validatePolicyPort(port: Field) {
  port.text('protocol').oneOf(PROTOCOLS);
  const [first, last] = [port.member('port'), port.member('endPort')];
  if (first.value !== undefined) checkPortOrName(first);
  if (typeof last.value !== 'number') return;
  if (first.value === undefined) last.invalid('may not be specified when `port` is not specified');
  else if (typeof first.value === 'string') last.invalid('may not be specified when `port` is non-numeric');
  else {
    const start = Number(first.value);
    if (last.value < start) last.invalid('must be greater than or equal to `port`', start);
    last.port();
  }
}

function validatePeer(peer: Field) {
  const selectors = ['podSelector', 'namespaceSelector'].flatMap((key) => peer.optional(key) ?? []);
  selectors.forEach(validateSelector);
  const block = peer.optional('ipBlock');
  if (block === undefined) {
    if (selectors.length === 0) peer.required('must specify a peer');
    return;
  }
  if (selectors.length > 0) peer.forbidden('may not specify both ipBlock and another peer');
  const cidr = block.text('cidr');
  const wrong = cidr.value === '' ? undefined : cidrProblem(cidr.value);
  cidr.notEmpty();
  cidr.problem(wrong);
  for (const inner of block.texts('except')) {
    const isOutside = cidr.value !== '' && wrong === undefined && !isProperPart(inner.value, cidr.value);
    inner.problem(cidrProblem(inner.value) ?? (isOutside ? 'must be a strict subset of `cidr`' : undefined));
  }
}

/** The strategy of IngressClasses. */
export const ingressClassStrategy: Partial<Strategy> = {
  defaults: (object) => fill(optionalAt(object.spec, 'parameters'), { scope: 'Cluster' }),
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    const controller = spec.text('controller');
    controller.name(domainPath);
    if (Buffer.byteLength(controller.value) > MAX_CONTROLLER_BYTES) controller.tooLong(MAX_CONTROLLER_BYTES);
    const parameters = spec.optional('parameters');
    if (parameters === undefined) return;
    validateReference(parameters);
    const [scope, namespace] = [parameters.text('scope'), parameters.text('namespace')];
    scope.oneOf(['Cluster', 'Namespace']);
    if (scope.value === 'Namespace') namespace.notEmpty("`parameters.scope` is set to 'Namespace'");
    if (scope.value === 'Cluster' && namespace.value !== '')
      namespace.forbidden("`parameters.scope` is set to 'Cluster'");
  },
  validateUpdate: (object, old, problems) =>
    problems.field('spec', object.spec).text('controller').immutable(textAt(old.spec, 'controller')),
};
