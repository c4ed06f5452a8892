import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { clusterLabels, wantedInstances } from './names.ts';

/** The Services of a cluster: for writes, for reads from the replicas, and for reads from all instances. */
export function services(cluster: KubeObject): KubeObject[] {
  const { name = '' } = cluster.metadata;
  const instances = { 'cnpg.io/cluster': name, 'cnpg.io/podRole': 'instance' };
  return [
    service(cluster, `${name}-rw`, { ...instances, 'cnpg.io/instanceRole': 'primary' }),
    service(cluster, `${name}-ro`, { ...instances, 'cnpg.io/instanceRole': 'replica' }),
    service(cluster, `${name}-r`, instances),
  ];
}

function service(cluster: KubeObject, name: string, selector: JsonObject): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: clusterLabels(cluster) },
    spec: {
      type: 'ClusterIP',
      selector,
      ports: [{ name: 'postgres', port: 5432, targetPort: 5432, protocol: 'TCP' }],
    },
  };
}

/**
 * The disruption budgets of a cluster: one for the primary, and one for the replicas if the cluster has at least two
 * replicas.
 */
export function disruptionBudgets(cluster: KubeObject): KubeObject[] {
  if (cluster.spec?.['enablePDB'] === false) return [];
  const { name = '' } = cluster.metadata;
  const wanted = wantedInstances(cluster);
  const budget = (budgetName: string, role: string, minAvailable: number): KubeObject => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: budgetName, labels: clusterLabels(cluster) },
    spec: {
      minAvailable,
      selector: { matchLabels: { 'cnpg.io/cluster': name, 'cnpg.io/instanceRole': role } },
    },
  });
  return [budget(`${name}-primary`, 'primary', 1), ...(wanted > 2 ? [budget(name, 'replica', wanted - 2)] : [])];
}
