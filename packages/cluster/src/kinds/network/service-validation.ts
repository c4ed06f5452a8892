import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { dnsLabel, dnsSubdomain, listAt, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { validateLabels } from '../metadata.ts';
import { addressProblem, cidrProblem, familyOf, specialAddressProblem } from './ip-addresses.ts';
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
export function validateService(spec: Field): void {
  const type = spec.text('type');
  const isHeadless = textAt(spec.value, 'clusterIP') === 'None';
  if (!isHeadless && type.value !== 'ExternalName') spec.list('ports').notEmpty();
  type.oneOf(TYPES);
  if (type.value === 'ExternalName') validateExternalName(spec);
  if (withPorts(type.value) && isHeadless)
    spec.problems.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type.value} services`);
  validateLabels(spec.object('selector'));
  validatePorts(spec.objects('ports'), type.value);
  validateAffinity(spec);
  if (type.value !== 'ExternalName') validateAddresses(spec);
  if (type.value !== 'ExternalName') validateFamilies(spec);
  validateTraffic(spec);
  validateBalancer(spec, type.value === 'LoadBalancer');
  for (const address of spec.texts('externalIPs'))
    address.problem(addressProblem(address.value) ?? specialAddressProblem(address.value));
}

function validateExternalName(spec: Field) {
  spec.text('externalName').name((name) => dnsSubdomain(name.replace(/\.$/, '')));
  const text = 'may not be set for ExternalName services';
  const addresses = spec.list('clusterIPs');
  if (addresses.value.length > 0 || spec.text('clusterIP').value !== '') addresses.forbidden(text);
  if (spec.list('ipFamilies').value.length > 0) spec.list('ipFamilies').forbidden(text);
  if (spec.value['ipFamilyPolicy'] !== undefined) spec.member('ipFamilyPolicy').forbidden(text);
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
/** The port of the kubelet on a node. */
const KUBELET_PORT = 10_250;

function validatePorts(ports: readonly Field[], type: string) {
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const port of ports) {
    const [name, protocol, nodePort] = [port.text('name'), port.text('protocol'), port.count('nodePort')];
    if (name.value !== '') {
      name.matches(dnsLabel);
      if (names.has(name.value)) name.duplicate();
      names.add(name.value);
    } else if (ports.length > 1) name.required();
    port.member('port').port();
    protocol.oneOf(PROTOCOLS);
    checkPortOrName(port.member('targetPort'));
    port.text('appProtocol').matchesIfSet(qualifiedName);
    if (nodePort.value !== 0 && !withPorts(type)) nodePort.forbidden(`may not be used when \`type\` is '${type}'`);
    const key = `${protocol.value}/${String(port.value['port'])}`;
    if (numbers.has(key)) port.problems.duplicate(port.path, shownPort(port.value));
    numbers.add(key);
    const nodeKey = `${protocol.value}/${nodePort.value}`;
    if (nodePorts.has(nodeKey)) nodePort.duplicate();
    if (nodePort.value !== 0) nodePorts.add(nodeKey);
    if (type === 'LoadBalancer' && port.value['port'] === KUBELET_PORT)
      port.invalid(`may not expose port ${KUBELET_PORT} externally since it is used by kubelet`, KUBELET_PORT);
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

function validateAffinity(spec: Field) {
  const affinity = spec.text('sessionAffinity');
  affinity.oneOf(['ClientIP', 'None']);
  if (affinity.value !== 'ClientIP') return;
  const seconds = spec.object('sessionAffinityConfig').object('clientIP').number('timeoutSeconds');
  seconds.between(1, 86_400, 'must be greater than 0 and less than 86400');
}

function validateAddresses(spec: Field) {
  const list = spec.list('clusterIPs');
  const single = textAt(spec.value, 'clusterIP');
  const [first] = list.value;
  if (first !== undefined && single !== '' && first !== single) list.invalid('first value must match `clusterIP`');
  if (first !== undefined && single === '') list.invalid('must be empty when `clusterIP` is not specified');
  if (list.value.includes('None')) {
    if (list.value.length > 1) list.invalid("'None' must be the first and only value");
    return;
  }
  const addresses = spec.texts('clusterIPs');
  const own = single === '' || single === 'None' ? [] : [spec.text('clusterIP').at(`${list.path}[0]`)];
  const count = spec.problems.length;
  for (const address of first === undefined ? own : addresses) address.problem(addressProblem(address.value));
  if (spec.problems.length > count) return;
  for (const [index, family] of listAt(spec.value, 'ipFamilies').entries()) {
    const address = addresses[index];
    if (address !== undefined && familyOf(address.value) !== (family === 'IPv6' ? 6 : 4))
      address.invalid(`expected an ${String(family)} value as indicated by \`ipFamilies[${index}]\``);
  }
  const families = addresses.map(({ value }) => familyOf(value));
  if (new Set(families).size < families.length) list.invalid('may specify no more than one IP for each IP family');
}

const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Checks the address families. The cluster has only IPv4 addresses. */
function validateFamilies(spec: Field) {
  const families = spec.texts('ipFamilies');
  const policy = spec.text('ipFamilyPolicy');
  const address = textAt(spec.value, 'clusterIP');
  const repeated = repeatedFields(families);
  for (const family of families) {
    if (!FAMILIES.includes(family.value)) family.notSupported(FAMILIES);
    else if (repeated.has(family.path)) family.duplicate();
    else if (family.value === 'IPv6' && families.length === 1 && address === '')
      family.invalid('not configured on this cluster');
  }
  if (policy.value !== '' && !FAMILY_POLICIES.includes(policy.value)) policy.notSupported(FAMILY_POLICIES);
  else if (policy.value === 'RequireDualStack' && address !== 'None')
    policy.invalid('this cluster is not configured for dual-stack services');
  else if (policy.value === 'SingleStack' && families.length > 1 && repeated.size === 0)
    policy.invalid("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
}

const POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function validateTraffic(spec: Field) {
  const external = spec.text('externalTrafficPolicy');
  if (isExternallyAccessible(spec.value)) external.oneOfIfSet(POLICIES);
  else if (external.value !== '') external.invalid('may only be set for externally-accessible services');
  spec.text('internalTrafficPolicy').oneOfIfSet(POLICIES);
  spec.text('trafficDistribution').oneOfIfSet(DISTRIBUTIONS);
  const health = spec.count('healthCheckNodePort');
  if (health.value !== 0 && !needsHealthPort(spec.value))
    health.invalid("may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
}

function validateBalancer(spec: Field, isBalanced: boolean) {
  const text = "may only be used when `type` is 'LoadBalancer'";
  const ranges = spec.list('loadBalancerSourceRanges').at('spec.LoadBalancerSourceRanges');
  if (ranges.value.length > 0 && !isBalanced) ranges.forbidden(text);
  for (const [index, range] of (isBalanced ? ranges.value : []).entries()) {
    const problem = cidrProblem(String(range).trim());
    if (problem !== undefined) spec.problems.invalid(`${ranges.path}[${index}]`, range, problem);
  }
  const kind = spec.text('loadBalancerClass');
  if (kind.value !== '' && !isBalanced) kind.forbidden(text);
  kind.matchesIfSet(qualifiedName);
  const nodePorts = spec.member('allocateLoadBalancerNodePorts');
  if (nodePorts.value !== undefined && !isBalanced) nodePorts.forbidden(text);
}
