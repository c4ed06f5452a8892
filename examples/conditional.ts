// Resources that exist only under a condition; one of them has a kind of the Prometheus operator.
//
// With conditionalStack: { name: shop, image: shop:1, environment: production, external: true, hostname: shop.example.com }
// Gives: { hasMonitoring: true, accessUrl: https://shop.example.com }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { serviceMonitor } from 'typekro/prometheus';
import { Deployment, Ingress, Service } from 'typekro/simple';

export const conditionalStack = kubernetesComposition(
  {
    name: 'conditional-stack',
    spec: type({ name: 'string', image: 'string', environment: 'string', external: 'boolean', hostname: 'string' }),
    status: type({ hasMonitoring: 'boolean', accessUrl: 'string' }),
  },
  (spec) => {
    Deployment({ id: 'app', name: spec.name, image: spec.image });
    const service = Service({
      id: 'service',
      name: `${spec.name}-service`,
      selector: { app: spec.name },
      ports: [{ name: 'http', port: 80, targetPort: 3000 }],
    });
    if (spec.environment === 'production') {
      serviceMonitor({
        id: 'serviceMonitor',
        name: `${spec.name}-monitor`,
        spec: { selector: { matchLabels: { app: spec.name } }, endpoints: [{ port: 'http', path: '/metrics' }] },
      });
    }
    if (spec.external) {
      const backend = { service: { name: service.metadata.name, port: { number: 80 } } };
      Ingress({
        id: 'ingress',
        name: `${spec.name}-ingress`,
        rules: [{ host: spec.hostname, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      });
    }
    return {
      hasMonitoring: spec.environment === 'production',
      accessUrl: spec.external ? `https://${spec.hostname}` : `http://${service.spec.clusterIP}`,
    };
  },
);
