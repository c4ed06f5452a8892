import { isIP } from 'node:net';
import { definedMembers, type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { LAST_APPLIED_ANNOTATION, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { randomSuffix } from '../../verbs/write.ts';
import { type ControllerClient, controllerReference } from '../controller-client.ts';
import { type SimulatedController, concerns, splitKey, targetIn } from '../simulated-controller.ts';
import { portsKey } from './endpoint-ports.ts';
import { recordEvent } from '../events.ts';

const NAME = 'endpoint-slice-mirroring-controller';
const ENDPOINTS = { group: '', plural: 'endpoints' } as const;
const SERVICES = { group: '', plural: 'services' } as const;
const SLICES = { group: 'discovery.k8s.io', plural: 'endpointslices' } as const;
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SERVICE_NAME = 'kubernetes.io/service-name';
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const CHANGE_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** The maximum number of addresses of a subset that are mirrored. */
const MAX_MIRRORED_ADDRESSES = 1000;

/** Writes EndpointSlices for Endpoints that another client maintains for a Service without a selector. */
export const endpointMirroring: SimulatedController = {
  name: NAME,
  target: targetIn(ENDPOINTS),

  *keysOf(event, client) {
    if (concerns(event, '', 'endpoints') || concerns(event, '', 'services')) {
      yield event.stored.key;
    } else if (concerns(event, SLICES.group, SLICES.plural) && event.type !== 'ADDED') {
      const { namespace = '', labels } = event.stored.object.metadata;
      if (labels?.[MANAGED_BY] === MANAGER && !client.isEmpty(ENDPOINTS))
        yield `${namespace}/${labels[SERVICE_NAME] ?? ''}`;
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const endpoints = client.get(ENDPOINTS, namespace, name);
    const service = client.get(SERVICES, namespace, name);
    const slices = client.isEmpty(SLICES) ? [] : mirrorsOf(client, namespace, name, endpoints);
    if (endpoints === undefined || service === undefined || !isMirrored(endpoints, service)) {
      for (const slice of slices) client.remove(slice);
    } else mirror(client, endpoints, slices);
  },
};

/** Returns the mirrored slices of a Service. When the Endpoints are gone, finds the slices by their labels. */
function mirrorsOf(
  client: ControllerClient,
  namespace: string,
  name: string,
  endpoints: KubeObject | undefined,
): KubeObject[] {
  const isMirror = ({ metadata: { labels } }: KubeObject): boolean =>
    labels?.[MANAGED_BY] === MANAGER && labels[SERVICE_NAME] === name;
  if (endpoints !== undefined) return client.controlled(endpoints, SLICES).filter(isMirror);
  return client.list(SLICES, namespace).filter(isMirror);
}

function isMirrored({ metadata }: KubeObject, service: KubeObject): boolean {
  if (metadata.labels?.[SKIP] === 'true' || metadata.annotations?.[LEADER] !== undefined) return false;
  return metadata.deletionTimestamp === undefined && optionalAt(service.spec, 'selector') === undefined;
}

interface Mirror {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly JsonObject[];
  readonly endpoints: JsonObject[];
}

function mirror(client: ControllerClient, endpoints: KubeObject, slices: readonly KubeObject[]): void {
  const { mirrors, invalid, skipped } = mirrorsFor(endpoints);
  if (invalid > 0) {
    const text = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    recordEvent(client, endpoints, NAME, 'InvalidIPAddress', text, 'Warning');
  }
  if (skipped > invalid) {
    const text = `A max of ${MAX_MIRRORED_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
    recordEvent(client, endpoints, NAME, 'TooManyAddressesToMirror', text, 'Warning');
  }
  const unused = new Map(slices.map((slice) => [keyOf(slice), slice]));
  const surplus = slices.filter((slice) => unused.get(keyOf(slice)) !== slice);
  const missing: Mirror[] = [];
  for (const each of mirrors) {
    const key = keyOf({ addressType: each.addressType, ports: [...each.ports] });
    const known = unused.get(key);
    unused.delete(key);
    if (known === undefined) missing.push(each);
    else write(client, endpoints, known, each);
  }
  // A slice with other ports is reused if it has the same address type.
  for (const slice of [...unused.values(), ...surplus]) {
    const index = missing.findIndex(({ addressType }) => addressType === textAt(slice, 'addressType'));
    const [next] = index < 0 ? [] : missing.splice(index, 1);
    if (next === undefined) client.remove(slice);
    else write(client, endpoints, slice, next);
  }
  for (const each of missing) create(client, endpoints, each);
}

const keyOf = (slice: JsonObject): string => `${textAt(slice, 'addressType')} ${portsKey(objectsAt(slice, 'ports'))}`;

/** Returns the slices for the subsets of an Endpoints object, one per combination of port list and address family. */
function mirrorsFor(endpoints: KubeObject): {
  readonly mirrors: readonly Mirror[];
  readonly invalid: number;
  readonly skipped: number;
} {
  const mirrors = new Map<string, Mirror>();
  let [invalid, skipped] = [0, 0];
  for (const subset of objectsAt(endpoints, 'subsets')) {
    const ports = objectsAt(subset, 'ports').map((port) => ({ name: '', protocol: 'TCP', ...port }));
    let added = 0;
    for (const [field, ready] of [
      ['addresses', true],
      ['notReadyAddresses', false],
    ] as const) {
      for (const address of objectsAt(subset, field)) {
        const family = isIP(textAt(address, 'ip'));
        if (added >= MAX_MIRRORED_ADDRESSES || family === 0) {
          skipped += 1;
          if (added < MAX_MIRRORED_ADDRESSES) invalid += 1;
          continue;
        }
        added += 1;
        const addressType = family === 6 ? 'IPv6' : 'IPv4';
        const key = keyOf({ addressType, ports });
        const known: Mirror = mirrors.get(key) ?? { addressType, ports, endpoints: [] };
        mirrors.set(key, known);
        known.endpoints.push(endpointOf(address, ready));
      }
    }
  }
  return { mirrors: [...mirrors.values()], invalid, skipped };
}

function endpointOf({ ip, nodeName, hostname, targetRef }: JsonObject, ready: boolean): JsonObject {
  return { addresses: [String(ip)], conditions: { ready }, ...definedMembers({ hostname, nodeName, targetRef }) };
}

function annotationsOf({ metadata }: KubeObject): Record<string, string> {
  const { [CHANGE_TIME]: _time, [LAST_APPLIED_ANNOTATION]: _applied, ...kept } = metadata.annotations ?? {};
  return kept;
}

const labelsOf = ({ metadata }: KubeObject): Record<string, string> => ({
  ...metadata.labels,
  [SERVICE_NAME]: metadata.name ?? '',
  [MANAGED_BY]: MANAGER,
});

function write(client: ControllerClient, source: KubeObject, slice: KubeObject, { endpoints, ports }: Mirror): void {
  const [labels, annotations] = [labelsOf(source), annotationsOf(source)];
  const same =
    jsonEquals(slice['endpoints'] ?? [], endpoints) &&
    portsKey(objectsAt(slice, 'ports')) === portsKey(ports) &&
    jsonEquals(slice.metadata.labels ?? {}, labels) &&
    jsonEquals(slice.metadata.annotations ?? {}, annotations);
  if (same) return;
  client.update({ ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints, ports: [...ports] });
}

function create(client: ControllerClient, source: KubeObject, { addressType, endpoints, ports }: Mirror): void {
  const { namespace = '', name = '' } = source.metadata;
  client.create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${randomSuffix()}`,
      generateName: `${name}-`,
      namespace,
      labels: labelsOf(source),
      annotations: annotationsOf(source),
      ownerReferences: [controllerReference(source)],
    },
    addressType,
    endpoints,
    ports: [...ports],
  });
}
