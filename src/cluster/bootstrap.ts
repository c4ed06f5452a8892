import type { JsonObject, KubeObject } from '../core/index.ts';
import { loadData } from './data.ts';
import type { Api } from './api.ts';
import type { Resource } from './registry/resource.ts';
import { keyOf } from './store/store.ts';
import { decodeObject } from './types/decode.ts';

/**
 * The objects that every cluster begins with: the system's namespaces and the `kubernetes` Service. They
 * stand here as their types write them, so that no type need be read before a request names one.
 */
export function bootstrap(api: Api): void {
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    putWritten(api, 'namespaces', {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
  const address = api.addresses.first();
  putWritten(api, 'services', {
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
  });
  seedRoles(api);
  for (const collection of api.store.collections()) collection.compact();
}

/** Stores an object of the system without the checks of a request. */
export function put(api: Api, group: string, plural: string, value: JsonObject): void {
  const resource = api.registry.findAny(group, plural);
  if (resource !== undefined) store(api, resource, typed(resource, value));
}

/** The same for an object that is as its type writes it. */
function putWritten(api: Api, plural: string, object: KubeObject) {
  const resource = api.registry.findAny('', plural);
  if (resource !== undefined) store(api, resource, object);
}

function store(api: Api, resource: Resource, object: KubeObject) {
  complete(api, object);
  const { namespace = '', name = '' } = object.metadata;
  resource.collection.put(keyOf(namespace, name), resource.toStorage(object));
}

/** None of the system's kinds counts generations. */
function complete(api: Api, object: KubeObject) {
  object.metadata.uid = api.newUid();
  object.metadata.creationTimestamp = api.timestamp();
}

/** A built-in object as its type writes it. */
function typed(resource: Resource, value: JsonObject): KubeObject {
  const named = { ...value, kind: resource.kind, apiVersion: resource.apiVersion };
  return decodeObject(resource.node, named).value as unknown as KubeObject;
}

/** How many objects of each kind the default roles and bindings are. */
const ROLE_COUNTS = { clusterroles: 69, clusterrolebindings: 50, roles: 7, rolebindings: 7 } as const;

/** Default roles and bindings; read when access is first decided by them or somebody lists them. */
function seedRoles(api: Api) {
  const created = api.timestamp();
  for (const [plural, count] of Object.entries(ROLE_COUNTS)) {
    const resource = api.registry.findAny('rbac.authorization.k8s.io', plural);
    resource?.collection.seedLater(count, () =>
      (loadData('rbac-defaults')[plural] ?? []).map((value) => {
        const object = typed(resource, value as JsonObject);
        complete(api, object);
        object.metadata.creationTimestamp = created;
        return { key: keyOf(object.metadata.namespace ?? '', object.metadata.name ?? ''), object };
      }),
    );
  }
}
