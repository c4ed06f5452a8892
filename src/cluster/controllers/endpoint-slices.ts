import type { JsonObject, KubeObject } from '../../core/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import { isReady, jsonOf } from './pods.ts';
import { controllerReference, randomSuffix } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';

const SLICES = { group: 'discovery.k8s.io', plural: 'endpointslices' } as const;
const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';

/** The maximum number of endpoints in a slice (Kubernetes' default). */
const PER_SLICE = 100;

/** The endpoint of each pod. The key is the stored object, so a changed pod has another entry. */
const made = new WeakMap<KubeObject, JsonObject>();

function endpointOf(pod: KubeObject): JsonObject {
  const known = made.get(pod);
  if (known !== undefined) return known;
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const endpoint: JsonObject = {
    addresses: [String(pod.status?.['podIP'])],
    conditions: { ready: isReady(pod) && !terminating, serving: isReady(pod), terminating },
    nodeName: pod.spec?.['nodeName'],
    targetRef: targetRef(pod),
  };
  made.set(pod, endpoint);
  return endpoint;
}

/**
 * The endpoints that were last written into each slice. The comparison with them is fast, because unchanged pods have
 * the same endpoint objects.
 */
const written = new WeakMap<KubeObject, JsonObject[]>();

export function targetRef({ metadata }: KubeObject): JsonObject {
  return { kind: 'Pod', name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' };
}

/**
 * Writes the EndpointSlices of a Service. An endpoint stays in its slice, and new endpoints fill slices with room. A
 * slice that lost all its endpoints is deleted unless it is the last slice. A change of one pod therefore changes one
 * slice.
 */
export function writeSlices(
  client: ControllerClient,
  service: KubeObject,
  pods: readonly KubeObject[],
  ports: JsonObject[],
): void {
  const slices = client.controlled(service, SLICES).filter((slice) => slice.metadata.labels?.[MANAGED_BY] === MANAGER);
  const missing = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
  const kept = slices.map((slice) => {
    const endpoints = objectsAt(jsonOf(slice), 'endpoints').flatMap((endpoint) => {
      const uid = textAt(objectAt(endpoint, 'targetRef'), 'uid');
      const pod = missing.get(uid);
      missing.delete(uid);
      return pod === undefined ? [] : [endpointOf(pod)];
    });
    return { slice, endpoints };
  });
  const rest = [...missing.values()].map(endpointOf);
  for (const { endpoints } of kept) endpoints.push(...rest.splice(0, Math.max(0, PER_SLICE - endpoints.length)));
  let filled = kept.some(({ endpoints }) => endpoints.length > 0) || rest.length > 0;
  for (const { slice, endpoints } of kept) {
    if (endpoints.length === 0 && filled) client.remove(slice);
    else {
      // A Service without pods keeps one empty slice. By this slice clients learn that the Service has no endpoints.
      filled = true;
      const same =
        jsonEquals(written.get(slice) ?? jsonOf(slice)['endpoints'] ?? [], endpoints) &&
        jsonEquals(jsonOf(slice)['ports'] ?? [], ports);
      if (!same) written.set(client.update({ ...slice, endpoints, ports }), endpoints);
    }
  }
  if (kept.length === 0 && rest.length === 0) create(client, service, [], ports);
  while (rest.length > 0) create(client, service, rest.splice(0, PER_SLICE), ports);
}

function create(client: ControllerClient, service: KubeObject, endpoints: JsonObject[], ports: JsonObject[]): void {
  const { namespace = '', name = '' } = service.metadata;
  const slice = client.create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${randomSuffix()}`,
      generateName: `${name}-`,
      namespace,
      labels: { ...service.metadata.labels, [MANAGED_BY]: MANAGER, [SERVICE_NAME]: name },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': client.timestamp() },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  });
  written.set(slice, endpoints);
}
