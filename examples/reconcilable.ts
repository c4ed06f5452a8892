// A status with nested parts: phase, counters, addresses. It has no times, because the objects themselves record them.
//
// With reconcilableStack: { name: shop, image: shop:1, replicas: 2, version: "1" }
// Gives: { phase: Running, replicas: { desired: 2, ready: 2, available: 2 }, endpoint: "http://*:80" }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const reconcilableStack = kubernetesComposition(
  {
    name: 'reconcilable',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Reconcilable',
    spec: type({ name: 'string', image: 'string', replicas: 'number', version: 'string' }),
    status: type({
      phase: 'string',
      replicas: { desired: 'number', ready: 'number', available: 'number' },
      endpoint: 'string',
    }),
  },
  ({ name, image, replicas, version }) => {
    const app = Deployment({ id: 'app', name, image, replicas, env: { APP_VERSION: version } });
    const service = Service({ id: 'service', name, selector: { app: name }, ports: [{ port: 80 }] });
    const { readyReplicas, availableReplicas } = app.status;
    return {
      phase: availableReplicas >= replicas ? 'Running' : 'Progressing',
      replicas: { desired: app.spec.replicas, ready: readyReplicas, available: availableReplicas },
      endpoint: `http://${service.spec.clusterIP}:80`,
    };
  },
);
