// One resource reads the status of another: the graph waits until this status is reported.
//
// With databaseStack: { name: shop, image: shop:1, database: { name: shop, user: shop, password: secret } }
// Gives: { databaseReady: true, databaseEndpoint: "*:5432", appEndpoint: "http://*", ready: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const databaseStack = kubernetesComposition(
  {
    name: 'database-stack',
    apiVersion: 'data.example.com/v1alpha1',
    kind: 'DatabaseStack',
    spec: type({ name: 'string', image: 'string', database: { name: 'string', user: 'string', password: 'string' } }),
    status: type({ databaseReady: 'boolean', databaseEndpoint: 'string', appEndpoint: 'string', ready: 'boolean' }),
  },
  ({ name, image, database }) => {
    const db = Deployment({
      id: 'database',
      name: `${name}-db`,
      image: 'postgres:15',
      env: { POSTGRES_DB: database.name, POSTGRES_USER: database.user, POSTGRES_PASSWORD: database.password },
      ports: [5432],
    });
    const dbService = Service({
      id: 'databaseService',
      name: `${name}-db-service`,
      selector: { app: `${name}-db` },
      ports: [{ port: 5432, targetPort: 5432 }],
    });
    const app = Deployment({
      id: 'app',
      name,
      image,
      env: {
        DATABASE_URL: `postgresql://${database.user}:${database.password}@${dbService.spec.clusterIP}:5432/${database.name}`,
      },
      readinessProbe: { tcpSocket: { port: 3000 }, initialDelaySeconds: 10 },
    });
    const service = Service({
      id: 'appService',
      name: `${name}-service`,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 3000 }],
    });
    return {
      databaseReady: db.status.readyReplicas > 0,
      databaseEndpoint: `${dbService.spec.clusterIP}:5432`,
      appEndpoint: `http://${service.spec.clusterIP}`,
      ready: db.status.readyReplicas > 0 && app.status.readyReplicas > 0,
    };
  },
);
