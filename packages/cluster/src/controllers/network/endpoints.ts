import { type JsonObject, type KubeObject, isJsonObject, jsonEquals, oncePerObject } from '@typekro/kit/core';
import { type LabelMatcher, labelMapMatcher, objectsAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, keyOfObject, splitKey, targetIn } from '../simulated-controller.ts';
import { isFinished, isReady, isTerminating, PODS, isNotablePodEvent } from '../pods/pod-state.ts';
import { type PortGroup, groupByPorts, portSubsets } from './endpoint-ports.ts';
import { HEADLESS, hostnameIn, isHeadless, serviceOfSlice, targetRef, writeSlices } from './endpoint-slices.ts';
import { type ControllerClient, controllerReference } from '../controller-client.ts';

const SERVICES = { group: '', plural: 'services' } as const;
const ENDPOINTS = { group: '', plural: 'endpoints' } as const;

/** The maximum number of addresses in an Endpoints object. The EndpointSlices contain all addresses. */
const MAX_ADDRESSES = 1000;
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/**
 * Writes the EndpointSlices and the Endpoints of every Service with a selector, and writes them again after a client
 * has deleted them.
 */
export const endpointsController: SimulatedController = {
  name: 'endpointslice-controller',
  target: targetIn(SERVICES),

  *keysOf(event, client) {
    if (concerns(event, '', 'services') && event.type !== 'DELETED') yield event.stored.key;
    if (event.type === 'DELETED') {
      const owner = concerns(event, '', 'endpoints') ? event.stored.key : serviceOfSlice(event);
      if (owner !== undefined) yield owner;
    }
    if (!concerns(event, '', 'pods') || !isNotablePodEvent(event)) return;
    const { namespace = '' } = event.stored.object.metadata;
    const states = [event.stored.object, event.previous?.object].filter((object) => object !== undefined);
    for (const service of client.list(SERVICES, namespace)) {
      const matches = matcherOf(service);
      if (matches !== undefined && states.some((pod) => matches(pod.metadata.labels))) yield keyOfObject(service);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const service = client.get(SERVICES, namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    const matches = matcherOf(service);
    if (matches === undefined || service.spec?.['type'] === 'ExternalName') return;
    const pods = client
      .list(PODS, namespace)
      .filter((pod) => matches(pod.metadata.labels) && !isFinished(pod) && typeof pod.status?.['podIP'] === 'string');
    const groups = groupByPorts(service, pods);
    writeSlices(client, service, groups);
    writeEndpoints(client, service, withAddresses(service, groups));
  },
};

/**
 * Returns the groups whose addresses are in the Endpoints. A group without ports is included only if the Service is
 * headless and has no ports.
 */
function withAddresses(service: KubeObject, groups: readonly PortGroup[]): readonly PortGroup[] {
  if (objectsAt(service.spec, 'ports').length > 0) return groups.filter(({ ports }) => ports.length > 0);
  return isHeadless(service) ? groups : [];
}

/** Returns the matcher of a Service; `undefined` for a Service without a selector. */
function matcherOf(service: KubeObject): LabelMatcher | undefined {
  const selector = service.spec?.['selector'];
  return isJsonObject(selector) ? nonEmptyMatcher(selector) : undefined;
}

const nonEmptyMatcher = oncePerObject((selector: JsonObject) =>
  Object.keys(selector).length === 0 ? undefined : labelMapMatcher(selector),
);

function writeEndpoints(client: ControllerClient, service: KubeObject, groups: readonly PortGroup[]): void {
  const { namespace = '', name = '' } = service.metadata;
  const { subsets, truncated } = subsetsOf(service, groups);
  const annotations = truncated ? { [OVER_CAPACITY]: 'truncated' } : {};
  const labels = {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
  };
  const known = client.get(ENDPOINTS, namespace, name);
  if (known !== undefined) {
    const { [OVER_CAPACITY]: before, ...others } = known.metadata.annotations ?? {};
    const same = jsonEquals(known['subsets'] ?? [], subsets) && before === annotations[OVER_CAPACITY];
    if (same && jsonEquals(known.metadata.labels ?? {}, labels)) return;
    const metadata = { ...known.metadata, labels, annotations: { ...others, ...annotations } };
    client.update({ ...known, metadata, subsets });
    return;
  }
  client.create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, labels, annotations, ownerReferences: [controllerReference(service)] },
    subsets,
  });
}

/**
 * Returns the subsets of an Endpoints object, with at most `MAX_ADDRESSES` addresses in total. If not all pods of a
 * subset fit, its ready pods come first.
 */
function subsetsOf(
  service: KubeObject,
  groups: readonly PortGroup[],
): { readonly subsets: JsonObject[]; readonly truncated: boolean } {
  const publishes = service.spec?.['publishNotReadyAddresses'] === true;
  let room = MAX_ADDRESSES;
  let truncated = false;
  const subsets: JsonObject[] = [];
  for (const { ports, pods } of portSubsets(groups)) {
    const shown = pods.filter((pod) => publishes || !isTerminating(pod));
    const ready = shown.filter((pod) => publishes || isReady(pod));
    const notReady = shown.filter((pod) => !publishes && !isReady(pod));
    const shownReady = ready.slice(0, room);
    const shownNotReady = notReady.slice(0, room - shownReady.length);
    if (shownReady.length + shownNotReady.length < shown.length) truncated = true;
    room -= shownReady.length + shownNotReady.length;
    if (shownReady.length + shownNotReady.length === 0) continue;
    const addressIn = (pod: KubeObject) => addressOf(service, pod);
    subsets.push({
      ...(shownReady.length > 0 ? { addresses: shownReady.map(addressIn) } : {}),
      ...(shownNotReady.length > 0 ? { notReadyAddresses: shownNotReady.map(addressIn) } : {}),
      ...(ports.length > 0 ? { ports: ports.map(unnamed) } : {}),
    });
  }
  return { subsets, truncated };
}

/** Returns a port. An empty name is left out, because an Endpoints object may not have one. */
function unnamed({ name, ...port }: JsonObject): JsonObject {
  return name === '' ? port : { name, ...port };
}

function addressOf(service: KubeObject, pod: KubeObject): JsonObject {
  const hostname = hostnameIn(service, pod);
  return {
    ip: String(pod.status?.['podIP']),
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: pod.spec?.['nodeName'],
    targetRef: targetRef(pod),
  };
}
