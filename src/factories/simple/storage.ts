import { createResource, isText, present } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { PersistentVolumeResource, PvcResource } from './kinds.ts';

/** Arguments of `Pvc`. */
export interface PvcConfig extends CommonConfig {
  /** A quantity, e.g. `10Gi`. */
  readonly size: string;
  readonly storageClass?: string | undefined;
  /** Default ReadWriteOnce. */
  readonly accessModes?: readonly string[];
  readonly volumeMode?: string;
}

/** A PersistentVolumeClaim. */
export const Pvc = simpleFactory('PersistentVolumeClaim', (config: PvcConfig): PvcResource => {
  const { size, storageClass, accessModes = ['ReadWriteOnce'], volumeMode } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadataOf(config),
      spec: given({
        accessModes,
        resources: { requests: { storage: size } },
        storageClassName: storageClass,
        volumeMode,
      }),
    },
    idOf(config),
  ) as PvcResource;
});

/** Arguments of `PersistentVolume`. */
export interface PersistentVolumeConfig extends CommonConfig {
  readonly size: string;
  readonly storageClass?: string | undefined;
  /** Default ReadWriteOnce. */
  readonly accessModes?: readonly string[];
  /** A directory of the node; a bare text is its path. */
  readonly hostPath?: string | { readonly path: string; readonly type?: string };
  readonly nfs?: { readonly server: string; readonly path: string; readonly readOnly?: boolean };
  /** Default Retain. */
  readonly persistentVolumeReclaimPolicy?: 'Retain' | 'Delete' | 'Recycle';
}

/** A PersistentVolume. */
export const PersistentVolume = simpleFactory(
  'PersistentVolume',
  (config: PersistentVolumeConfig): PersistentVolumeResource => {
    const { size, storageClass, accessModes = ['ReadWriteOnce'], hostPath, nfs } = config;
    return createResource(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: metadataOf(config, { app: false }),
        spec: given({
          capacity: { storage: size },
          accessModes,
          persistentVolumeReclaimPolicy: config.persistentVolumeReclaimPolicy ?? 'Retain',
          storageClassName: storageClass,
          hostPath: present(hostPath, (value) => (isText(value) ? { path: value } : value)),
          nfs,
        }),
      },
      idOf(config),
    ) as PersistentVolumeResource;
  },
);
