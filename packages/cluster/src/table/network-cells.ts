/** The table cells of kinds with addresses and ports. */
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { mapText, NONE, orNone } from './cell-parts.ts';

function servicePorts(spec: JsonObject): string {
  const ports = objectsAt(spec, 'ports').map((port) => {
    const node = numberAt(port, 'nodePort') ?? 0;
    return `${String(port['port'])}${node > 0 ? `:${node}` : ''}/${textAt(port, 'protocol')}`;
  });
  return orNone(ports.join(','));
}

/** The addresses of a load balancer: the IP address of each entry, or its host name if it has no IP address. */
function loadBalancerAddresses(object: KubeObject): string[] {
  const ingress = objectsAt(objectAt(object.status, 'loadBalancer'), 'ingress');
  const addresses = ingress.map((entry) => textAt(entry, 'ip') || textAt(entry, 'hostname'));
  return [...new Set(addresses)].filter((address) => address !== '').sort();
}

/** The first three strings, and the number of the remaining strings. */
const firstOf = (texts: readonly string[]): string =>
  texts.slice(0, 3).join(',') + (texts.length > 3 ? ` + ${texts.length - 3} more...` : '');

/** The first three hosts, and the number of the remaining rules, which includes rules without a host. */
function hostsText(rules: readonly JsonObject[]): string {
  const hosts: string[] = [];
  for (const rule of rules) {
    if (hosts.length === 3) return `${hosts.join(',')} + ${rules.length - 3} more...`;
    const host = textAt(rule, 'host');
    if (host !== '') hosts.push(host);
  }
  return hosts.join(',') || '*';
}

function externalAddress(object: KubeObject): string {
  const spec = object.spec ?? {};
  const ips = listAt(spec, 'externalIPs').map(String);
  if (spec['type'] === 'ExternalName') return orNone(textAt(spec, 'externalName'));
  if (spec['type'] !== 'LoadBalancer') return orNone(ips.join(','));
  const all = [...loadBalancerAddresses(object), ...ips];
  return all.length === 0 ? '<pending>' : all.join(',');
}

/** The row of a Service. */
export const serviceCells = (object: KubeObject): JsonValue[] => [
  textAt(object.spec, 'type'),
  orNone(textAt(object.spec, 'clusterIP')),
  externalAddress(object),
  servicePorts(object.spec ?? {}),
  mapText(objectAt(object.spec, 'selector')),
];

/** The row of an Ingress. */
export function ingressCells(object: KubeObject): JsonValue[] {
  const rules = objectsAt(object.spec, 'rules');
  const ports = listAt(object.spec, 'tls').length > 0 ? '80, 443' : '80';
  return [
    orNone(textAt(object.spec, 'ingressClassName')),
    hostsText(rules),
    loadBalancerAddresses(object).join(','),
    ports,
  ];
}

/** The row of an EndpointSlice. */
export function sliceCells(object: KubeObject): JsonValue[] {
  const ports = objectsAt(object, 'ports').map((port) => String(port['port'] ?? port['name'] ?? '*'));
  const endpoints = objectsAt(object, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
  return [textAt(object, 'addressType'), firstOf(ports) || '<unset>', firstOf(endpoints) || '<unset>'];
}

/** The row of an Endpoints object. */
export function endpointsCells(object: KubeObject): JsonValue[] {
  const subsets = objectsAt(object, 'subsets');
  const pairs = subsets.flatMap((subset) => {
    const [ports, addresses] = [objectsAt(subset, 'ports'), objectsAt(subset, 'addresses')];
    const ips = addresses.map((address) => textAt(address, 'ip'));
    if (ports.length === 0) return ips;
    return ports.flatMap((port) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${String(port['port'])}`));
  });
  return [subsets.length === 0 ? NONE : firstOf(pairs)];
}
