// Built-in kinds with all their fields, from typekro/kubernetes.
//
// With migration: { name: shop, image: shop-migrate:1, size: 1Gi }
// Gives: { done: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { configMap, job, persistentVolumeClaim } from 'typekro/kubernetes';
import type { CoreV1 } from 'typekro/kubernetes';

export const migration = kubernetesComposition(
  {
    name: 'migration',
    kind: 'Migration',
    spec: type({ name: 'string', image: 'string', size: 'string' }),
    status: type({ done: 'boolean' }),
  },
  ({ name, image, size }) => {
    const data = persistentVolumeClaim({
      id: 'data',
      name,
      waitForReady: true,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
    });
    const settings = configMap({ id: 'settings', name, data: { volume: data.spec.volumeName } });
    const container: CoreV1.Container = {
      name: 'migrate',
      image,
      envFrom: [{ configMapRef: { name: settings.metadata.name } }],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    const run = job({
      id: 'run',
      name,
      spec: {
        backoffLimit: 2,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [container],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: data.metadata.name } }],
          },
        },
      },
    });
    return { done: run.status.succeeded > 0 };
  },
);
