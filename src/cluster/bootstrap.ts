import type { JsonObject, KubeObject } from '../core/index.ts';
import { loadData } from './data.ts';
import type { Resource } from './registry/resource.ts';
import { storeKey } from './store/store.ts';
import { decodeObject } from './types/decode.ts';
import type { Clock } from './clock.ts';
import type { ServiceAddresses } from './kinds/service-addresses.ts';
import type { Registry } from './registry/registry.ts';
import type { Store } from './store/store.ts';
import { timestampOf } from './clock.ts';

/** What the first objects of a cluster are made with. */
export interface BootstrapContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly addresses: Pick<ServiceAddresses, 'first'>;
  readonly clock: Clock;
  readonly newUid: () => string;
}

/**
 * The objects that every cluster begins with: the system's namespaces and the `kubernetes` Service. They stand here as
 * their types write them, so that no type need be read before a request names one. Controllers hear of them (`heard`).
 * Without controllers they are made on the first read.
 */
export function bootstrap(context: BootstrapContext, heard: boolean): void {
  const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }));
  begin(context, 'namespaces', namespaces, heard);
  const address = context.addresses.first();
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
  begin(context, 'services', [service], heard);
  seedRoles(context);
  for (const collection of context.store.collections()) collection.compact();
}

/** Stores an object of the system without the checks of a request. */
export function put(context: BootstrapContext, group: string, plural: string, value: JsonObject): void {
  const resource = context.registry.findAny(group, plural);
  if (resource === undefined) return;
  const { key, object } = complete(context, typed(resource, value), timestampOf(context.clock));
  resource.collection.put(key, resource.toStorage(object));
}

/** Puts objects that are as their type stores them at the beginning of a collection. */
function begin(context: BootstrapContext, plural: string, objects: readonly KubeObject[], heard: boolean) {
  const collection = context.store.collection('', plural);
  const created = timestampOf(context.clock);
  if (!heard) {
    collection.seedLater(objects.length, () => objects.map((object) => complete(context, object, created)));
    return;
  }
  for (const each of objects) {
    const { key, object } = complete(context, each, created);
    collection.put(key, object);
  }
}

/** What every object has that a server took. None of the system's kinds counts generations. */
function complete(context: BootstrapContext, object: KubeObject, created: string): { key: string; object: KubeObject } {
  const { metadata } = object;
  metadata.uid = context.newUid();
  metadata.creationTimestamp = created;
  return { key: storeKey(metadata.namespace ?? '', metadata.name ?? ''), object };
}

/** A built-in object as its type writes it. */
function typed(resource: Resource, value: JsonObject): KubeObject {
  const named = { ...value, kind: resource.kind, apiVersion: resource.apiVersion };
  return decodeObject(resource.node, named).value as unknown as KubeObject;
}

/** How many objects of each kind the default roles and bindings are. */
const ROLE_COUNTS = { clusterroles: 69, clusterrolebindings: 50, roles: 7, rolebindings: 7 } as const;

/** Default roles and bindings; read on the first decision of access by RBAC, or on the first list of them. */
function seedRoles(context: BootstrapContext) {
  const created = timestampOf(context.clock);
  for (const [plural, count] of Object.entries(ROLE_COUNTS)) {
    const resource = context.registry.findAny('rbac.authorization.k8s.io', plural);
    resource?.collection.seedLater(count, () =>
      (loadData('rbac-defaults')[plural] ?? []).map((value) =>
        complete(context, typed(resource, value as JsonObject), created),
      ),
    );
  }
}
