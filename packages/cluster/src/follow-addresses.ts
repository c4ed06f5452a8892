import type { KubeObject } from '@typekro/kit/core';
import { listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { type ClusterClock, timestampOf } from './cluster-clock.ts';
import type { ServiceAddresses } from './kinds/network/service-addresses.ts';
import { type Store, storeKey } from './store/store.ts';

const GROUP = 'networking.k8s.io';
const MANAGER = 'ipallocator.k8s.io';
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';

/** The parts of the cluster that `followAddresses` uses. */
export interface AddressesContext {
  readonly store: Store;
  readonly addresses: ServiceAddresses;
  readonly clock: ClusterClock;
  readonly newUid: () => string;
  readonly onRestored: (() => void)[];
}

/**
 * Keeps one IPAddress per address of a Service, as the allocator of an API server does. New addresses come from the
 * IPv4 ranges of the ServiceCIDRs that are not being deleted. An address is not allocated when another client has
 * created an IPAddress for it. When a client deletes the IPAddress of a Service, it is created again, as the repair
 * loop of an API server does.
 */
export function followAddresses(context: AddressesContext): void {
  const { store, addresses } = context;
  const services = store.collection('', 'services');
  services.subscribe(({ type, stored, previous }) => {
    const after = type === 'DELETED' ? [] : addressesOf(stored.object);
    const before = previous === undefined ? [] : addressesOf(previous.object);
    for (const address of after) if (!before.includes(address)) keep(context, address, stored.object);
    for (const address of before) if (!after.includes(address)) drop(context, address, stored.key);
  });
  store.collection(GROUP, 'ipaddresses').subscribe(({ type, stored: { key, object } }) => {
    const holder = type === 'DELETED' ? holderOf(store, key, object) : undefined;
    if (holder !== undefined) keep(context, key, holder);
    else if (familyOfValid(key) !== 4) return;
    else if (type === 'ADDED') addresses.take(key);
    else if (type === 'DELETED') addresses.release(key);
  });
  store.collection(GROUP, 'servicecidrs').subscribe(() => addresses.setRanges(storedRanges(store)));
  const keepAll = () => {
    for (const { object } of services.all()) for (const address of addressesOf(object)) keep(context, address, object);
  };
  context.onRestored.push(keepAll);
  store.onRecovery(() => {
    keepAll();
    dropUnused(context);
  });
}

/**
 * The family of a valid address or range; 0 for `None`. This function does not validate its input, because Node's
 * `isIP` would load a module at the start of every cluster.
 */
const familyOfValid = (text: string): 0 | 4 | 6 => (text.includes(':') ? 6 : /^\d/.test(text) ? 4 : 0);

const addressesOf = ({ spec }: KubeObject): string[] =>
  listAt(spec, 'clusterIPs')
    .map(String)
    .filter((address) => familyOfValid(address) !== 0);

/** The IPv4 ranges of the ServiceCIDRs that are not being deleted. */
const storedRanges = (store: Store): string[] =>
  store
    .collection(GROUP, 'servicecidrs')
    .all()
    .filter(({ object }) => object.metadata.deletionTimestamp === undefined)
    .flatMap(({ object }) => listAt(object.spec, 'cidrs').map(String))
    .filter((range) => familyOfValid(range) === 4);

/**
 * The key of the Service that an IPAddress names as its parent; `undefined` when the parent is not a Service. Labels
 * are ignored, because clients may change them.
 */
function serviceOf({ spec }: KubeObject): string | undefined {
  const parent = objectAt(spec, 'parentRef');
  if (textAt(parent, 'group') !== '' || textAt(parent, 'resource') !== 'services') return undefined;
  return storeKey(textAt(parent, 'namespace'), textAt(parent, 'name'));
}

/** The Service that uses the address of a deleted IPAddress. */
function holderOf(store: Store, address: string, deleted: KubeObject): KubeObject | undefined {
  const services = store.collection('', 'services');
  const key = serviceOf(deleted);
  const candidates = key === undefined ? services.all() : [services.get(key)];
  return candidates.find((stored) => stored !== undefined && addressesOf(stored.object).includes(address))?.object;
}

/**
 * Makes the allocator use the IPv4 ranges of the stored ServiceCIDRs, and reserves the IPv4 addresses of the stored
 * IPAddresses.
 */
export function takeStoredAddresses({ store, addresses }: Pick<AddressesContext, 'store' | 'addresses'>): void {
  addresses.setRanges(storedRanges(store));
  for (const { key } of store.collection(GROUP, 'ipaddresses').all()) {
    if (familyOfValid(key) === 4) addresses.take(key);
  }
}

/** Builds the IPAddress for an address of a Service. */
export function ipAddressOf(address: string, service: KubeObject): KubeObject {
  const { namespace = '', name = '' } = service.metadata;
  return {
    kind: 'IPAddress',
    apiVersion: `${GROUP}/v1`,
    metadata: {
      name: address,
      labels: { 'ipaddress.kubernetes.io/ip-family': `IPv${familyOfValid(address)}`, [MANAGED_BY]: MANAGER },
    },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

function keep(context: AddressesContext, address: string, service: KubeObject): void {
  const collection = context.store.collection(GROUP, 'ipaddresses');
  if (collection.get(address) !== undefined) return;
  const object = ipAddressOf(address, service);
  object.metadata.uid = context.newUid();
  object.metadata.creationTimestamp = timestampOf(context.clock);
  collection.put(address, object);
}

/** Removes the allocator's IPAddresses whose Service no longer exists or no longer has the address. */
function dropUnused(context: AddressesContext): void {
  const { store } = context;
  for (const { key, object } of store.collection(GROUP, 'ipaddresses').all()) {
    const service = object.metadata.labels?.[MANAGED_BY] === MANAGER ? serviceOf(object) : undefined;
    if (service !== undefined && holderOf(store, key, object) === undefined) drop(context, key, service);
  }
}

/** Removes the IPAddress of an address that a Service no longer has, unless the IPAddress has another parent. */
function drop({ store }: AddressesContext, address: string, service: string): void {
  const collection = store.collection(GROUP, 'ipaddresses');
  const stored = collection.get(address);
  if (stored !== undefined && serviceOf(stored.object) === service) collection.remove(address);
}
