/** The admission plugin `PodTopologyLabels`: copies the labels for the zone and the region from the node to the pod. */
import type { KubeObject } from '../../core/index.ts';
import type { ObjectLookup } from '../types/lookup.ts';

const TOPOLOGY_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** The labels of the topology of a node. A node that does not exist has none. */
export function topologyLabels(store: ObjectLookup, nodeName: string): Readonly<Record<string, string>> {
  const labels = store.collection('', 'nodes').get(nodeName)?.object.metadata.labels ?? {};
  return Object.fromEntries(TOPOLOGY_LABELS.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}

/** Adds labels to an object. They replace labels with the same keys. */
export function addLabels({ metadata }: KubeObject, labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
}
