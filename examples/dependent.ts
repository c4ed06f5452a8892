// Read an address from a Service, not from a Deployment: the addresses of pods change.
//
// With dependentStack: { name: shop, image: shop:1 }
// Gives: { ready: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const dependentStack = kubernetesComposition(
  {
    name: 'dependent-stack',
    apiVersion: 'example.com/v1alpha1',
    kind: 'DependentStack',
    spec: type({ name: 'string', image: 'string' }),
    status: type({ ready: 'boolean' }),
  },
  ({ name, image }) => {
    const database = Deployment({ id: 'database', name: `${name}-database`, image: 'postgres:15' });
    const address = Service({
      id: 'databaseService',
      name: `${name}-database`,
      selector: { app: database.metadata.name },
      ports: [{ port: 5432 }],
    });
    const app = Deployment({
      id: 'app',
      name,
      image,
      env: { DATABASE_HOST: address.spec.clusterIP },
      readinessProbe: { exec: { command: ['sh', '-c', 'nc -z $DATABASE_HOST 5432'] }, periodSeconds: 10 },
    });
    return { ready: app.status.readyReplicas > 0 };
  },
);
