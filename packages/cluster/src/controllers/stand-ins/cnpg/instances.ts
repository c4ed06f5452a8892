import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectAt, textAt } from '@typekro/kit/kubernetes';
import { clusterLabels, DEFAULT_IMAGE } from './names.ts';

/**
 * The name of an instance. The pod and the claim of the instance have the same name. The index of the first instance is
 * 1.
 */
export const instanceName = ({ metadata }: KubeObject, index: number): string => `${metadata.name}-${index}`;

/** The claim and the pod of an instance. */
export function instanceObjects(cluster: KubeObject, index: number): KubeObject[] {
  const name = instanceName(cluster, index);
  const role = index === 1 ? 'primary' : 'replica';
  const labels = {
    ...objectAt(cluster.spec, 'inheritedMetadata', 'labels'),
    ...clusterLabels(cluster),
    'cnpg.io/instanceName': name,
    'cnpg.io/instanceRole': role,
    role,
  };
  const metadata = { name, labels } as KubeObject['metadata'];
  return [
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claimSpec(cluster) },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels: { ...metadata.labels, 'cnpg.io/podRole': 'instance' } },
      spec: podSpec(cluster, name),
    },
  ];
}

function claimSpec({ spec }: KubeObject): JsonObject {
  const storageClass = textAt(spec, 'storage', 'storageClass');
  return {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: textAt(spec, 'storage', 'size') || '1Gi' } },
    ...(storageClass === '' ? {} : { storageClassName: storageClass }),
  };
}

function podSpec({ spec }: KubeObject, name: string): JsonObject {
  return {
    hostname: name,
    containers: [
      {
        name: 'postgres',
        image: textAt(spec, 'imageName') || DEFAULT_IMAGE,
        command: ['/controller/manager', 'instance', 'run'],
        ports: [
          { name: 'postgresql', containerPort: 5432 },
          { name: 'metrics', containerPort: 9187 },
          { name: 'status', containerPort: 8000 },
        ],
        resources: objectAt(spec, 'resources'),
        volumeMounts: [{ name: 'pgdata', mountPath: '/var/lib/postgresql/data' }],
      },
    ],
    volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: name } }],
  };
}
