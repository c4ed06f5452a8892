import type { KubeObject } from '@typekro/kit/core';
import type { Store } from '../store/store.ts';
import { looseType } from './builtin-resources.ts';
import type { ServedResource } from './served-resource.ts';

/** The group of the resources that a metrics server offers. */
export const METRICS_GROUP = 'metrics.k8s.io';

const VERSION = 'v1beta1';

/**
 * The resources of a metrics server: the resource usage of pods and nodes. Clients can only read them; the simulated
 * metrics server writes them.
 */
export function metricsResources(store: Store): ServedResource[] {
  const resource = (plural: string, kind: string, namespaced: boolean): ServedResource => {
    const apiVersion = `${METRICS_GROUP}/${VERSION}`;
    const own: ServedResource = {
      group: METRICS_GROUP,
      version: VERSION,
      plural,
      singular: '',
      kind,
      listKind: `${kind}List`,
      namespaced,
      shortNames: [],
      categories: [],
      verbs: new Set(['get', 'list']),
      subresources: new Map(),
      apiVersion,
      collection: store.collection(METRICS_GROUP, plural),
      node: looseType(kind),
      custom: undefined,
      settle: asStored,
      toStorage: asStored,
      fromStorage: asStored,
      convert: asStored,
      isConverted: () => false,
      inVersion: (wanted) => (wanted === apiVersion ? own : undefined),
    };
    return own;
  };
  return [resource('nodes', 'NodeMetrics', false), resource('pods', 'PodMetrics', true)];
}

const asStored = (object: KubeObject): KubeObject => object;
