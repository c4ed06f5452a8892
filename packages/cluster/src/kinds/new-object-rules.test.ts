import { describe, expect, test } from 'vitest';
import { type JsonObject, withGroup } from '@typekro/kit/core';
import { newObjects } from './new-objects.ts';

/** The kinds that the rows use, each with its group and its plural. */
const KINDS = {
  Endpoints: ['Endpoints', '', 'endpoints'],
  EndpointSlice: ['EndpointSlice', 'discovery.k8s.io', 'endpointslices'],
  Event: ['Event', '', 'events'],
  Ingress: ['Ingress', 'networking.k8s.io', 'ingresses'],
  IngressClass: ['IngressClass', 'networking.k8s.io', 'ingressclasses'],
  Job: ['Job', 'batch', 'jobs'],
  Lease: ['Lease', 'coordination.k8s.io', 'leases'],
  LimitRange: ['LimitRange', '', 'limitranges'],
  NetworkPolicy: ['NetworkPolicy', 'networking.k8s.io', 'networkpolicies'],
  PersistentVolume: ['PersistentVolume', '', 'persistentvolumes'],
  PersistentVolumeClaim: ['PersistentVolumeClaim', '', 'persistentvolumeclaims'],
  PodDisruptionBudget: ['PodDisruptionBudget', 'policy', 'poddisruptionbudgets'],
  ResourceQuota: ['ResourceQuota', '', 'resourcequotas'],
  RuntimeClass: ['RuntimeClass', 'node.k8s.io', 'runtimeclasses'],
  Secret: ['Secret', '', 'secrets'],
  Service: ['Service', '', 'services'],
  StorageClass: ['StorageClass', 'storage.k8s.io', 'storageclasses'],
} as const;

/** The message with which the server refuses an object; empty for an accepted object. */
function problemsOf(name: keyof typeof KINDS, { metadata = {}, ...content }: JsonObject): string {
  const [kind, group, plural] = KINDS[name];
  const version = group === '' ? 'v1' : `${group}/v1`;
  const object = {
    apiVersion: version,
    kind,
    metadata: { name: 'x', namespace: 'n', ...(metadata as object) },
    ...content,
  };
  const result = newObjects('2026-01-01T00:00:00Z').create(object, { kind, group, plural, hasStatus: true });
  if (!('refusal' in result)) return '';
  return result.refusal.replace(`${withGroup(kind, group)} "x" is invalid: `, '');
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const LABEL =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const endpoint = (more: JsonObject): JsonObject => ({
  addressType: 'IPv4',
  endpoints: [{ addresses: ['1.2.3.4'], ...more }],
});
const subset = (ip: string): JsonObject => ({ subsets: [{ addresses: [{ ip }] }] });
const claim = (more: JsonObject): JsonObject => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
});
const volume = (more: JsonObject): JsonObject => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' }, ...more },
});
const onNodes = (nodeSelectorTerms: JsonObject[]): JsonObject =>
  volume({ nodeAffinity: { required: { nodeSelectorTerms } } });
const limit = (more: JsonObject): JsonObject => ({ spec: { limits: [{ type: 'Container', ...more }] } });
const policy = (cidr: string): JsonObject => ({
  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
});
const service = (more: JsonObject): JsonObject => ({ spec: { ports: [{ port: 80 }], ...more } });
const topology = (...keys: string[]): JsonObject => ({
  provisioner: 'a.b/c',
  allowedTopologies: [{ matchLabelExpressions: keys.map((key) => ({ key, values: ['v'] })) }],
});
const CONFIG_JSON = 'kubernetes.io/dockerconfigjson';
const secret = (type: string, key: string, text: string): JsonObject => ({ type, data: { [key]: base64(text) } });
const REDACTED = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>":';
const at = 'spec.nodeAffinity.required.nodeSelectorTerms';

