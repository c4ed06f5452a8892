// Two functions: the first returns the resources by key, and the second computes the status from them. The keys are the
// ids in the graph.
//
// With webApp: { name: shop, image: shop:1, replicas: 2, environment: production }
// Gives: { url: "http://*", readyReplicas: 2, healthy: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const webApp = kubernetesComposition(
  {
    name: 'kro-webapp',
    apiVersion: 'example.com/v1alpha1',
    kind: 'KroWebApp',
    spec: type({
      name: 'string',
      image: 'string',
      replicas: 'number',
      environment: '"development" | "staging" | "production"',
    }),
    status: type({ url: 'string', readyReplicas: 'number', healthy: 'boolean' }),
  },
  (schema) => ({
    deployment: Deployment({
      name: schema.spec.name,
      image: schema.spec.image,
      replicas: schema.spec.replicas,
      ports: [3000],
    }),
    service: Service({
      name: `${schema.spec.name}-service`,
      selector: { app: schema.spec.name },
      ports: [{ port: 80, targetPort: 3000 }],
      type: schema.spec.environment === 'production' ? 'LoadBalancer' : 'ClusterIP',
    }),
  }),
  (schema, { deployment, service }) => ({
    url:
      schema.spec.environment === 'production'
        ? `http://${service.status.loadBalancer.ingress[0].ip}`
        : `http://${service.spec.clusterIP}`,
    readyReplicas: deployment.status.readyReplicas,
    healthy: deployment.status.readyReplicas === deployment.spec.replicas,
  }),
);
