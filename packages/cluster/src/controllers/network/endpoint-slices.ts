import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type PortGroup, portsKey } from './endpoint-ports.ts';
import { NODES } from '../nodes/simulated-node.ts';
import { isReady } from '../pods/pod-state.ts';
import type { StoreEvent } from '../../store/store.ts';
import { randomSuffix } from '../../verbs/write.ts';
import { type ControllerClient, controllerReference } from '../controller-client.ts';

const SLICES = { group: 'discovery.k8s.io', plural: 'endpointslices' } as const;
const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';

/** Returns the key of the Service whose slice the event is about, or `undefined` for any other event. */
export function serviceOfSlice({ collection, stored: { object } }: StoreEvent): string | undefined {
  if (collection.plural !== SLICES.plural || collection.group !== SLICES.group) return undefined;
  const { namespace = '', labels } = object.metadata;
  return labels?.[MANAGED_BY] === MANAGER ? `${namespace}/${labels[SERVICE_NAME] ?? ''}` : undefined;
}

/** The maximum number of endpoints in a slice (Kubernetes' default). */
const MAX_ENDPOINTS = 100;

/** The label of the slices and Endpoints of a headless Service. */
export const HEADLESS = 'service.kubernetes.io/headless';

export function isHeadless({ spec }: KubeObject): boolean {
  const address = spec?.['clusterIP'];
  return spec?.['type'] !== 'ExternalName' && (address === undefined || address === '' || address === 'None');
}

/**
 * Returns the name of a pod in the DNS of a Service: the pod's `hostname`, if its `subdomain` is the name of the
 * Service.
 */
export function hostnameIn(service: KubeObject, pod: KubeObject): string | undefined {
  const hostname = textAt(pod.spec, 'hostname');
  return hostname !== '' && textAt(pod.spec, 'subdomain') === service.metadata.name ? hostname : undefined;
}

/** The fields of a pod's endpoint that depend on its Service and its node. */
interface Surroundings {
  readonly publishes: boolean;
  readonly hostname: string | undefined;
  readonly zone: string | undefined;
}

/**
 * The endpoint that was last made for each pod, keyed by the stored object. A changed pod is a new object, so it gets a
 * new entry.
 */
const made = new WeakMap<KubeObject, { readonly in: Surroundings; readonly endpoint: JsonObject }>();

/** Creates the endpoints for the pods of a Service. Reads the zone of each node once. */
class EndpointMaker {
  readonly #client: ControllerClient;
  readonly #service: KubeObject;
  readonly #publishes: boolean;
  readonly #zones = new Map<string, string | undefined>();

  constructor(client: ControllerClient, service: KubeObject) {
    this.#client = client;
    this.#service = service;
    this.#publishes = service.spec?.['publishNotReadyAddresses'] === true;
  }