describe('a new object', () => {
  test.each<[string, keyof typeof KINDS, JsonObject, string]>([
    ['a Lease may have a finalizer without a domain', 'Lease', { metadata: { finalizers: ['x'] }, spec: {} }, ''],
    [
      'a PodDisruptionBudget may have a finalizer without a domain',
      'PodDisruptionBudget',
      { metadata: { finalizers: ['x'] } },
      '',
    ],
    [
      'a ResourceQuota must not have a finalizer without a domain',
      'ResourceQuota',
      { metadata: { finalizers: ['x'] } },
      'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
    ],
    [
      'an Event must have a name that is a valid path segment',
      'Event',
      { metadata: { name: 'a/b', namespace: 'default' } },
      `Event "a/b" is invalid: metadata.name: Invalid value: "a/b": may not contain '/'`,
    ],
    [
      'an owner reference must have a version',
      'Secret',
      { metadata: { ownerReferences: [{ apiVersion: 'a/b/c', kind: 'K', name: 'n', uid: 'u' }] } },
      'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    ],
    [
      'a registry configuration must be JSON',
      'Secret',
      secret(CONFIG_JSON, '.dockerconfigjson', 'hello'),
      `${REDACTED} invalid character 'h' looking for beginning of value`,
    ],
    [
      'a registry configuration must be complete JSON',
      'Secret',
      secret(CONFIG_JSON, '.dockerconfigjson', '{"auths":'),
      `${REDACTED} unexpected end of JSON input`,
    ],
    [
      'a registry configuration must not be an array',
      'Secret',
      secret(CONFIG_JSON, '.dockerconfigjson', '[]'),
      `${REDACTED} json: cannot unmarshal array into Go value of type map[string]interface {}`,
    ],
    ['a registry configuration may be null', 'Secret', secret(CONFIG_JSON, '.dockerconfigjson', 'null'), ''],
    [
      'an SSH key must not be empty',
      'Secret',
      secret('kubernetes.io/ssh-auth', 'ssh-privatekey', ''),
      'data[ssh-privatekey]: Required value',
    ],
    [
      'a TLS certificate and its key may be empty',
      'Secret',
      { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } },
      '',
    ],
    [
      'a slice may have at most 1000 endpoints',
      'EndpointSlice',
      { addressType: 'IPv4', endpoints: Array.from({ length: 1001 }, () => ({ addresses: ['1.2.3.4'] })) },
      'endpoints: Too many: 1001: must have at most 1000 items',
    ],
    [
      'an endpoint may have at most 100 addresses',
      'EndpointSlice',
      endpoint({ addresses: Array.from({ length: 101 }, () => '1.2.3.4') }),
      'endpoints[0].addresses: Too many: 101: must have at most 100 items',
    ],
    [
      'the zone hints of an endpoint must be distinct label values',
      'EndpointSlice',
      endpoint({ hints: { forZones: [{ name: 'a' }, { name: 'a' }, { name: '-' }] } }),
      `[endpoints[0].hints.forZones[1].name: Duplicate value: "a", endpoints[0].hints.forZones[2].name: Invalid value: "-": ${LABEL}]`,
    ],
    [
      'an endpoint may have hints for at most eight nodes',
      'EndpointSlice',
      endpoint({ hints: { forNodes: Array.from({ length: 9 }, (_, index) => ({ name: `n${index}` })) } }),
      'endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items',
    ],
    [
      'an endpoint must not have the unspecified address, in any notation',
      'Endpoints',
      subset('0:0::0'),
      'subsets[0].addresses[0].ip: Invalid value: "0:0::0": may not be unspecified (0:0::0)',
    ],
    [
      'an endpoint must not have a link-local multicast address, whatever its flags are',
      'Endpoints',
      subset('ff12::1'),
      'subsets[0].addresses[0].ip: Invalid value: "ff12::1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ],
    [
      'an endpoint must not have an IPv4-mapped loopback address',
      'Endpoints',
      subset('::ffff:127.0.0.1'),
      '[subsets[0].addresses[0].ip: Invalid value: "::ffff:127.0.0.1": must not be an IPv4-mapped IPv6 address, subsets[0].addresses[0].ip: Invalid value: "::ffff:127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)]',
    ],
    [
      'a range must have exactly one slash',
      'NetworkPolicy',
      policy('10.0.0.0/8/9'),
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/8/9": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      'dataSource and dataSourceRef of a claim must agree',
      'PersistentVolumeClaim',
      claim({
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      }),
      'spec: Invalid value: {}: must match dataSourceRef',
    ],
    [
      'the data source of a claim must have a name, and it must have a group unless it is a PersistentVolumeClaim',
      'PersistentVolumeClaim',
      claim({ dataSourceRef: { kind: 'Foo' } }),
      `[${['dataSource', 'dataSourceRef']
        .flatMap((key) => [
          `spec.${key}.name: Required value`,
          `spec.${key}: Invalid value: "Foo": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
        ])
        .join(', ')}]`,
    ],
    [
      'the node affinity of a volume must have a term',
      'PersistentVolume',
      onNodes([]),
      `${at}: Required value: must have at least one node selector term`,
    ],
    [
      'a node affinity expression must have valid label values',
      'PersistentVolume',
      onNodes([{ matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] }]),
      `${at}[0].matchExpressions[0].values[0]: Invalid value: "a b": ${LABEL}`,
    ],
    [
      'a node affinity field must have a valid node name',
      'PersistentVolume',
      onNodes([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['A'] }] }]),
      `${at}[0].matchFields[0].values[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of`,
    ],
    [
      'an allowed topology must not repeat a key',
      'StorageClass',
      topology('a', 'b', 'a'),
      'allowedTopologies[0].matchLabelExpressions[2].key: Duplicate value: "a"',
    ],
    [
      'a ratio must not exceed the maximum divided by the minimum',
      'LimitRange',
      limit({ min: { memory: '512Mi' }, max: { memory: '2Gi' }, maxLimitRequestRatio: { memory: '10' } }),
      'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "10": ratio 10 is greater than max/min = 4.000000',
    ],
    [
      'default and defaultRequest of an extended resource must be equal',
      'LimitRange',
      limit({ default: { 'a.b/gpu': '2' }, defaultRequest: { 'a.b/gpu': '1' } }),
      'spec.limits[0].defaultRequest[a.b/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.b/gpu',
    ],
    [
      'the overhead of a runtime class is checked',
      'RuntimeClass',
      { handler: 'h', overhead: { podFixed: { cpu: '-1' } } },
      'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      'the tolerations of a runtime class are checked',
      'RuntimeClass',
      { handler: 'h', scheduling: { tolerations: [{ key: 'a', operator: 'Exists', value: 'v' }] } },
      `scheduling.tolerations[0].operator: Invalid value: "v": value must be empty when \`operator\` is 'Exists'`,
    ],
    [
      'a quota may have a fraction for the requests of an extended resource',
      'ResourceQuota',
      { spec: { hard: { 'requests.a.b/gpu': '500m' } } },
      '',
    ],
    [
      'a quota must not have a fraction for a count of objects',
      'ResourceQuota',
      { spec: { hard: { 'count/deployments.apps': '500m' } } },
      'spec.hard[count/deployments.apps]: Invalid value: "500m": must be an integer',
    ],
    [
      'a load balancer must not have the port of the kubelet',
      'Service',
      service({ type: 'LoadBalancer', ports: [{ port: 10_250 }] }),
      'spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet',
    ],
    [
      'a Service must not use a node port twice with the same protocol',
      'Service',
      service({
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80, nodePort: 30_080 },
          { name: 'b', port: 81, nodePort: 30_080 },
        ],
      }),
      'spec.ports[1].nodePort: Duplicate value: 30080',
    ],
    [
      'an ExternalName Service must not have address families',
      'Service',
      { spec: { type: 'ExternalName', externalName: 'a.b', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' } },
      '[spec.ipFamilies: Forbidden: may not be set for ExternalName services, spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services]',
    ],
    [
      'the resource of a backend must have a kind',
      'Ingress',
      { spec: { defaultBackend: { resource: { name: 'a/b' } } } },
      `[spec.defaultBackend.resource.kind: Required value: kind is required, spec.defaultBackend.resource.name: Invalid value: "a/b": may not contain '/']`,
    ],
    [
      'an IngressClass must not have a long controller name',
      'IngressClass',
      { spec: { controller: `a.b/${'c'.repeat(250)}` } },
      'spec.controller: Too long: may not be more than 250 bytes',
    ],
  ])('%s', (_title, name, content, expected) => {
    const problems = problemsOf(name, content);
    // Some messages are long, so their rows have only the beginning of the message.
    expect(expected === '' ? problems : problems.slice(0, expected.length)).toBe(expected);
  });
});
