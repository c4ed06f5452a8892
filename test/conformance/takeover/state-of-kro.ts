import { readFileSync } from 'node:fs';
import type { Cluster, ClusterSnapshot, SnapshotCollection } from '@typekro/cluster';
import { controllerCrds } from '@typekro/controller/controller';
import { type KubeObject, parseJson } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';

/**
 * The state that the Go controller (kro, August 2026, default flags) left after the stories of `stories.ts`. The state
 * was recorded from an embedded cluster, to which the controller was connected over HTTPS. The instance `leaving` is
 * being deleted and has a finalizer of another client. The instance `asleep` is suspended. `change` edits the recorded
 * JSON before it is parsed, for example to replace a version.
 */
export function stateOfKro(change: (text: string) => string = (text) => text): ClusterSnapshot {
  return stateOf('kro', change);
}

/**
 * The state that the controller of an earlier commit of this repository left after the same stories, as
 * `scripts/record-state.ts` recorded it. As in `stateOfKro`, the instance `leaving` is being deleted, and the instance
 * `asleep` is suspended.
 */
export function stateOf(commit: string, change: (text: string) => string = (text) => text): ClusterSnapshot {
  const text = readFileSync(new URL(`../../fixtures/takeover/state-of-${commit}.json`, import.meta.url), 'utf8');
  return parseJson(change(text)) as unknown as ClusterSnapshot;
}

/** Adds a recorded state to a fresh cluster, with the CRDs of kro's own kinds. */
export async function restoreState(cluster: Cluster, state: ClusterSnapshot): Promise<void> {
  const admin = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await admin.create(crd);
  await cluster.idle();
  const fresh = cluster.snapshot();
  const key = ({ group, plural }: SnapshotCollection) => `${group}/${plural}`;
  const merged = new Map(fresh.collections.map((collection) => [key(collection), collection]));
  for (const collection of state.collections) {
    const items = [...(merged.get(key(collection))?.items ?? []), ...collection.items];
    merged.set(key(collection), { ...collection, items: items.toSorted(byName) });
  }
  const resourceVersion = String(Math.max(Number(fresh.resourceVersion), Number(state.resourceVersion)) + 1);
  cluster.restore({ ...fresh, resourceVersion, collections: [...merged.values()] });
}

/** All objects of a recorded state, by `plural.group namespace/name`. The core group has no `.group`. */
export function objectsOf(state: ClusterSnapshot): Map<string, KubeObject> {
  const found = new Map<string, KubeObject>();
  for (const { group, plural, items } of state.collections) {
    for (const object of items) {
      const { namespace = '', name = '' } = object.metadata;
      found.set(`${group === '' ? plural : `${plural}.${group}`} ${namespace}/${name}`, object);
    }
  }
  return found;
}

function byName(a: KubeObject, b: KubeObject): number {
  const text = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return text(a) < text(b) ? -1 : 1;
}
