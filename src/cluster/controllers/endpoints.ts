import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { objectsAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { isFinished, isReady, jsonOf, PODS, isTurn } from './pods.ts';
import { targetRef, writeSlices } from './endpoint-slices.ts';
import { controllerReference } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';

const SERVICES = { group: '', plural: 'services' } as const;
const ENDPOINTS = { group: '', plural: 'endpoints' } as const;

/** The maximum number of addresses in an Endpoints object. The EndpointSlices have all addresses. */
const CAPACITY = 1000;
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** Writes the EndpointSlices and the Endpoints of every Service with a selector. */
export const endpointsController: SimulatedController = {
  name: 'endpointslice-controller',
  target: targetIn(SERVICES),

  *keysOf(event, client) {
    if (concerns(event, '', 'services') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods') || !isTurn(event)) return;
    const { namespace = '' } = event.stored.object.metadata;
    for (const service of client.list(SERVICES, namespace)) {
      const objects = [event.stored.object, event.previous?.object].filter((object) => object !== undefined);
      if (objects.some((pod) => selects(service, pod))) yield `${namespace}/${service.metadata.name ?? ''}`;
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const service = client.get(SERVICES, namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined || selectorOf(service) === undefined)
      return;
    const pods = client
      .list(PODS, namespace)
      .filter((pod) => selects(service, pod) && !isFinished(pod) && typeof pod.status?.['podIP'] === 'string');
    writeSlices(client, service, pods, portsOf(service, pods));
    writeEndpoints(client, service, pods);
  },
};

function selectorOf(service: KubeObject): JsonObject | undefined {
  const selector = service.spec?.['selector'];
  return isJsonObject(selector) && Object.keys(selector).length > 0 ? selector : undefined;
}

function selects(service: KubeObject, pod: KubeObject): boolean {
  const selector = selectorOf(service);
  if (selector === undefined) return false;
  const labels = pod.metadata.labels ?? {};
  for (const key in selector) if (!Object.hasOwn(labels, key) || labels[key] !== selector[key]) return false;
  return true;
}

/** The ports of the pods. A named target port is resolved by the first pod that has a container port of that name. */
function portsOf(service: KubeObject, pods: readonly KubeObject[]): JsonObject[] {
  const ports = objectsAt(service.spec, 'ports');
  return ports.flatMap((port) => {
    const target = port['targetPort'] ?? port['port'];
    const number = typeof target === 'number' ? target : namedPort(String(target), pods);
    return number === undefined
      ? []
      : [{ name: port['name'] ?? '', port: number, protocol: port['protocol'] ?? 'TCP' }];
  });
}

function namedPort(name: string, pods: readonly KubeObject[]): number | undefined {
  for (const pod of pods) {
    const containers = objectsAt(pod.spec, 'containers');
    for (const container of containers) {
      const ports = objectsAt(container, 'ports');
      const found = ports.find((port) => port['name'] === name)?.['containerPort'];
      if (typeof found === 'number') return found;
    }
  }
  return undefined;
}

function writeEndpoints(client: ControllerClient, service: KubeObject, pods: readonly KubeObject[]): void {
  const { namespace = '', name = '' } = service.metadata;
  const ports = portsOf(service, pods).map(({ name: portName, ...port }) =>
    portName === '' ? port : { name: portName, ...port },
  );
  const ready = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  const notReady = pods.filter((pod) => !isReady(pod));
  const shownReady = ready.slice(0, CAPACITY);
  const shownNotReady = notReady.slice(0, CAPACITY - shownReady.length);
  const subset: JsonObject = {
    ...(shownReady.length > 0 ? { addresses: shownReady.map(addressOf) } : {}),
    ...(shownNotReady.length > 0 ? { notReadyAddresses: shownNotReady.map(addressOf) } : {}),
    ports,
  };
  const subsets = ready.length + notReady.length > 0 ? [subset] : [];
  const annotations = ready.length + notReady.length > CAPACITY ? { [OVER_CAPACITY]: 'truncated' } : {};
  const known = client.get(ENDPOINTS, namespace, name);
  if (known !== undefined) {
    const { [OVER_CAPACITY]: before, ...others } = known.metadata.annotations ?? {};
    if (jsonEquals(jsonOf(known)['subsets'] ?? [], subsets) && before === annotations[OVER_CAPACITY]) return;
    client.update({ ...known, metadata: { ...known.metadata, annotations: { ...others, ...annotations } }, subsets });
    return;
  }
  client.create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
      annotations,
      ownerReferences: [controllerReference(service)],
    },
    subsets,
  });
}

function addressOf(pod: KubeObject): JsonObject {
  return { ip: String(pod.status?.['podIP']), nodeName: pod.spec?.['nodeName'], targetRef: targetRef(pod) };
}
