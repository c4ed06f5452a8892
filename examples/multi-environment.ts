// One graph for several environments; `factory('direct' | 'kro', { namespace })` deploys it to one of them.
//
// With multiEnvApp: { name: shop, image: shop:1, environment: production }
// Gives: { ready: true, url: https://shop.example.com, environment: production }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const multiEnvApp = kubernetesComposition(
  {
    name: 'multi-env-app',
    apiVersion: 'apps.example.com/v1',
    kind: 'MultiEnvApp',
    spec: type({ name: 'string', image: 'string', environment: '"development" | "staging" | "production"' }),
    status: type({ ready: 'boolean', url: 'string', environment: 'string' }),
  },
  ({ name, image, environment }) => {
    const production = environment === 'production';
    const app = Deployment({
      id: 'app',
      name,
      image,
      replicas: production ? 5 : environment === 'staging' ? 3 : 1,
      ports: [8080],
      env: { NODE_ENV: environment, LOG_LEVEL: production ? 'warn' : 'debug' },
    });
    const service = Service({
      id: 'service',
      name,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }],
      type: production ? 'LoadBalancer' : 'ClusterIP',
    });
    return {
      ready: app.status.readyReplicas > 0,
      url: production ? `https://${name}.example.com` : `http://${service.spec.clusterIP}`,
      environment,
    };
  },
);
