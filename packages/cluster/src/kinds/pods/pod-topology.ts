/** The admission plugin `PodTopologyLabels`: copies the zone and region labels of the node to the pod. */
import type { KubeObject } from '@typekro/kit/core';
import type { ObjectLookup } from '../../types/lookup.ts';

const TOPOLOGY_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** The zone and region labels of a node; empty when the node does not exist. */
export function topologyLabels(store: ObjectLookup, nodeName: string): Readonly<Record<string, string>> {
  const labels = store.collection('', 'nodes').get(nodeName)?.object.metadata.labels ?? {};
  return Object.fromEntries(TOPOLOGY_LABELS.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}

/** Adds labels to an object, and overwrites existing labels with the same keys. */
export function addLabels({ metadata }: KubeObject, labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
}
