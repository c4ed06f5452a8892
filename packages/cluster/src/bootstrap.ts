import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { type FrontProxy, authenticationSettings } from './aggregation/front-proxy.ts';
import { loadData } from './kubernetes-data.ts';
import { ROLE_KINDS } from './release.ts';
import { ipAddressOf } from './follow-addresses.ts';
import type { ServedResource } from './registry/served-resource.ts';
import { type Collection, type Store, storeKey } from './store/store.ts';
import { type ClusterClock, timestampOf } from './cluster-clock.ts';
import type { ClusterOptions, ServerAddress } from './cluster-options.ts';
import type { ServiceAddresses } from './kinds/network/service-addresses.ts';
import type { Registry } from './registry/registry.ts';

const NETWORKING = 'networking.k8s.io';

/** The address of the simulated node. */
export const NODE_ADDRESS = '10.0.0.10';

const ON_NODE: ServerAddress = { ip: NODE_ADDRESS, port: 6443 };

/** The parts of the cluster that `bootstrap` uses. */
export interface BootstrapContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly addresses: Pick<ServiceAddresses, 'first' | 'cidr'>;
  readonly clock: ClusterClock;
  readonly options: Pick<ClusterOptions, 'serverAddress'>;
  readonly newUid: () => string;
  /** The identity of the cluster towards other API servers. */
  readonly frontProxy: () => FrontProxy;
  /** Listeners that are called after the whole state has been replaced. */
  readonly onRestored: (() => void)[];
}

/**
 * Creates the objects of a new cluster: the system namespaces, the `kubernetes` Service with its address and endpoints,
 * and the range of Service addresses. It also creates the settings for other API servers, the default roles, and the
 * system objects. The roles and the system objects are in data files, all other objects in this code. All are stored in
 * decoded form, so the start of a cluster needs no data about built-in types. If `emitEvents` is true, the objects in
 * this code are created immediately, and controllers receive their events. The objects of the data files are created by
 * the first access to their collection. If `emitEvents` is false, all objects are created in this way.
 */
export function bootstrap(context: BootstrapContext, emitEvents: boolean): void {
  const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }));
  begin(context, '', 'namespaces', namespaces, emitEvents);
  const address = context.addresses.first();
  const server = context.options.serverAddress ?? ON_NODE;
  const service = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: server.port }],
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
  begin(context, '', 'services', [service], emitEvents);
  if (!emitEvents) begin(context, NETWORKING, 'ipaddresses', [ipAddressOf(address, service)], emitEvents);
  for (const { group, plural, object } of networkObjects(context)) begin(context, group, plural, [object], emitEvents);
  seedAuthentication(context, emitEvents);
  seedRoles(context);
  seedSystemObjects(context);
  afterRestore(context, () => {
    addMissing(context);
    const services = context.store.collection('', 'services');
    const present = services.get(storeKey('default', 'kubernetes'))?.object;
    if (present !== undefined) {
      correct(services, present, { spec: { ...objectAt(present, 'spec'), ports: service.spec.ports } });
    }
  });
  for (const collection of context.store.collections()) collection.compact();
}

/** Calls the listener after the state was replaced, and when the store accepts changes again after a failure. */
function afterRestore({ onRestored, store }: BootstrapContext, listener: () => void): void {
  onRestored.push(listener);
  store.onRecovery(listener);
}

/**
 * Returns the objects from which clients read the range of Service addresses and the endpoints of the server. `address`
 * has the members that depend on the address of the server.
 */
function networkObjects(context: BootstrapContext) {
  const { endpoints, slice } = serverEndpoints(context.options.serverAddress ?? ON_NODE);
  const { subsets } = endpoints;
  const { addressType, endpoints: addresses, ports } = slice;
  return [
    { group: NETWORKING, plural: 'servicecidrs', object: serviceRange(context), address: {} },
    { group: '', plural: 'endpoints', object: endpoints, address: { subsets } },
    {
      group: 'discovery.k8s.io',
      plural: 'endpointslices',
      object: slice,
      address: { addressType, endpoints: addresses, ports },
    },
  ];
}

/**
 * Adds the objects of `networkObjects` and the system objects that a restored state lacks, like an API server at its
 * start. The state can come from an earlier release without these objects. The endpoints of the server get its current
 * address, because the state may come from a cluster with another `serverAddress`.
 */
function addMissing(context: BootstrapContext): void {
  const created = timestampOf(context.clock);
  for (const { group, plural, object: missing, address } of networkObjects(context)) {
    const collection = context.store.collection(group, plural);
    const { namespace = '', name = '' } = missing.metadata;
    const present = collection.get(storeKey(namespace, name))?.object;
    if (present === undefined) {
      const { key, object } = complete(context, missing, created);
      collection.put(key, object);
    } else correct(collection, present, address);
  }
  for (const [group, plural] of SYSTEM_OBJECTS) {
    const collection = context.store.collection(group, plural);
    for (const { key, object } of systemObjects(context, group, plural, created)) {
      if (collection.get(key) === undefined) collection.put(key, object);
    }
  }
}

/** Gives a stored object these members, unless it has them already. */
function correct(collection: Collection, present: KubeObject, members: JsonObject): void {
  const isRight = ([member, value]: [string, JsonValue | undefined]) =>
    jsonEquals(present[member] ?? null, value ?? null);
  if (Object.entries(members).every(isRight)) return;
  const { namespace = '', name = '' } = present.metadata;
  collection.put(storeKey(namespace, name), { ...present, ...members });
}

