import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { isFinished, isReady, PODS } from './pods.ts';
import { controllerReference, randomSuffix } from './world.ts';
import type { World } from './world.ts';

const SERVICES = { group: '', plural: 'services' } as const;
const SLICES = { group: 'discovery.k8s.io', plural: 'endpointslices' } as const;
const ENDPOINTS = { group: '', plural: 'endpoints' } as const;
const SERVICE_NAME = 'kubernetes.io/service-name';

/** Gives every Service with a selector its EndpointSlice and its Endpoints. */
export const endpointsController: SimulatedController = {
  name: 'endpointslice-controller',
  target: targetIn(SERVICES),

  *keysOf(event, world) {
    if (concerns(event, '', 'services') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods')) return;
    const { namespace = '' } = event.stored.object.metadata;
    for (const service of world.list(SERVICES, namespace)) {
      const objects = [event.stored.object, event.previous?.object].filter((object) => object !== undefined);
      if (objects.some((pod) => selects(service, pod))) yield `${namespace}/${service.metadata.name ?? ''}`;
    }
  },

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const service = world.get(SERVICES, namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined || selectorOf(service) === undefined)
      return;
    const pods = world
      .list(PODS, namespace)
      .filter((pod) => selects(service, pod) && !isFinished(pod) && typeof pod.status?.['podIP'] === 'string');
    writeSlice(world, service, pods);
    writeEndpoints(world, service, pods);
  },
};

function selectorOf(service: KubeObject): JsonObject | undefined {
  const selector = service.spec?.['selector'];
  return isJsonObject(selector) && Object.keys(selector).length > 0 ? selector : undefined;
}

function selects(service: KubeObject, pod: KubeObject): boolean {
  const selector = selectorOf(service);
  const labels = pod.metadata.labels ?? {};
  return (
    selector !== undefined &&
    Object.entries(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
  );
}

/** The ports that pods are reached at; a target port by name is looked up in the first pod that has it. */
function portsOf(service: KubeObject, pods: readonly KubeObject[]): JsonObject[] {
  const ports = Array.isArray(service.spec?.['ports']) ? service.spec['ports'].filter(isJsonObject) : [];
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
    const containers = Array.isArray(pod.spec?.['containers']) ? pod.spec['containers'].filter(isJsonObject) : [];
    for (const container of containers) {
      const ports = Array.isArray(container['ports']) ? container['ports'].filter(isJsonObject) : [];
      const found = ports.find((port) => port['name'] === name)?.['containerPort'];
      if (typeof found === 'number') return found;
    }
  }
  return undefined;
}

function targetRef({ metadata }: KubeObject): JsonObject {
  return { kind: 'Pod', name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' };
}

function writeSlice(world: World, service: KubeObject, pods: readonly KubeObject[]): void {
  const { namespace = '', name = '' } = service.metadata;
  const content = {
    addressType: 'IPv4',
    endpoints: pods.map((pod) => {
      const ready = isReady(pod) && pod.metadata.deletionTimestamp === undefined;
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      return {
        addresses: [String(pod.status?.['podIP'])],
        conditions: { ready, serving: isReady(pod), terminating },
        nodeName: pod.spec?.['nodeName'],
        targetRef: targetRef(pod),
      };
    }),
    ports: portsOf(service, pods),
  };
  const known = world.list(SLICES, namespace).find((slice) => slice.metadata.labels?.[SERVICE_NAME] === name);
  if (known !== undefined) {
    world.update({ ...known, ...content });
    return;
  }
  world.create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${randomSuffix()}`,
      namespace,
      labels: {
        ...service.metadata.labels,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        [SERVICE_NAME]: name,
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': world.timestamp() },
      ownerReferences: [controllerReference(service)],
    },
    ...content,
  });
}

function writeEndpoints(world: World, service: KubeObject, pods: readonly KubeObject[]): void {
  const { namespace = '', name = '' } = service.metadata;
  const ports = portsOf(service, pods).map(({ name: portName, ...port }) =>
    portName === '' ? port : { name: portName, ...port },
  );
  const address = (pod: KubeObject): JsonObject => ({
    ip: String(pod.status?.['podIP']),
    nodeName: pod.spec?.['nodeName'],
    targetRef: targetRef(pod),
  });
  const ready = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).map(address);
  const notReady = pods.filter((pod) => !isReady(pod)).map(address);
  const subset: JsonObject = {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ports,
  };
  const subsets = ready.length + notReady.length > 0 ? [subset] : [];
  const known = world.get(ENDPOINTS, namespace, name);
  if (known !== undefined) {
    world.update({ ...known, subsets });
    return;
  }
  world.create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
      ownerReferences: [controllerReference(service)],
    },
    subsets,
  });
}
