import { type KubeObject, parseApiVersion, TypeKroError } from '@typekro/kit/core';
import { numberAt, objectsAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import { callEach } from './call-each.ts';
import { type DefinitionsContext, republishDefinitions } from './definitions/follow-definitions.ts';
import { takeStoredAddresses } from './follow-addresses.ts';
import { keyOfObject } from './controllers/simulated-controller.ts';
import type { PodLogs, SnapshotLog } from './pod-logs.ts';
import { throwOthersThanNotStored } from './store/journal.ts';
import { Stored } from './store/stored.ts';
import { deepFreeze } from './types/parts.ts';
import type { OpenStreams } from './protocol/open-streams.ts';

/** The objects of one resource in a snapshot. */
export interface SnapshotCollection {
  readonly group: string;
  readonly plural: string;
  /** The objects in their storage version, ordered by key (`namespace/name`). */
  readonly items: readonly KubeObject[];
}

/**
 * The content of a cluster at one point in time: the objects of all kinds with their resource versions and uids, and
 * the logs of pods. The objects include CustomResourceDefinitions and RBAC objects. A snapshot is plain, immutable
 * data, so it can be serialized. It can be restored any number of times, also in other clusters.
 */
export interface ClusterSnapshot {
  /** The resource version of the latest write. */
  readonly resourceVersion: string;
  readonly collections: readonly SnapshotCollection[];
  readonly logs: readonly SnapshotLog[];
}

/** The parts of the cluster that the functions for snapshots use. */
export interface SnapshotContext extends DefinitionsContext {
  readonly logs: PodLogs;
  readonly streams: OpenStreams;
  /** Listeners that are called before the whole state is replaced. If one of them throws, the state is not replaced. */
  readonly beforeRestore: ((snapshot: ClusterSnapshot) => void)[];
  /**
   * Listeners that are called after the whole state has been replaced. All of them are called. If a listener's change
   * cannot be stored, the listener must make the change again through `Store.onRecovery`.
   */
  readonly onRestored: (() => void)[];
}

/** Takes a snapshot of the cluster's current content. */
export function snapshotCluster({ store, logs }: Pick<SnapshotContext, 'store' | 'logs'>): ClusterSnapshot {
  const collections: SnapshotCollection[] = [];
  for (const collection of store.collections()) {
    if (collection.size === 0) continue;
    const { group, plural } = collection;
    collections.push({ group, plural, items: collection.all().map(({ object }) => object) });
  }
  return { resourceVersion: String(store.version), collections, logs: logs.dump() };
}

/**
 * Restores the state of a snapshot. Objects get the resource versions and uids of the snapshot, but the version counter
 * never decreases. The addresses and ports of Services are allocated again. Open watches, and requests for versions
 * before the restore, end with `410 Expired`, so clients list again.
 *
 * @throws NotStored when the content cannot be stored in the cluster's `stateDirectory`. In this case the cluster does
 *   not change.
 */
export function restoreSnapshot(context: SnapshotContext, snapshot: ClusterSnapshot): void {
  // A malformed object throws here, before a listener replaces the files in the `stateDirectory`.
  const collections = snapshot.collections.map(({ group, plural, items }) => {
    const stored = items.map((object) => new Stored(keyOfObject(object), deepFreeze(object), versionOf(object)));
    return { group, plural, stored: stored.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  });
  const contents = () =>
    collections.map(({ group, plural, stored }) => [context.store.collection(group, plural), stored] as const);
  for (const listener of context.beforeRestore) listener(snapshot);
  republishDefinitions(context, () => context.store.reset(Number(snapshot.resourceVersion), contents()));
  takeAddresses(context);
  context.logs.load(snapshot.logs);
  for (const stream of context.streams) stream.expire();
  throwOthersThanNotStored(callEach(context.onRestored));
}

/**
 * Refuses a snapshot with an object that no API server stores at its place, as in a file that was changed: of a kind
 * that the cluster and the snapshot do not define, among objects of another kind, twice, or with a path as its name.
 *
 * @throws TypeKroError `cluster/snapshot-unreadable`
 */
export function checkSnapshot({ registry }: Pick<SnapshotContext, 'registry'>, snapshot: ClusterSnapshot): void {
  const definitions = snapshot.collections.find(({ plural }) => plural === 'customresourcedefinitions')?.items ?? [];
  const kinds = new Map(
    definitions.map(({ metadata, spec }) => [metadata.name ?? '', textAt(spec, 'names', 'kind')] as const),
  );
  for (const { group, plural, items } of snapshot.collections) {
    const builtin = registry.findAny(group, plural);
    const kind = builtin?.custom === undefined ? builtin?.kind : undefined;
    const keys = new Set<string>();
    for (const object of items) {
      const { namespace = '', name = '' } = object.metadata;
      const isOfKind = object.kind === (kind ?? kinds.get(`${plural}.${group}`));
      const isOfGroup = parseApiVersion(object.apiVersion).group === group;
      const key = keyOfObject(object);
      const problems = [...pathSegment(namespace), ...pathSegment(name)];
      if (isOfKind && isOfGroup && problems.length === 0 && keys.size < keys.add(key).size) continue;
      const what = `${object.apiVersion} ${object.kind} ${key}`;
      throw new TypeKroError(`the snapshot was changed: it cannot have ${what} in ${plural} of the group "${group}"`, {
        code: 'cluster/snapshot-unreadable',
        remedy: 'restore it as it was taken, or take it again',
      });
    }
  }
}

const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0);

/** Allocates the addresses and ports of the stored Services, and releases all others. */
function takeAddresses({ addresses, store }: Pick<SnapshotContext, 'addresses' | 'store'>): void {
  addresses.reset();
  takeStoredAddresses({ addresses, store });
  for (const { object } of store.collection('', 'services').all()) {
    const address = textAt(object.spec, 'clusterIP');
    if (address !== '' && address !== 'None') addresses.take(address);
    for (const port of objectsAt(object.spec, 'ports')) {
      const nodePort = numberAt(port, 'nodePort');
      if (nodePort !== undefined) addresses.takePort(nodePort);
    }
    const health = numberAt(object.spec, 'healthCheckNodePort');
    if (health !== undefined) addresses.takePort(health);
  }
}