const AUTHENTICATION = { name: 'extension-apiserver-authentication', namespace: 'kube-system' };

/** Adds the ConfigMap with the CA and the header names by which other API servers authenticate forwarded requests. */
function seedAuthentication(context: BootstrapContext, emitEvents: boolean): void {
  const configMaps = context.store.collection('', 'configmaps');
  const created = timestampOf(context.clock);
  const make = () => {
    const data = authenticationSettings(context.frontProxy().ca);
    return complete(context, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { ...AUTHENTICATION }, data }, created);
  };
  if (emitEvents) {
    const { key, object } = make();
    configMaps.put(key, object);
  } else configMaps.seedLater(1, () => [make()]);
  afterRestore(context, () => {
    const key = storeKey(AUTHENTICATION.namespace, AUTHENTICATION.name);
    const present = configMaps.get(key)?.object;
    const data = authenticationSettings(context.frontProxy().ca);
    if (present === undefined) configMaps.put(key, make().object);
    else correct(configMaps, present, { data });
  });
}

/** Returns the range of Service addresses. */
function serviceRange({ addresses, clock }: BootstrapContext): KubeObject {
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: timestampOf(clock),
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return {
    kind: 'ServiceCIDR',
    apiVersion: `${NETWORKING}/v1`,
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [addresses.cidr] },
    status: { conditions: [condition] },
  };
}

/** Returns the Endpoints and the EndpointSlice of the `kubernetes` Service. */
function serverEndpoints(server: ServerAddress) {
  const port = { name: 'https', port: server.port, protocol: 'TCP' };
  const place = { name: 'kubernetes', namespace: 'default' };
  return {
    endpoints: {
      kind: 'Endpoints',
      apiVersion: 'v1',
      metadata: { ...place, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: server.ip }], ports: [port] }],
    },
    slice: {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: { ...place, generation: 1, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: server.ip.includes(':') ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [server.ip], conditions: { ready: true } }],
      ports: [port],
    },
  };
}

/** Stores the initial objects of a collection. The objects are already decoded. */
function begin(
  context: BootstrapContext,
  group: string,
  plural: string,
  objects: readonly KubeObject[],
  emitEvents: boolean,
) {
  const collection = context.store.collection(group, plural);
  const created = timestampOf(context.clock);
  if (!emitEvents) {
    collection.seedLater(objects.length, () => objects.map((object) => complete(context, object, created)));
    return;
  }
  for (const each of objects) {
    const { key, object } = complete(context, each, created);
    collection.put(key, object);
  }
}

/**
 * Adds the metadata that a server sets on every object. Does not set `generation`: an object of a kind with generations
 * must already have it.
 */
export function complete(
  context: BootstrapContext,
  object: KubeObject,
  created: string,
): { key: string; object: KubeObject } {
  const { metadata } = object;
  metadata.uid = context.newUid();
  metadata.creationTimestamp = created;
  return { key: storeKey(metadata.namespace ?? '', metadata.name ?? ''), object };
}

/**
 * Returns an object of the data files with its kind. The objects are stored in decoded form, so that the first
 * authorization loads no decoder. The content of the files is shared, so the caller may change only the metadata.
 */
function ofKind({ kind, apiVersion }: ServedResource, value: JsonObject): KubeObject {
  return { kind, apiVersion, ...value, metadata: { ...objectAt(value, 'metadata') } };
}

/** The objects that a server creates for itself: the group, the resource, and the number of objects. */
const SYSTEM_OBJECTS = [
  ['apiregistration.k8s.io', 'apiservices', 21],
  ['flowcontrol.apiserver.k8s.io', 'flowschemas', 11],
  ['flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations', 8],
] as const;

/**
 * Adds the APIServices of the built-in groups, and the default FlowSchemas with their priority levels. None of these
 * objects affects requests. The first read of a collection creates its objects.
 */
function seedSystemObjects(context: BootstrapContext) {
  const created = timestampOf(context.clock);
  for (const [group, plural, count] of SYSTEM_OBJECTS) {
    const collection = context.store.collection(group, plural);
    collection.seedLater(count, () => systemObjects(context, group, plural, created));
  }
}

function systemObjects(context: BootstrapContext, group: string, plural: string, created: string) {
  const resource = context.registry.findAny(group, plural);
  if (resource === undefined) return [];
  return (loadData('system-objects')[plural] ?? []).map((value) => {
    const conditions = objectsAt(objectAt(value, 'status'), 'conditions');
    const dated = conditions.map((condition) => ({ ...condition, lastTransitionTime: created }));
    const status = conditions.length === 0 ? {} : { status: { conditions: dated } };
    return complete(context, ofKind(resource, { ...value, ...status }), created);
  });
}

/**
 * Adds the default roles and bindings. The first access to a collection, by an RBAC decision or a request, creates its
 * objects.
 */
function seedRoles(context: BootstrapContext) {
  const created = timestampOf(context.clock);
  const { registry } = context;
  for (const plural of ROLE_KINDS) {
    const resource = registry.findAny('rbac.authorization.k8s.io', plural);
    resource?.collection.seedLater(registry.release.roleCount(plural), () =>
      registry.release.defaultRoles(plural).map((value) => complete(context, ofKind(resource, value), created)),
    );
  }
}
