import { type ArgumentTable, createResource, isTextArgument, present, withDefault } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { PersistentVolumeResource, PvcResource } from './kinds.ts';

/** Arguments of `Pvc`. */
export interface PvcConfig extends CommonConfig {
  /** Storage that the claim requests: a quantity, e.g. `10Gi`. */
  readonly size: string;
  /** Name of the StorageClass; the cluster's default class when absent. */
  readonly storageClass?: string | undefined;
  /**
   * How nodes may mount the volume: `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`. Default
   * ReadWriteOnce.
   */
  readonly accessModes?: readonly string[] | undefined;
  /** `Filesystem` or `Block`. Default Filesystem. */
  readonly volumeMode?: string | undefined;
}

const CLAIM_ARGUMENTS: ArgumentTable<PvcConfig> = {
  ...COMMON,
  size: 'required',
  storageClass: 'optional',
  accessModes: 'optional',
  volumeMode: 'optional',
};

/** A PersistentVolumeClaim. */
export const Pvc = simpleFactory('PersistentVolumeClaim', CLAIM_ARGUMENTS, (config: PvcConfig): PvcResource => {
  const { size, storageClass, accessModes, volumeMode } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadataOf(config),
      spec: definedOnly({
        accessModes: withDefault(accessModes, ['ReadWriteOnce']),
        resources: { requests: { storage: size } },
        storageClassName: storageClass,
        volumeMode,
      }),
    },
    idOf(config),
  ) as PvcResource;
});

/** Arguments of `PersistentVolume`. */
export interface PersistentVolumeConfig extends Omit<CommonConfig, 'namespace'> {
  /** Capacity of the volume: a quantity, e.g. `10Gi`. */
  readonly size: string;
  /** Name of the StorageClass to which the volume belongs; no class when absent. */
  readonly storageClass?: string | undefined;
  /**
   * How nodes may mount the volume: `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`. Default
   * ReadWriteOnce.
   */
  readonly accessModes?: readonly string[] | undefined;
  /** A folder of the node as the volume, for tests on one node. A string is the path of the folder. */
  readonly hostPath?: string | { readonly path: string; readonly type?: string | undefined } | undefined;
  /** A folder that an NFS server exports, as the volume. */
  readonly nfs?:
    | { readonly server: string; readonly path: string; readonly readOnly?: boolean | undefined }
    | undefined;
  /** Treatment of the volume when its claim is deleted. Default Retain. */
  readonly persistentVolumeReclaimPolicy?: 'Retain' | 'Delete' | 'Recycle' | undefined;
}

const { namespace: _, ...CLUSTER_WIDE } = COMMON;

const VOLUME_ARGUMENTS: ArgumentTable<PersistentVolumeConfig> = {
  ...CLUSTER_WIDE,
  size: 'required',
  storageClass: 'optional',
  accessModes: 'optional',
  hostPath: 'optional',
  nfs: 'optional',
  persistentVolumeReclaimPolicy: 'optional',
};

/** A PersistentVolume. */
export const PersistentVolume = simpleFactory(
  'PersistentVolume',
  VOLUME_ARGUMENTS,
  (config: PersistentVolumeConfig): PersistentVolumeResource => {
    const { size, storageClass, accessModes, hostPath, nfs } = config;
    return createResource(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: metadataOf(config, { app: false }),
        spec: definedOnly({
          capacity: { storage: size },
          accessModes: withDefault(accessModes, ['ReadWriteOnce']),
          persistentVolumeReclaimPolicy: config.persistentVolumeReclaimPolicy,
          storageClassName: storageClass,
          hostPath: present(hostPath, (value) => (isTextArgument(value) ? { path: value } : value)),
          nfs,
        }),
      },
      idOf(config),
    ) as PersistentVolumeResource;
  },
);
