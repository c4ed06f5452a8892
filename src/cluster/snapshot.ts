import type { KubeObject } from '../core/index.ts';
import { numberAt, objectsAt, textAt } from '../kubernetes/index.ts';
import type { Api } from './api.ts';
import { republishDefinitions } from './definitions/served.ts';
import { keyOfObject } from './controllers/controller.ts';
import type { LogLine } from './pod-logs.ts';
import { Stored } from './store/store.ts';
import { deepFreeze } from './types/copy.ts';

/** The objects of one resource in a snapshot. */
export interface SnapshotCollection {
  readonly group: string;
  readonly plural: string;
  /** In the version that is stored, ordered by namespace and name. */
  readonly items: readonly KubeObject[];
}

/** One log in a snapshot. */
export interface SnapshotLog {
  /** Which log: of a container of a pod, or of a process that the cluster shows. */
  readonly key: string;
  readonly lines: readonly LogLine[];
}

/**
 * The whole content of a cluster at one moment: objects of all kinds with their versions and uids, definitions and
 * access rules among them, and the logs of pods. Plain data that stays as it is; may be kept, and restored any number
 * of times and into other clusters.
 */
export interface ClusterSnapshot {
  /** Version of the latest write. */
  readonly resourceVersion: string;
  readonly collections: readonly SnapshotCollection[];
  readonly logs: readonly SnapshotLog[];
}

/** What the cluster holds now. */
export function takeSnapshot(api: Api): ClusterSnapshot {
  const collections: SnapshotCollection[] = [];
  for (const collection of api.store.collections()) {
    if (collection.size === 0) continue;
    const { group, plural } = collection;
    collections.push({ group, plural, items: collection.all().map(({ object }) => object) });
  }
  return { resourceVersion: String(api.store.version), collections, logs: api.logs.dump() };
}

/**
 * Puts the cluster into the state of a snapshot: objects have their old versions and uids again, the counter of
 * versions goes on, addresses and ports are taken as the Services have them. Open watches end with `410 Expired`
 * and versions from before are too old, so that clients list anew.
 */
export function restoreSnapshot(api: Api, snapshot: ClusterSnapshot): void {
  const contents = () =>
    snapshot.collections.map(({ group, plural, items }) => {
      const stored = items.map((object) => new Stored(keyOfObject(object), deepFreeze(object), versionOf(object)));
      return [api.store.collection(group, plural), stored] as const;
    });
  republishDefinitions(api, () => api.store.reset(Number(snapshot.resourceVersion), contents()));
  takeAddresses(api);
  api.logs.load(snapshot.logs);
  for (const stream of api.streams) stream.expire();
  for (const listener of api.onRestored) listener();
}

const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0);

/** Only what Services have is taken. */
function takeAddresses({ addresses, store }: Api): void {
  addresses.reset();
  for (const { object } of store.collection('', 'services').all()) {
    const address = textAt(object.spec, 'clusterIP');
    if (addresses.contains(address)) addresses.take(address);
    for (const port of objectsAt(object.spec, 'ports')) {
      const nodePort = numberAt(port, 'nodePort');
      if (nodePort !== undefined) addresses.takePort(nodePort);
    }
    const health = numberAt(object.spec, 'healthCheckNodePort');
    if (health !== undefined) addresses.takePort(health);
  }
}
