import type { KubeObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInView } from '../../../stand-in.ts';

export const GROUP = 'postgresql.cnpg.io';
export const V1 = 'postgresql.cnpg.io/v1';

/** The phase of a cluster whose instances are all ready. */
export const HEALTHY = 'Cluster in healthy state';

/** The image of a cluster whose spec names no image. */
export const DEFAULT_IMAGE = 'ghcr.io/cloudnative-pg/postgresql:18';

/** The labels that all objects of a cluster have. */
export const clusterLabels = ({ metadata }: KubeObject): Record<string, string> => ({
  'cnpg.io/cluster': metadata.name ?? '',
  'app.kubernetes.io/managed-by': 'cloudnative-pg',
});

/** The number of instances that a spec requests. */
export const wantedInstances = ({ spec }: KubeObject): number => numberAt(spec, 'instances') ?? 1;

/** The cluster that `spec.cluster` of an object names; `undefined` when it does not exist. */
export function referencedCluster(object: KubeObject, view: StandInView): KubeObject | undefined {
  const { namespace = '' } = object.metadata;
  return view.get({ apiVersion: V1, kind: 'Cluster', namespace, name: clusterName(object) });
}

/** The name of the cluster that `spec.cluster` of an object names. */
export const clusterName = ({ spec }: KubeObject): string => textAt(spec, 'cluster', 'name');

export const isHealthy = (cluster: KubeObject | undefined): boolean => textAt(cluster?.status, 'phase') === HEALTHY;
