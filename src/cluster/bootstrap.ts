import type { JsonObject, KubeObject } from '../core/index.ts';
import { loadData } from './data.ts';
import type { Api } from './api.ts';
import type { Resource } from './registry/resource.ts';
import { keyOf } from './store/store.ts';
import { decodeObject } from './types/decode.ts';

/**
 * The objects that every cluster begins with: the system's namespaces and the `kubernetes` Service. They stand here as
 * their types write them, so that no type need be read before a request names one. Controllers hear of them (`heard`).
 * Without controllers they are made on the first read.
 */
export function bootstrap(api: Api, heard: boolean): void {
  const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }));
  begin(api, 'namespaces', namespaces, heard);
  const address = api.addresses.first();
  const service = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }],
      clusterIP: address,
      clusterIPs: [address],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  };
  begin(api, 'services', [service], heard);
  seedRoles(api);
  for (const collection of api.store.collections()) collection.compact();
}

/** Stores an object of the system without the checks of a request. */
export function put(api: Api, group: string, plural: string, value: JsonObject): void {
  const resource = api.registry.findAny(group, plural);
  if (resource === undefined) return;
  const { key, object } = complete(api, typed(resource, value), api.timestamp());
  resource.collection.put(key, resource.toStorage(object));
}

/** Puts objects that are as their type stores them at the beginning of a collection. */
function begin(api: Api, plural: string, objects: readonly KubeObject[], heard: boolean) {
  const collection = api.store.collection('', plural);
  const created = api.timestamp();
  if (!heard) {
    collection.seedLater(objects.length, () => objects.map((object) => complete(api, object, created)));
    return;
  }
  for (const each of objects) {
    const { key, object } = complete(api, each, created);
    collection.put(key, object);
  }
}

/** What every object has that a server took. None of the system's kinds counts generations. */
function complete(api: Api, object: KubeObject, created: string): { key: string; object: KubeObject } {
  const { metadata } = object;
  metadata.uid = api.newUid();
  metadata.creationTimestamp = created;
  return { key: keyOf(metadata.namespace ?? '', metadata.name ?? ''), object };
}

/** A built-in object as its type writes it. */
function typed(resource: Resource, value: JsonObject): KubeObject {
  const named = { ...value, kind: resource.kind, apiVersion: resource.apiVersion };
  return decodeObject(resource.node, named).value as unknown as KubeObject;
}

/** How many objects of each kind the default roles and bindings are. */
const ROLE_COUNTS = { clusterroles: 69, clusterrolebindings: 50, roles: 7, rolebindings: 7 } as const;

/** Default roles and bindings; read on the first decision of access by RBAC, or on the first list of them. */
function seedRoles(api: Api) {
  const created = api.timestamp();
  for (const [plural, count] of Object.entries(ROLE_COUNTS)) {
    const resource = api.registry.findAny('rbac.authorization.k8s.io', plural);
    resource?.collection.seedLater(count, () =>
      (loadData('rbac-defaults')[plural] ?? []).map((value) =>
        complete(api, typed(resource, value as JsonObject), created),
      ),
    );
  }
}
