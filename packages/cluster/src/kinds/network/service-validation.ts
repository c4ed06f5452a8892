import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  dnsLabel,
  dnsSubdomain,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  qualifiedName,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { validateLabels } from '../metadata.ts';
import { addressProblem, cidrProblem, familyOf, specialAddressProblem } from './ip-addresses.ts';
import { portProblem } from '../../types/parts.ts';
import { checkPortOrName } from '../pods/container-handlers.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

/** Does a Service of this type have node ports? */
export const withPorts = (type: string): boolean => type === 'NodePort' || type === 'LoadBalancer';
/** Does a Service with this spec have a `clusterIP`, which may be `None`? */
export const needsClusterIP = (spec: JsonObject): boolean => textAt(spec, 'type') !== 'ExternalName';
/**
 * Does the Service need a health check port? A load balancer uses this port to detect the nodes that have an endpoint.
 */
export const needsHealthPort = (spec: JsonObject): boolean =>
  textAt(spec, 'type') === 'LoadBalancer' && textAt(spec, 'externalTrafficPolicy') === 'Local';
/** Can clients outside the cluster reach the Service by node ports, a load balancer or external addresses? */
export const isExternallyAccessible = (spec: JsonObject): boolean =>
  withPorts(textAt(spec, 'type')) || (textAt(spec, 'type') === 'ClusterIP' && listAt(spec, 'externalIPs').length > 0);

/** The rule for names of Services. */
export const serviceName = dnsLabel;

/** Warnings about parts of a Service that are allowed but probably mistakes. */
export function serviceWarnings(object: KubeObject): string[] {
  const spec = object.spec ?? {};
  const warnings: string[] = [];
  if (textAt(spec, 'clusterIP') === 'None' && textAt(spec, 'sessionAffinity') === 'ClientIP')
    warnings.push('spec.SessionAffinity is ignored for headless services');
  if (listAt(spec, 'externalIPs').length > 0)
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec['trafficDistribution'] === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}

/** Checks a Service. */
export function validateService(object: KubeObject, problems: Problems): void {
  const spec = object.spec ?? {};
  const type = textAt(spec, 'type');
  const headless = textAt(spec, 'clusterIP') === 'None';
  const ports = objectsAt(spec, 'ports');
  if (ports.length === 0 && !headless && type !== 'ExternalName') problems.required('spec.ports');
  oneOf(spec, 'type', TYPES, problems);
  if (type === 'ExternalName') validateExternalName(spec, problems);
  if (withPorts(type) && headless)
    problems.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`);
  validateLabels(objectAt(spec, 'selector') as Record<string, string>, 'spec.selector', problems);
  validatePorts(ports, type, problems);
  validateAffinity(spec, problems);
  if (type !== 'ExternalName') validateAddresses(spec, problems);
  if (type !== 'ExternalName') validateFamilies(spec, problems);
  validateTraffic(spec, problems);
  validateBalancer(spec, type, problems);
  for (const [index, address] of listAt(spec, 'externalIPs').entries()) {
    const text = addressProblem(String(address)) ?? specialAddressProblem(String(address));
    if (text !== undefined) problems.invalid(`spec.externalIPs[${index}]`, address, text);
  }
}

function oneOf(spec: JsonObject, key: string, known: readonly string[], problems: Problems) {
  const value = textAt(spec, key);
  problems.requireOneOf(`spec.${key}`, value, known);
}

function validateExternalName(spec: JsonObject, problems: Problems) {
  const name = textAt(spec, 'externalName');
  if (name === '') problems.required('spec.externalName');
  else problems.invalidFor('spec.externalName', name, dnsSubdomain(name.replace(/\.$/, '')));
  if (listAt(spec, 'clusterIPs').length > 0 || textAt(spec, 'clusterIP') !== '')
    problems.forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
  if (listAt(spec, 'ipFamilies').length > 0)
    problems.forbidden('spec.ipFamilies', 'may not be set for ExternalName services');
  if (spec['ipFamilyPolicy'] !== undefined)
    problems.forbidden('spec.ipFamilyPolicy', 'may not be set for ExternalName services');
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
/** The port of the kubelet on a node. */
const KUBELET_PORT = 10_250;

function validatePorts(ports: readonly JsonObject[], type: string, problems: Problems) {
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    const [name, protocol] = [textAt(port, 'name'), textAt(port, 'protocol')];
    if (name === '' && ports.length > 1) problems.required(`${at}.name`);
    if (name !== '') {
      problems.invalidFor(`${at}.name`, name, dnsLabel(name));
      if (names.has(name)) problems.duplicate(`${at}.name`, name);
      names.add(name);
    }
    problems.add(portProblem(port['port'], `${at}.port`));
    problems.requireOneOf(`${at}.protocol`, protocol, PROTOCOLS);
    checkPortOrName(port['targetPort'], `${at}.targetPort`, problems);
    const application = textAt(port, 'appProtocol');
    if (application !== '') problems.invalidFor(`${at}.appProtocol`, application, qualifiedName(application));
    const nodePort = numberAt(port, 'nodePort') ?? 0;
    if (nodePort !== 0 && !withPorts(type))
      problems.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`);
    const key = `${protocol}/${String(port['port'])}`;
    if (numbers.has(key)) problems.duplicate(at, shownPort(port));
    numbers.add(key);
    if (nodePorts.has(`${protocol}/${nodePort}`)) problems.duplicate(`${at}.nodePort`, nodePort);
    if (nodePort !== 0) nodePorts.add(`${protocol}/${nodePort}`);
    if (type === 'LoadBalancer' && port['port'] === KUBELET_PORT) {
      const text = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`;
      problems.invalid(at, KUBELET_PORT, text);
    }
  }
}

/** A port as messages print it. All members except the protocol and the port have fixed values. */
const shownPort = (port: JsonObject) => ({
  Name: '',
  Protocol: textAt(port, 'protocol'),
  AppProtocol: null,
  Port: port['port'] ?? 0,
  TargetPort: 0,
  NodePort: 0,
});

function validateAffinity(spec: JsonObject, problems: Problems) {
  oneOf(spec, 'sessionAffinity', ['ClientIP', 'None'], problems);
  if (textAt(spec, 'sessionAffinity') !== 'ClientIP') return;
  const seconds = numberAt(objectAt(objectAt(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds');
  if (seconds !== undefined && (seconds <= 0 || seconds > 86_400))
    problems.invalid(
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
      seconds,
      'must be greater than 0 and less than 86400',
    );
}

function validateAddresses(spec: JsonObject, problems: Problems) {
  const at = 'spec.clusterIPs';
  const list = listAt(spec, 'clusterIPs');
  const single = textAt(spec, 'clusterIP');
  if (list.length > 0 && single !== '' && list[0] !== single)
    problems.invalid(at, list, 'first value must match `clusterIP`');
  if (list.length > 0 && single === '') problems.invalid(at, list, 'must be empty when `clusterIP` is not specified');
  if (list.includes('None')) {
    if (list.length > 1) problems.invalid(at, list, "'None' must be the first and only value");
    return;
  }
  const addresses = list.length > 0 ? list : single === '' || single === 'None' ? [] : [single];
  const texts = addresses.map((address) => addressProblem(String(address)));
  for (const [index, text] of texts.entries())
    if (text !== undefined) problems.invalid(`${at}[${index}]`, addresses[index], text);
  if (texts.some((text) => text !== undefined)) return;
  for (const [index, family] of listAt(spec, 'ipFamilies').entries()) {
    const address = list[index];
    const wanted = family === 'IPv6' ? 6 : 4;
    if (typeof address === 'string' && familyOf(address) !== wanted)
      problems.invalid(
        `${at}[${index}]`,
        address,
        `expected an ${String(family)} value as indicated by \`ipFamilies[${index}]\``,
      );
  }
  const families = list.map((address) => familyOf(String(address)));
  if (new Set(families).size < families.length)
    problems.invalid(at, list, 'may specify no more than one IP for each IP family');
}

