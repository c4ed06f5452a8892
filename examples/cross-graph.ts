// Two graphs: the spec of the second graph contains values from the status of the first.
//
// With infrastructure: { name: shop }
// Gives: { databaseEndpoint: "*:5432", ready: true }
// With appWithInfra: { name: shop, image: shop:1, databaseEndpoint: "${infrastructure.databaseEndpoint}" }
// Gives: { ready: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const infrastructure = kubernetesComposition(
  {
    name: 'infrastructure',
    spec: type({ name: 'string' }),
    status: type({ databaseEndpoint: 'string', ready: 'boolean' }),
  },
  ({ name }) => {
    const database = Deployment({ id: 'database', name: `${name}-database`, image: 'postgres:15' });
    const service = Service({
      id: 'databaseService',
      name: `${name}-database`,
      selector: { app: `${name}-database` },
      ports: [{ port: 5432 }],
    });
    return { databaseEndpoint: `${service.spec.clusterIP}:5432`, ready: database.status.readyReplicas > 0 };
  },
);

export const appWithInfra = kubernetesComposition(
  {
    name: 'app-with-infra',
    spec: type({ name: 'string', image: 'string', databaseEndpoint: 'string' }),
    status: type({ ready: 'boolean' }),
  },
  ({ name, image, databaseEndpoint }) => {
    const env = { DATABASE_URL: `postgresql://user:pass@${databaseEndpoint}/myapp` };
    const app = Deployment({ id: 'app', name, image, env });
    return { ready: app.status.readyReplicas > 0 };
  },
);