  endpointOf(pod: KubeObject): JsonObject {
    return endpointIn(pod, {
      publishes: this.#publishes,
      hostname: hostnameIn(this.#service, pod),
      zone: this.#zoneOf(textAt(pod.spec, 'nodeName')),
    });
  }

  #zoneOf(nodeName: string): string | undefined {
    if (this.#zones.has(nodeName)) return this.#zones.get(nodeName);
    const zone = this.#client.get(NODES, '', nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'];
    this.#zones.set(nodeName, zone);
    return zone;
  }
}

function endpointIn(pod: KubeObject, surroundings: Surroundings): JsonObject {
  const { publishes, hostname, zone } = surroundings;
  const known = made.get(pod);
  if (known?.in.publishes === publishes && known.in.zone === zone && known.in.hostname === hostname) {
    return known.endpoint;
  }
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const endpoint: JsonObject = {
    addresses: [String(pod.status?.['podIP'])],
    conditions: { ready: publishes || (isReady(pod) && !terminating), serving: isReady(pod), terminating },
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: pod.spec?.['nodeName'],
    targetRef: targetRef(pod),
    ...(zone === undefined ? {} : { zone }),
  };
  made.set(pod, { in: surroundings, endpoint });
  return endpoint;
}

/**
 * The endpoints that were last written into each slice. Comparing them is fast, because unchanged pods have identical
 * endpoint objects.
 */
const written = new WeakMap<KubeObject, JsonObject[]>();

export function targetRef({ metadata }: KubeObject): JsonObject {
  return { kind: 'Pod', name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' };
}

interface KeptSlice {
  readonly slice: KubeObject;
  endpoints: JsonObject[];
  ports: readonly JsonObject[];
}

/**
 * Writes the EndpointSlices of a Service: slices for each group of pods with the same ports. An endpoint stays in its
 * slice, and new endpoints fill slices that are not full, so that a change of one pod changes one slice. A slice
 * without endpoints is reused or deleted. The last slice is kept, empty and without ports, to tell clients that the
 * Service has no endpoints.
 */
export function writeSlices(client: ControllerClient, service: KubeObject, groups: readonly PortGroup[]): void {
  const slices = client.controlled(service, SLICES).filter((slice) => slice.metadata.labels?.[MANAGED_BY] === MANAGER);
  const byPorts = new Map<string, KubeObject[]>();
  for (const slice of slices) {
    const key = portsKey(objectsAt(slice, 'ports'));
    byPorts.set(key, [...(byPorts.get(key) ?? []), slice]);
  }
  const maker = new EndpointMaker(client, service);
  const kept: KeptSlice[] = [];
  const unplaced: { endpoints: JsonObject[]; ports: readonly JsonObject[] }[] = [];
  for (const { ports, pods } of groups) {
    const key = portsKey(ports);
    const { filled, rest } = fill(maker, byPorts.get(key) ?? [], { ports, pods });
    byPorts.delete(key);
    kept.push(...filled);
    while (rest.length > 0) unplaced.push({ endpoints: rest.splice(0, MAX_ENDPOINTS), ports });
  }
  for (const slice of [...byPorts.values()].flat()) kept.push({ slice, endpoints: [], ports: [] });
  // Empty slices are reused for the endpoints that do not fit into other slices.
  const [empty, used] = [kept.filter(isEmpty), kept.filter((entry) => !isEmpty(entry))];
  for (const entry of empty) {
    const next = unplaced.shift();
    if (next !== undefined) used.push(Object.assign(entry, next));
    else if (used.length === 0) used.push(Object.assign(entry, { ports: [] }));
    else client.remove(entry.slice);
  }
  for (const entry of used) write(client, service, entry);
  if (used.length === 0 && unplaced.length === 0) unplaced.push({ endpoints: [], ports: [] });
  for (const { endpoints, ports } of unplaced) create(client, service, endpoints, ports);
}

const isEmpty = ({ endpoints }: KeptSlice): boolean => endpoints.length === 0;

/**
 * Distributes the pods of a group over the slices that have the group's ports. `rest` contains the endpoints that do
 * not fit.
 */
function fill(
  maker: EndpointMaker,
  slices: readonly KubeObject[],
  { ports, pods }: PortGroup,
): { filled: KeptSlice[]; rest: JsonObject[] } {
  const missing = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
  const filled = slices.map((slice) => {
    const endpoints = objectsAt(slice, 'endpoints').flatMap((endpoint) => {
      const uid = textAt(objectAt(endpoint, 'targetRef'), 'uid');
      const pod = missing.get(uid);
      missing.delete(uid);
      return pod === undefined ? [] : [maker.endpointOf(pod)];
    });
    return { slice, endpoints, ports };
  });
  const rest = [...missing.values()].map((pod) => maker.endpointOf(pod));
  for (const { endpoints } of filled) {
    // Skips an empty slice, so that `writeSlices` can assign it to any group.
    if (endpoints.length > 0) endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - endpoints.length)));
  }
  return { filled, rest };
}

function write(client: ControllerClient, service: KubeObject, { slice, endpoints, ports }: KeptSlice): void {
  const labels = labelsOf(service);
  const same =
    jsonEquals(written.get(slice) ?? slice['endpoints'] ?? [], endpoints) &&
    jsonEquals(slice['ports'] ?? [], [...ports]) &&
    jsonEquals(slice.metadata.labels ?? {}, labels);
  if (same) return;
  const metadata = { ...slice.metadata, labels };
  written.set(client.update({ ...slice, metadata, endpoints, ports: [...ports] }), endpoints);
}

function labelsOf(service: KubeObject): Record<string, string> {
  return {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [MANAGED_BY]: MANAGER,
    [SERVICE_NAME]: service.metadata.name ?? '',
  };
}

function create(
  client: ControllerClient,
  service: KubeObject,
  endpoints: JsonObject[],
  ports: readonly JsonObject[],
): void {
  const { namespace = '', name = '' } = service.metadata;
  const slice = client.create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${randomSuffix()}`,
      generateName: `${name}-`,
      namespace,
      labels: labelsOf(service),
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': client.timestamp() },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports: [...ports],
  });
  written.set(slice, endpoints);
}