const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Checks the address families. The cluster has only IPv4 addresses. */
function validateFamilies(spec: JsonObject, problems: Problems) {
  const families = listAt(spec, 'ipFamilies');
  const policy = textAt(spec, 'ipFamilyPolicy');
  const repeated = repeatedIndexes(families);
  for (const [index, family] of families.entries()) {
    const at = `spec.ipFamilies[${index}]`;
    if (!FAMILIES.includes(String(family))) problems.notSupported(at, family, FAMILIES);
    else if (repeated.has(index)) problems.duplicate(at, family);
    else if (family === 'IPv6' && families.length === 1 && textAt(spec, 'clusterIP') === '')
      problems.invalid(at, family, 'not configured on this cluster');
  }
  if (policy !== '' && !FAMILY_POLICIES.includes(policy)) oneOf(spec, 'ipFamilyPolicy', FAMILY_POLICIES, problems);
  else if (policy === 'RequireDualStack' && textAt(spec, 'clusterIP') !== 'None')
    problems.invalid('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services');
  else if (policy === 'SingleStack' && families.length > 1 && new Set(families).size === families.length)
    problems.invalid(
      'spec.ipFamilyPolicy',
      policy,
      "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    );
}

const POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function validateTraffic(spec: JsonObject, problems: Problems) {
  const external = textAt(spec, 'externalTrafficPolicy');
  if (external !== '' && !isExternallyAccessible(spec))
    problems.invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services');
  for (const key of ['externalTrafficPolicy', 'internalTrafficPolicy'])
    if (textAt(spec, key) !== '' && (key !== 'externalTrafficPolicy' || isExternallyAccessible(spec)))
      oneOf(spec, key, POLICIES, problems);
  if (textAt(spec, 'trafficDistribution') !== '') oneOf(spec, 'trafficDistribution', DISTRIBUTIONS, problems);
  const health = numberAt(spec, 'healthCheckNodePort') ?? 0;
  if (health !== 0 && !needsHealthPort(spec))
    problems.invalid(
      'spec.healthCheckNodePort',
      health,
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    );
}

function validateBalancer(spec: JsonObject, type: string, problems: Problems) {
  const only = (field: string) => problems.forbidden(field, "may only be used when `type` is 'LoadBalancer'");
  const balanced = type === 'LoadBalancer';
  const ranges = listAt(spec, 'loadBalancerSourceRanges');
  if (ranges.length > 0 && !balanced) only('spec.LoadBalancerSourceRanges');
  for (const [index, range] of (balanced ? ranges : []).entries()) {
    const text = cidrProblem(String(range).trim());
    if (text !== undefined) problems.invalid(`spec.LoadBalancerSourceRanges[${index}]`, range, text);
  }
  const kind = textAt(spec, 'loadBalancerClass');
  if (kind !== '') {
    if (!balanced) only('spec.loadBalancerClass');
    problems.invalidFor('spec.loadBalancerClass', kind, qualifiedName(kind));
  }
  if (spec['allocateLoadBalancerNodePorts'] !== undefined && !balanced) only('spec.allocateLoadBalancerNodePorts');
}
